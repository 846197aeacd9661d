#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>

#include "epalm/base/error.h"
#include "epalm/metrics/java_scores.h"

namespace epalm::metrics {
namespace {

constexpr int kPoll_ms = 100;
constexpr size_t kMostOutput = size_t{256} << 20;

class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return number_; }
  bool is_open() const { return number_ >= 0; }
  void set(int number) { number_ = number; }
  void close() {
    if (number_ >= 0) ::close(number_);
    number_ = -1;
  }

 private:
  int number_;
};

// Ours and the child's end. Sockets, because writing to a pipe that nobody reads would end this process.
void connect(Descriptor& ours, Descriptor& theirs) {
  std::array<int, 2> ends{};
  require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0, "cannot connect to a program: {}",
          std::strerror(errno));
  ours.set(ends[0]);
  theirs.set(ends[1]);
}

// Reads what is there; closes at the end, or where it is too much.
void read_some(Descriptor& from, std::string& text) {
  std::array<char, 65536> buffer;
  const ssize_t count = read(from.get(), buffer.data(), buffer.size());
  if (count < 0 && errno == EINTR) return;
  if (count > 0) text.append(buffer.data(), static_cast<size_t>(count));
  if (count <= 0 || text.size() > kMostOutput) from.close();
}

void write_some(Descriptor& to, std::string_view& rest) {
  const ssize_t count = send(to.get(), rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (count > 0) rest.remove_prefix(static_cast<size_t>(count));
  const bool broken = count < 0 && errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK;
  if (rest.empty() || broken) to.close();
}

}  // namespace

ProgramResult run_with_input(const std::vector<std::string>& arguments, const std::filesystem::path& folder,
                             const std::string& input, double limit_s, const std::function<bool()>& interrupted) {
  EPALM_ASSERT(!arguments.empty());
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  Descriptor in, out, err, child_in, child_out, child_err;
  connect(in, child_in);
  connect(out, child_out);
  connect(err, child_err);
  std::vector<char*> words;
  for (const std::string& argument : arguments) words.push_back(const_cast<char*>(argument.c_str()));
  words.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, child_in.get(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, child_out.get(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, child_err.get(), STDERR_FILENO);
  posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
  pid_t child = -1;
  const int error = posix_spawnp(&child, words[0], &actions, nullptr, words.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ProgramResult result;
  if (error == ENOENT) return result;
  require(error == 0, "cannot start {}: {}", arguments[0], std::strerror(error));
  child_in.close();
  child_out.close();
  child_err.close();

  const auto ended = [&](int options) {
    int status = 0;
    pid_t waited = 0;
    do {
      waited = waitpid(child, &status, options);
    } while (waited < 0 && errno == EINTR);
    if (waited == child) result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return waited == child;
  };
  std::string_view rest = input;
  if (rest.empty()) in.close();
  bool stopped = false;
  while (out.is_open() || err.is_open() || !ended(WNOHANG)) {
    stopped = interrupted && interrupted();
    result.timed_out = std::chrono::duration<double>(Clock::now() - start).count() > limit_s;
    if (stopped || result.timed_out) {
      kill(child, SIGKILL);
      ended(0);
      break;
    }
    std::array<pollfd, 3> ready{pollfd{in.get(), POLLOUT, 0}, {out.get(), POLLIN, 0}, {err.get(), POLLIN, 0}};
    if (poll(ready.data(), ready.size(), kPoll_ms) <= 0) continue;  // closed ones, of -1, are ignored
    if (ready[0].revents != 0) write_some(in, rest);
    if (ready[1].revents != 0) read_some(out, result.output);
    if (ready[2].revents != 0) read_some(err, result.errors);
  }
  if (stopped) throw Interrupted(fmt::format("interrupted while {} ran", arguments[0]));
  return result;
}

}  // namespace epalm::metrics
