#include "epalm/hub/hub_cache.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <span>

#include "epalm/base/atomic_write.h"
#include "epalm/base/error.h"
#include "epalm/base/log.h"
#include "epalm/hub/sha256.h"

namespace epalm::hub {
namespace {

namespace fs = std::filesystem;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string first_line(const fs::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  while (!line.empty() && std::isspace(static_cast<unsigned char>(line.back()))) line.pop_back();
  return line;
}

bool is_hex(const std::string& text, size_t digits) {
  return text.size() == digits && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

// One part of a path that comes from outside.
bool is_plain_part(const std::string& part) {
  return !part.empty() && part.size() <= 255 && part != "." && part != ".." &&
         std::all_of(part.begin(), part.end(),
                     [](unsigned char c) { return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-'; });
}

void make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  require(!error, "'{}' cannot be made: {}; set HF_HUB_CACHE to a folder that can be written", folder.string(),
          error.message());
}

// Held by one process at a time; the file stays.
class FileLock {
 public:
  explicit FileLock(const fs::path& path) : descriptor_(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)) {
    require(descriptor_ >= 0 && flock(descriptor_, LOCK_EX) == 0, "'{}' cannot be locked", path.string());
  }
  ~FileLock() { close(descriptor_); }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  int descriptor_;
};

std::string sha256_of(const fs::path& path) {
  Sha256 sum;
  std::ifstream file(path, std::ios::binary);
  std::vector<char> buffer(1 << 20);
  while (file.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) || file.gcount() > 0) {
    sum.add(std::as_bytes(std::span(buffer.data(), static_cast<size_t>(file.gcount()))));
  }
  return sum.hex();
}

void flush_to_disk(const fs::path& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const bool done = descriptor >= 0 && fsync(descriptor) == 0;
  if (descriptor >= 0) close(descriptor);
  require(done, "'{}' cannot be written to disk", path.string());
}

// What the server says of a file before it is loaded.
struct FileFacts {
  std::string etag;  // its blob's name: the SHA-256 of a large file, git's number of a small one
  int64_t size = 0;
};

FileFacts facts_of(const std::string& endpoint, std::string url, const std::string& model, const Http& http) {
  Answer answer;
  const auto header = [&](const char* name) {
    const auto found = answer.headers.find(name);
    return found == answer.headers.end() ? std::string() : found->second;
  };
  for (int hops = 0; hops < 5; ++hops) {
    answer = http_head(url, http);
    const std::string location = header("location");
    const bool moved = answer.status >= 300 && answer.status < 400 && header("x-linked-etag").empty();
    if (!moved || !location.starts_with('/')) break;
    url = endpoint + location;  // a redirection within the hub
  }
  require(answer.status != 401 && answer.status != 403,
          "'{}': the hub answers {}; '{}' is private or gated: ask for access and set HF_TOKEN", url, answer.status,
          model);
  require(answer.status >= 200 && answer.status < 400, "'{}': the hub answers {}", url, answer.status);
  FileFacts facts;
  facts.etag = header(header("x-linked-etag").empty() ? "etag" : "x-linked-etag");
  if (facts.etag.starts_with("W/")) facts.etag.erase(0, 2);
  std::erase(facts.etag, '"');
  const std::string size = header(header("x-linked-size").empty() ? "content-length" : "x-linked-size");
  const auto [end, error] = std::from_chars(size.data(), size.data() + size.size(), facts.size);
  require(error == std::errc() && end == size.data() + size.size() && facts.size >= 0 && is_plain_part(facts.etag),
          "'{}': the hub names neither a usable ETag nor a size ('{}', '{}'); is {} a hub?", url, facts.etag, size,
          endpoint);
  return facts;
}

DownloadWatch& program_watch() {
  static DownloadWatch watch;
  return watch;
}

}  // namespace

void set_download_watch(DownloadWatch watch) {
  program_watch() = std::move(watch);
}

HubOptions hub_options_from_environment() {
  const std::string user_cache =
      environment("XDG_CACHE_HOME").empty() ? environment("HOME") + "/.cache" : environment("XDG_CACHE_HOME");
  const fs::path home =
      environment("HF_HOME").empty() ? fs::path(user_cache) / "huggingface" : fs::path(environment("HF_HOME"));
  HubOptions options;
  options.cache = environment("HF_HUB_CACHE").empty() ? home / "hub" : fs::path(environment("HF_HUB_CACHE"));
  if (const std::string endpoint = environment("HF_ENDPOINT"); !endpoint.empty()) options.endpoint = endpoint;
  while (options.endpoint.ends_with('/')) options.endpoint.pop_back();
  options.http.token = environment("HF_TOKEN").empty() ? first_line(home / "token") : environment("HF_TOKEN");
  std::string offline = environment("HF_HUB_OFFLINE");
  std::transform(offline.begin(), offline.end(), offline.begin(), [](unsigned char c) { return std::tolower(c); });
  options.watch = program_watch();
  options.offline = offline == "1" || offline == "true" || offline == "yes" || offline == "on";
  return options;
}

bool is_model_name(const std::string& name) {
  const size_t slash = name.find('/');
  return slash != std::string::npos && is_plain_part(name.substr(0, slash)) && is_plain_part(name.substr(slash + 1));
}

ModelCache::ModelCache(const HubOptions& options, const std::string& model) : options_(options), model_(model) {
  require(is_model_name(model), "'{}' is no name of a model of the hub; expected owner/name", model);
  if (options.watch.interrupted) options_.http.interrupted = options.watch.interrupted;
  std::string folder = "models--" + model;
  folder.replace(folder.find('/'), 1, "--");
  folder_ = options.cache / folder;
}

fs::path ModelCache::snapshot_of(const std::string& commit) const {
  return folder_ / "snapshots" / commit;
}

std::optional<fs::path> ModelCache::snapshot() const {
  const std::string commit = first_line(folder_ / "refs" / "main");
  if (!is_hex(commit, 40) || !fs::is_directory(snapshot_of(commit))) return std::nullopt;
  return snapshot_of(commit);
}

fs::path ModelCache::fetch(const std::string& commit, const std::string& file) const {
  require(is_hex(commit, 40) && is_plain_part(file),
          "'{}': the hub names a commit '{}' or file '{}' that cannot be used", model_, commit, file);
  const fs::path link = snapshot_of(commit) / file;
  if (fs::exists(link)) return link;
  const std::string url = options_.endpoint + "/" + model_ + "/resolve/" + commit + "/" + file;
  const FileFacts facts = facts_of(options_.endpoint, url, model_, options_.http);
  const fs::path blob = folder_ / "blobs" / facts.etag;
  make_folder(blob.parent_path());
  make_folder(link.parent_path());
  const FileLock lock(blob.string() + ".lock");
  if (!fs::exists(blob)) {
    const fs::path incomplete = blob.string() + ".incomplete";
    log_info("loading '{}', {:.1f} MB", url, static_cast<double>(facts.size) / 1e6);
    Http http = options_.http;
    if (options_.watch.progress) {
      http.progress = [&](int64_t done, int64_t total) { options_.watch.progress(model_ + "/" + file, done, total); };
    }
    download(url, incomplete, facts.size, http);
    if (is_hex(facts.etag, 64)) {
      const std::string sum = sha256_of(incomplete);
      if (sum != facts.etag) fs::remove(incomplete);
      require(sum == facts.etag, "'{}': expected the SHA-256 {}, got {}; the bytes were dropped, try again", url,
              facts.etag, sum);
    }
    flush_to_disk(incomplete);
    std::error_code error;
    fs::rename(incomplete, blob, error);
    require(!error, "'{}' cannot be written: {}", blob.string(), error.message());
  }
  std::error_code error;
  fs::remove(link, error);  // one that points to a blob that is gone
  fs::create_symlink(fs::path("../../blobs") / facts.etag, link, error);
  require(!error, "'{}' cannot be linked: {}", link.string(), error.message());
  return link;
}

void ModelCache::set_main(const std::string& commit) const {
  make_folder(folder_ / "refs");
  write_file_atomically(folder_ / "refs" / "main", std::as_bytes(std::span(commit)));
}

}  // namespace epalm::hub
