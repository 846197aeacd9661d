#include "epalm/eval/feature_store.h"

#include <fcntl.h>
#include <lmdb.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <map>
#include <mutex>
#include <vector>

#include "epalm/base/checksum.h"
#include "epalm/base/error.h"
#include "epalm/base/log.h"
#include "epalm/eval/lmdb_check.h"

namespace epalm::eval {
namespace {

using std::filesystem::path;

// The record by which a store is known, and the format of the others.
constexpr std::string_view kMark = "epalm features", kFormat = "1";

constexpr const char *kData = "data.mdb", *kLock = "lock.mdb", *kSetAside = "data.mdb.damaged";

constexpr std::array kPrecisionNames{"fp32", "bf16", "fp16"};
constexpr std::array kTypes{at::kFloat, at::kBFloat16, at::kHalf};

// What stands before the numbers of a value, in the byte order of the machine, as LMDB's own pages do.
struct Header {
  uint64_t sum;  // checksum of the key, of what follows here and of the numbers
  uint32_t precision;
  uint32_t rows;     // K
  uint32_t columns;  // Dv
  uint32_t unused;
};
static_assert(sizeof(Header) == 24, "without gaps, whose bytes would be random");

uint64_t sum_of(std::string_view key, const Header& header, std::span<const std::byte> numbers) {
  const uint64_t begun = checksum(std::as_bytes(std::span(key)));
  return checksum(numbers, checksum(std::as_bytes(std::span(&header, 1)).subspan(sizeof header.sum), begun));
}

std::vector<std::byte> record_of(std::string_view key, const at::Tensor& features, FeaturePrecision precision) {
  EPALM_ASSERT(features.dim() == 2);
  const at::Tensor numbers = features.to(kTypes.at(static_cast<size_t>(precision))).contiguous();
  const std::span bytes(static_cast<const std::byte*>(numbers.data_ptr()), numbers.nbytes());
  Header header{0, static_cast<uint32_t>(precision), static_cast<uint32_t>(numbers.size(0)),
                static_cast<uint32_t>(numbers.size(1)), 0};
  header.sum = sum_of(key, header, bytes);
  std::vector<std::byte> record(sizeof header + bytes.size());
  std::memcpy(record.data(), &header, sizeof header);
  std::memcpy(record.data() + sizeof header, bytes.data(), bytes.size());
  return record;
}

// Nothing where the record is not what record_of() made for the key.
std::optional<at::Tensor> features_of(std::string_view key, std::span<const std::byte> record) {
  Header header{};
  if (record.size() < sizeof header) return {};
  std::memcpy(&header, record.data(), sizeof header);
  const auto numbers = record.subspan(sizeof header);
  if (header.precision >= kTypes.size()) return {};
  const auto type = kTypes.at(header.precision);
  const uint64_t count = uint64_t{header.rows} * header.columns;
  // Before the checksum: a damaged length may reach beyond the file, where nothing can be read.
  if (count > numbers.size() || count * at::elementSize(type) != numbers.size()) return {};
  if (sum_of(key, header, numbers) != header.sum) return {};
  at::Tensor features = at::empty({header.rows, header.columns}, type);
  std::memcpy(features.data_ptr(), numbers.data(), numbers.size());
  return features.to(at::kFloat);
}

MDB_val value_of(std::string_view text) {
  return {text.size(), const_cast<char*>(text.data())};  // LMDB does not write to keys
}

std::span<const std::byte> bytes_of(const MDB_val& value) {
  return {static_cast<const std::byte*>(value.mv_data), value.mv_size};
}

// LMDB asks for a multiple of the system's pages, whose greatest size is this.
size_t whole_pages(int64_t bytes) {
  constexpr int64_t kPage = 1 << 16;
  return static_cast<size_t>(bytes / kPage * kPage);
}

bool is_disk_full(int code) {
  return code == ENOSPC || code == EDQUOT || code == EFBIG;
}

// A transaction that ends without effect unless it is committed.
class Transaction {
 public:
  // code() is not 0 where it could not begin; what is asked of it then gives the same code.
  Transaction(MDB_env* environment, unsigned flags) {
    code_ = mdb_txn_begin(environment, nullptr, flags, &handle_);
    if (code_ == MDB_MAP_RESIZED) {  // by another process with a higher limit
      code_ = mdb_env_set_mapsize(environment, 0);
      if (code_ == 0) code_ = mdb_txn_begin(environment, nullptr, flags, &handle_);
    }
    if (code_ != 0) handle_ = nullptr;
    if (code_ == 0) code_ = mdb_dbi_open(handle_, nullptr, 0, &table_);
  }
  ~Transaction() {
    if (handle_ != nullptr) mdb_txn_abort(handle_);
  }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  int code() const { return code_; }
  uint64_t id() const { return mdb_txn_id(handle_); }  // where code() is 0

  int get(std::string_view key, MDB_val& value) {
    MDB_val wanted = value_of(key);
    return code_ != 0 ? code_ : mdb_get(handle_, table_, &wanted, &value);
  }
  int put(std::string_view key, std::span<const std::byte> bytes) {
    MDB_val name = value_of(key), value{bytes.size(), const_cast<std::byte*>(bytes.data())};
    return code_ != 0 ? code_ : mdb_put(handle_, table_, &name, &value, 0);
  }
  int commit() {
    if (code_ != 0) return code_;
    MDB_txn* ended = handle_;
    handle_ = nullptr;  // whatever comes of it
    return mdb_txn_commit(ended);
  }
  int64_t entries() {
    MDB_stat facts{};
    if (code_ != 0 || mdb_stat(handle_, table_, &facts) != 0) return 0;
    return static_cast<int64_t>(facts.ms_entries);
  }

 private:
  MDB_txn* handle_ = nullptr;
  MDB_dbi table_ = 0;
  int code_ = 0;
};

// Held while a store is opened: one process looks whether it is whole, and perhaps sets it aside, at a time.
class FolderLock {
 public:
  explicit FolderLock(const path& folder) : descriptor_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    int locked = descriptor_ < 0 ? -1 : ::flock(descriptor_, LOCK_EX);
    while (locked != 0 && descriptor_ >= 0 && errno == EINTR) locked = ::flock(descriptor_, LOCK_EX);
    if (locked == 0) return;
    const int error = errno;
    if (descriptor_ >= 0) ::close(descriptor_);
    fail("feature_cache '{}' cannot be locked: {}; name a folder on a local disk", folder.string(),
         std::strerror(error));
  }
  ~FolderLock() { ::close(descriptor_); }
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int descriptor_;
};

bool has_mark(const path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::string block, last;
  do {
    block.resize(1 << 20);
    stream.read(block.data(), static_cast<std::streamsize>(block.size()));
    block.resize(static_cast<size_t>(stream.gcount()));
    if ((last + block).find(kMark) != std::string::npos) return true;
    last = block.substr(block.size() - std::min(block.size(), kMark.size()));
  } while (stream);
  return false;
}

}  // namespace

FeaturePrecision feature_precision_named(std::string_view name) {
  for (size_t i = 0; i < kPrecisionNames.size(); ++i) {
    if (name == kPrecisionNames.at(i)) return static_cast<FeaturePrecision>(i);
  }
  fail("feature_cache_precision: expected 'fp32', 'bf16' or 'fp16', got '{}'", name);
}

at::Tensor rounded(const at::Tensor& features, FeaturePrecision precision) {
  return features.to(kTypes.at(static_cast<size_t>(precision))).to(at::kFloat);
}

// LMDB's environment behind one lock: its size may only change while the process has no transaction, and copying the
// few kilobytes of a value is short beside hashing the medium that it belongs to.
class FeatureStore::Environment {
 public:
  Environment(const path& folder, int64_t limit_bytes) : folder_(folder) {
    check_folder();
    const FolderLock lock(folder_);
    try {
      std::string damage = open(limit_bytes);
      if (damage.empty()) return;
      set_aside(damage);
      damage = open(limit_bytes);
      if (!damage.empty()) is_no_store(damage);
    } catch (...) {
      close();
      throw;
    }
  }
  ~Environment() { close(); }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  void set_limit(int64_t bytes) {
    const std::lock_guard lock(mutex_);
    if (handle_ != nullptr) mdb_env_set_mapsize(handle_, whole_pages(bytes));
  }

  std::optional<at::Tensor> find(const std::string& key, std::atomic<int64_t>& damaged) {
    const std::lock_guard lock(mutex_);
    if (handle_ == nullptr || unreadable_) return {};
    Transaction transaction(handle_, MDB_RDONLY);
    MDB_val value{};
    const int code = transaction.get(key, value);
    if (code == MDB_NOTFOUND || code == MDB_READERS_FULL) return {};
    if (code != 0) {
      unreadable_ = true;
      stop(code);
      return {};
    }
    auto features = features_of(key, bytes_of(value));
    if (!features) ++damaged;
    return features;
  }

  void keep(std::span<const std::pair<std::string, at::Tensor>> features, FeaturePrecision precision) {
    const std::lock_guard lock(mutex_);
    if (handle_ == nullptr || !stopped_.empty() || features.empty()) return;
    Transaction transaction(handle_, 0);
    int code = 0;
    for (const auto& [key, numbers] : features) {
      code = transaction.put(key, record_of(key, numbers, precision));
      if (code != 0) break;
    }
    if (code == 0) code = transaction.commit();
    if (code != 0) stop(code);
  }

  std::string stopped() const {
    const std::lock_guard lock(mutex_);
    return stopped_;
  }

  int64_t entries() const {
    const std::lock_guard lock(mutex_);
    if (handle_ == nullptr) return 0;
    return std::max<int64_t>(0, Transaction(handle_, MDB_RDONLY).entries() - 1);  // without the mark
  }

  int64_t bytes_on_disk() const {
    std::error_code error;
    const auto size = std::filesystem::file_size(folder_ / kData, error);
    return error ? 0 : static_cast<int64_t>(size);
  }

 private:
  // What is wrong with the file, which is then not open; "" if nothing. Without damage handle_ is null where the disk
  // is full. What LMDB itself would not survive is looked for before it follows a single page.
  std::string open(int64_t limit_bytes) {
    const path file = folder_ / kData;
    if (std::string damage = lmdb_start_damage(file); !damage.empty()) return damage;
    const int made = mdb_env_create(&handle_);
    if (made != 0) cannot_be_used(made);
    mdb_env_set_mapsize(handle_, whole_pages(limit_bytes));
    // The reading transactions belong to this object, not to threads. A machine that fails loses what was kept last,
    // never more.
    if (const int code = mdb_env_open(handle_, folder_.c_str(), MDB_NOTLS | MDB_NOMETASYNC, 0664); code != 0) {
      close();
      if (!is_disk_full(code)) cannot_be_used(code);
      stop(code);
      return "";
    }
    if (std::string damage = tree_damage(); !damage.empty()) {
      close();
      return damage;
    }
    int dead_readers = 0;
    mdb_reader_check(handle_, &dead_readers);  // those of killed processes keep old pages alive
    std::string damage = mark_damage();
    if (!damage.empty()) close();
    return damage;
  }

  std::string tree_damage() const {
    const Transaction still(handle_, 0);  // nobody else writes meanwhile
    if (still.code() != 0) cannot_be_used(still.code());
    return lmdb_tree_damage(folder_ / kData, still.id() - 1);
  }

  void close() {
    if (handle_ != nullptr) mdb_env_close(handle_);
    handle_ = nullptr;
  }

  // Processes that have it open go on with the old files; both go, so that nobody has one of the old and one of the
  // new.
  void set_aside(std::string_view damage) const {
    if (!has_mark(folder_ / kData)) is_no_store(damage);
    std::error_code error;
    std::filesystem::rename(folder_ / kData, folder_ / kSetAside, error);
    if (!error) std::filesystem::remove(folder_ / kLock, error);
    require(!error, "feature_cache '{}': its {} is damaged ({}) and cannot be set aside: {}; delete the folder",
            folder_.string(), kData, damage, error.message());
    log_warning("feature_cache '{}': its {} is damaged ({}); it is set aside as {}, and what it held is computed again",
                folder_.string(), kData, damage, kSetAside);
  }

  [[noreturn]] void is_no_store(std::string_view why) const {
    fail(
        "feature_cache '{}': its {} is damaged or of another program ({}); name another folder, or delete this one if "
        "it was made for features, which are then computed again",
        folder_.string(), kData, why);
  }

  [[noreturn]] void cannot_be_used(int code) const {
    if (code == MDB_INVALID || code == MDB_VERSION_MISMATCH || code == MDB_CORRUPTED || code == MDB_PAGE_NOTFOUND) {
      is_no_store(mdb_strerror(code));
    }
    fail("feature_cache '{}' cannot be opened: {}; name a folder on a local disk that can be written", folder_.string(),
         mdb_strerror(code));
  }

  void check_folder() const {
    std::error_code error;
    std::filesystem::create_directories(folder_, error);
    require(!error && std::filesystem::is_directory(folder_),
            "feature_cache '{}' cannot be made: {}; name a folder that can be written", folder_.string(),
            error ? error.message() : "it is a file");
    if (std::filesystem::exists(folder_ / kData)) return;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      require(entry.path().filename() == kLock || entry.path().filename() == kSetAside,
              "feature_cache '{}' is no cache of features: it holds '{}'; name an empty or a new folder",
              folder_.string(), entry.path().filename().string());
    }
  }

  std::string mark_damage() {
    MDB_val mark{};
    {
      Transaction reading(handle_, MDB_RDONLY);
      const int code = reading.get(kMark, mark);
      if (code == 0) return format_damage(mark);
      if (code != MDB_NOTFOUND) cannot_be_used(code);
      if (reading.entries() > 0) is_no_store("it has records, but not the one that stores of features begin with");
    }
    Transaction writing(handle_, 0);
    int code = writing.get(kMark, mark);  // perhaps another process was faster
    if (code == 0) return format_damage(mark);
    if (code == MDB_NOTFOUND) code = writing.put(kMark, std::as_bytes(std::span(kFormat)));
    if (code == 0) code = writing.commit();
    if (code == MDB_MAP_FULL || is_disk_full(code)) {
      stop(code);
    } else if (code != 0) {
      cannot_be_used(code);
    }
    return "";
  }

  // Another format is refused, and what is none is damage: formats are numbers.
  std::string format_damage(const MDB_val& mark) const {
    const std::string_view found(static_cast<const char*>(mark.mv_data), mark.mv_size);
    if (found.empty() || found.find_first_not_of("0123456789") != std::string_view::npos) return "it names no format";
    require(found == kFormat,
            "feature_cache '{}' has format '{}', this program has '{}'; delete the folder, what it held is computed "
            "again, or name another one",
            folder_.string(), found.substr(0, 20), kFormat);
    return "";
  }

  void stop(int code) {
    if (!stopped_.empty()) return;
    stopped_ = code == MDB_MAP_FULL ? "it is full; raise feature_cache_gb"
               : unreadable_
                   ? fmt::format("it is damaged ({}); delete it, what it held is computed again", mdb_strerror(code))
                   : fmt::format("it cannot be written ({})", mdb_strerror(code));
    log_warning("feature_cache '{}': {}; nothing more is kept there, and the work goes on", folder_.string(), stopped_);
  }

  path folder_;
  mutable std::mutex mutex_;
  MDB_env* handle_ = nullptr;  // null: the disk was full when it was to be made
  bool unreadable_ = false;
  std::string stopped_;
};

namespace {

// Guards the table in FeatureStore's constructor and the closing of environments: none is opened beside one that is
// just closing.
std::mutex& registry_mutex() {
  static std::mutex mutex;
  return mutex;
}

}  // namespace

FeatureStore::FeatureStore(const path& folder, int64_t limit_bytes) {
  static std::map<std::string, std::weak_ptr<Environment>> open;
  const std::lock_guard lock(registry_mutex());
  const std::string name = std::filesystem::weakly_canonical(folder).string();
  environment_ = open[name].lock();
  if (environment_) {
    environment_->set_limit(limit_bytes);
  } else {
    environment_ = std::make_shared<Environment>(folder, limit_bytes);
    open[name] = environment_;
  }
}

FeatureStore::~FeatureStore() {
  const std::lock_guard lock(registry_mutex());
  environment_.reset();
}

std::optional<at::Tensor> FeatureStore::find(const std::string& key) {
  return environment_->find(key, damaged_);
}

void FeatureStore::keep(std::span<const std::pair<std::string, at::Tensor>> features, FeaturePrecision precision) {
  environment_->keep(features, precision);
}

std::string FeatureStore::stopped() const {
  return environment_->stopped();
}

int64_t FeatureStore::entries() const {
  return environment_->entries();
}

int64_t FeatureStore::bytes_on_disk() const {
  return environment_->bytes_on_disk();
}

}  // namespace epalm::eval
