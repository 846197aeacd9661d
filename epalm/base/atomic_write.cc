#include "epalm/base/atomic_write.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <utility>

#include "epalm/base/error.h"

namespace epalm {
namespace {

// Returns 0 or an errno.
int write_all(int descriptor, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  return 0;
}

// A new file beside `path` with the rights that the process's umask gives; fills `temporary` with its name.
int create_beside(const std::filesystem::path& path, std::string& temporary) {
  static std::atomic<uint64_t> counter{0};
  int descriptor = -1;
  do {
    temporary = fmt::format("{}.{}.{}.tmp", path.string(), getpid(), counter++);
    descriptor = open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  } while (descriptor < 0 && errno == EEXIST);
  return descriptor;
}

void sync_folder(const std::filesystem::path& folder) {
  const int descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;  // the rename holds already; only its survival of a power cut is at stake
  fsync(descriptor);
  close(descriptor);
}

}  // namespace

AtomicFile::AtomicFile(const std::filesystem::path& path) : path_(path), descriptor_(create_beside(path, temporary_)) {
  require(descriptor_ >= 0, "'{}' cannot be written: {}; check that the folder exists and is writable", path.string(),
          std::strerror(errno));
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) close(descriptor_);
  if (!temporary_.empty()) unlink(temporary_.c_str());
}

void AtomicFile::fail_with(int error) const {
  fail("'{}' cannot be written: {}", path_.string(), std::strerror(error));
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  EPALM_ASSERT(descriptor_ >= 0);
  if (const int error = write_all(descriptor_, bytes); error != 0) fail_with(error);
}

void AtomicFile::commit() {
  EPALM_ASSERT(descriptor_ >= 0);
  if (fsync(descriptor_) != 0) fail_with(errno);
  if (close(std::exchange(descriptor_, -1)) != 0) fail_with(errno);
  if (std::rename(temporary_.c_str(), path_.c_str()) != 0) fail_with(errno);
  temporary_.clear();
  sync_folder(path_.has_parent_path() ? path_.parent_path() : ".");
}

void write_file_atomically(const std::filesystem::path& path, std::span<const std::byte> bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

}  // namespace epalm
