#include "epalm/media/local_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "epalm/base/error.h"

namespace epalm::media {
namespace {

const char* kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISFIFO(mode)) return "a pipe";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

}  // namespace

LocalFile::LocalFile(const std::filesystem::path& path) : name_(path.string()) {
  require(name_.find("://") == std::string::npos, "'{}' is a URL; expected the path of a local file; download it first",
          name_);
  descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // O_NONBLOCK: a pipe must not hold us here
  require(descriptor_ >= 0, "'{}' cannot be opened: {}", name_, std::strerror(errno));
  struct stat status {};
  const bool known = ::fstat(descriptor_, &status) == 0;
  if (known && S_ISREG(status.st_mode) && status.st_size > 0) {
    size_ = status.st_size;
    return;
  }
  ::close(descriptor_);
  require(known && S_ISREG(status.st_mode), "'{}' is {}; expected a video or sound file", name_,
          kind_of(status.st_mode));
  fail("'{}' is empty; expected a video or sound file", name_);
}

LocalFile::~LocalFile() {
  ::close(descriptor_);
}

int64_t LocalFile::read_at(int64_t offset, uint8_t* bytes, int64_t count) const {
  ssize_t read = 0;
  do {
    read = ::pread(descriptor_, bytes, static_cast<size_t>(count), offset);
  } while (read < 0 && errno == EINTR);
  return read;
}

void LocalFile::start_clock(double seconds) {
  seconds_ = seconds;
  deadline_ = std::chrono::steady_clock::now() +
              std::chrono::duration_cast<std::chrono::steady_clock::duration>(std::chrono::duration<double>(seconds));
}

void LocalFile::check_clock() const {
  require(!out_of_time(), "'{}': reading took longer than {} s; use a shorter file or raise the limit on time", name_,
          seconds_);
}

}  // namespace epalm::media
