#include "epalm/infer/packed_cache.h"

#include <ATen/Version.h>
#include <sys/stat.h>
#include <torch/version.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <span>

#include "epalm/base/atomic_write.h"
#include "epalm/base/checksum.h"
#include "epalm/base/error.h"
#include "epalm/base/log.h"
#include "epalm/hub/sha256.h"
#include "epalm/io/mapped_tensor.h"
#include "epalm/nn/packed_weights.h"
#include "epalm/nn/product.h"

namespace epalm::infer {
namespace {

namespace fs = std::filesystem;

// Behind 64 hexadecimal digits: weights, and what the content of a source was when its files looked as the digits say.
constexpr std::string_view kPacked = ".packed", kContent = ".content", kUnfinished = ".tmp";
constexpr size_t kDigits = 64;

// Files may change twice within a tick of their clock and look the same: what is younger is read again.
constexpr int64_t kTickS = 1;
// What was begun and not written to for so long has been left by a process that is gone.
constexpr auto kLeftBehind = std::chrono::hours(1);

// Which folders this process has given up.
class GivenUp {
 public:
  bool contains(const fs::path& folder) {
    const std::lock_guard lock(mutex_);
    return folders_.contains(folder);
  }
  void add(const fs::path& folder, std::string_view why) {
    const std::lock_guard lock(mutex_);
    if (!folders_.insert(folder).second) return;
    log_warning("packed_cache '{}': {}; nothing more is kept there, and the work goes on", folder.string(), why);
  }

 private:
  std::mutex mutex_;
  std::set<fs::path> folders_;
};

GivenUp& given_up() {
  static GivenUp instance;
  return instance;
}

bool is_hex(std::string_view text, size_t digits) {
  return text.size() == digits && text.find_first_not_of("0123456789abcdef") == text.npos;
}

// How the files look from outside, and whether they have looked so for longer than a tick. Nothing where one is not
// there.
struct Looks {
  std::string text;
  bool settled = true;
};
std::optional<Looks> looks_of(const std::vector<fs::path>& files) {
  Looks looks;
  for (const fs::path& file : files) {
    struct stat s {};
    if (stat(file.c_str(), &s) != 0) return {};
    looks.text += fmt::format("{} {} {} {}.{} {}.{}\n", s.st_dev, s.st_ino, s.st_size, s.st_mtim.tv_sec,
                              s.st_mtim.tv_nsec, s.st_ctim.tv_sec, s.st_ctim.tv_nsec);
    if (std::time(nullptr) - s.st_ctim.tv_sec <= kTickS) looks.settled = false;
  }
  return looks;
}

using Stream = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

// 16 hexadecimal digits that the bytes of the files determine; nothing where one cannot be read.
std::optional<std::string> read_content(const std::vector<fs::path>& files) {
  uint64_t sum = 0;
  std::vector<std::byte> piece(1 << 20);
  for (const fs::path& file : files) {
    const Stream stream(std::fopen(file.c_str(), "rb"), std::fclose);
    if (!stream) return {};
    while (const size_t count = std::fread(piece.data(), 1, piece.size(), stream.get())) {
      sum = checksum(std::span(piece).first(count), sum);
    }
    if (std::ferror(stream.get()) != 0) return {};
  }
  return fmt::format("{:016x}", sum);
}

// "" of what is no file.
std::string first_bytes(const fs::path& file, size_t count) {
  std::error_code error;
  if (!fs::is_regular_file(file, error)) return "";
  std::string text(count, '\0');
  const Stream stream(std::fopen(file.c_str(), "rb"), std::fclose);
  text.resize(stream ? std::fread(text.data(), 1, count, stream.get()) : 0);
  return text;
}

// One folder, of which this process may have given up writing to it.
class Cache {
 public:
  Cache(const fs::path& folder, int64_t limit_bytes) : folder_(folder), limit_bytes_(limit_bytes) {
    std::error_code error;
    fs::create_directories(folder_, error);
    if (error) given_up().add(folder_, fmt::format("it cannot be made ({})", error.message()));
  }

  // As read_content() gives it, which is remembered for files that look so.
  std::optional<std::string> content_of(const std::vector<fs::path>& files, const Looks& looks) const {
    const fs::path memo = folder_ / (hub::sha256_hex(looks.text) + std::string(kContent));
    if (std::string known = first_bytes(memo, 17); is_hex(known, 16)) {
      mark_used(memo);
      return known;
    }
    const auto content = read_content(files);
    if (content && looks.settled) {
      write([&] { write_file_atomically(memo, std::as_bytes(std::span(*content))); });
    }
    return content;
  }

  std::optional<nn::Weights> find(const std::string& key, const PackedSource& source) const {
    const fs::path file = file_of(key);
    std::error_code error;
    if (!fs::exists(file, error)) return {};
    try {
      nn::Weights weights = nn::read_packed_weights(file, source.table, source.precision, key);
      mark_used(file);
      return weights;
    } catch (const Error& problem) {
      // Another process may have made room meanwhile.
      if (fs::exists(file, error)) log_warning("packed_cache: {}; it is made anew", problem.what());
      return {};
    }
  }

  void keep(const std::string& key, const nn::Weights& weights) const {
    if (given_up().contains(folder_)) return;
    if (!make_room(weights.bytes())) {
      log_warning(
          "packed_cache '{}': weights of {:.3f} GB do not fit into packed_cache_gb of {:.3f}; they are not kept",
          folder_.string(), static_cast<double>(weights.bytes()) / 1e9, static_cast<double>(limit_bytes_) / 1e9);
      return;
    }
    write([&] { nn::write_packed_weights(file_of(key), weights, key); });
    make_room(0);  // other processes may have kept something at the same time
  }

 private:
  struct Kept {
    fs::file_time_type used;
    int64_t bytes;
    fs::path path;
  };

  fs::path file_of(const std::string& key) const { return folder_ / (hub::sha256_hex(key) + std::string(kPacked)); }

  void write(const std::function<void()>& work) const {
    if (given_up().contains(folder_)) return;
    try {
      work();
    } catch (const Error& error) {
      given_up().add(folder_, error.what());
    }
  }

  static void mark_used(const fs::path& file) {
    std::error_code ignored;  // a folder of another user can be read still
    fs::last_write_time(file, fs::file_time_type::clock::now(), ignored);
  }

  // Removes what was used longest ago until so many bytes more are within the limit. Whether they are.
  bool make_room(int64_t bytes) const {
    std::vector<Kept> kept;
    int64_t total = bytes;
    std::error_code error;
    for (auto entry = fs::directory_iterator(folder_, error); !error && entry != fs::directory_iterator();
         entry.increment(error)) {
      const std::string name = entry->path().filename().string();
      const std::string_view kind = std::string_view(name).substr(std::min(name.size(), kDigits));
      if (!is_hex(name.substr(0, kDigits), kDigits)) continue;
      if (!kind.starts_with(kPacked) && !kind.starts_with(kContent)) continue;
      std::error_code no_time, no_size;  // another process may have removed it
      const auto used = entry->last_write_time(no_time);
      const Kept file{used, static_cast<int64_t>(entry->file_size(no_size)), entry->path()};
      if (no_time || no_size) continue;
      total += file.bytes;
      const bool in_the_making =
          kind.ends_with(kUnfinished) && fs::file_time_type::clock::now() - file.used < kLeftBehind;
      if (!in_the_making) kept.push_back(file);
    }
    std::sort(kept.begin(), kept.end(), [](const Kept& a, const Kept& b) { return a.used < b.used; });
    for (const Kept& file : kept) {
      const bool unfinished = file.path.extension() == kUnfinished;
      if (total <= limit_bytes_ && !unfinished) continue;
      std::error_code failed;
      fs::remove(file.path, failed);
      if (!failed) total -= file.bytes;
    }
    return total <= limit_bytes_;
  }

  fs::path folder_;
  int64_t limit_bytes_;
};

const char* name_of(nn::Precision precision) {
  constexpr std::array kNames{"fp32", "bf16", "int8", "int4"};
  return kNames.at(static_cast<size_t>(precision));
}

// Whether a copy on disk would save little: most bytes are the source's own.
bool is_source_itself(const nn::Weights& weights) {
  int64_t shared = 0;
  for (const auto& [name, tensor] : weights.items()) {
    if (weights.quantized(name) == nullptr && io::shares_file(tensor)) shared += static_cast<int64_t>(tensor.nbytes());
  }
  return 2 * shared > weights.bytes();
}

}  // namespace

nn::Weights packed_weights(const RunConfig& config, const PackedSource& source,
                           const std::function<nn::Weights()>& make) {
  if (config.packed_cache.empty()) return make();
  const Cache cache(config.packed_cache, static_cast<int64_t>(config.packed_cache_gb * 1e9));
  const auto looks = looks_of(source.files);
  const auto content = looks ? cache.content_of(source.files, *looks) : std::nullopt;
  if (!content) return make();  // which tells what is wrong
  const nlohmann::json key{
      {"content", *content},       {"model", source.model},      {"precision", name_of(source.precision)},
      {"libtorch", TORCH_VERSION}, {"built", at::show_config()}, {"products", nn::product_backend()}};
  const std::string text = key.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  if (auto found = cache.find(text, source)) return std::move(*found);
  nn::Weights weights = make();
  const auto looks_now = looks_of(source.files);
  const bool changed = !looks_now || looks_now->text != looks->text;  // since its content was read
  if (!changed && !is_source_itself(weights)) cache.keep(text, weights);
  return weights;
}

}  // namespace epalm::infer
