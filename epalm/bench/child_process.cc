#include "epalm/bench/child_process.h"

#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <fstream>
#include <nlohmann/json.hpp>

#include "epalm/base/error.h"

namespace epalm::bench {
namespace {

constexpr int kPoll_ms = 100;

double peak_rss_gb() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stod(line.substr(6)) * 1024 / 1e9;
  }
  return 0;
}

void write_all(int descriptor, const std::string& text) {
  for (size_t done = 0; done < text.size();) {
    const ssize_t written = write(descriptor, text.data() + done, text.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;  // nobody reads any more
    done += static_cast<size_t>(written);
  }
}

[[noreturn]] void run_child(const std::function<std::string()>& work, int answer, pid_t parent) {
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);  // it ended before it could be watched
  nlohmann::json document;
  try {
    document["text"] = work();
  } catch (const std::exception& error) {
    document["error"] = error.what();
  }
  document["peak_rss_gb"] = peak_rss_gb();
  write_all(answer, document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  _exit(0);  // what the parent has not yet written is the parent's to write
}

int wait_for(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

// Until the child closes it.
std::string read_all(int descriptor, pid_t child, const std::function<bool()>& interrupted) {
  std::string text;
  std::array<char, 4096> buffer;
  for (;;) {
    if (interrupted && interrupted()) {
      kill(child, SIGKILL);
      wait_for(child);
      close(descriptor);
      throw Interrupted("interrupted while measuring");
    }
    pollfd ready{descriptor, POLLIN, 0};
    if (poll(&ready, 1, kPoll_ms) <= 0) continue;
    const ssize_t count = read(descriptor, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return text;
    text.append(buffer.data(), static_cast<size_t>(count));
  }
}

}  // namespace

ChildResult in_child_process(const std::function<std::string()>& work, const std::function<bool()>& interrupted) {
  std::array<int, 2> ends{};
  require(pipe2(ends.data(), O_CLOEXEC) == 0, "cannot open a pipe: {}", std::strerror(errno));
  std::fflush(nullptr);
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    run_child(work, ends[1], parent);
  }
  close(ends[1]);
  if (child < 0) {
    close(ends[0]);
    fail("cannot start a process: {}", std::strerror(errno));
  }
  const std::string answer = read_all(ends[0], child, interrupted);
  close(ends[0]);
  const int status = wait_for(child);
  require(!WIFSIGNALED(status), "the measuring process was ended by signal {} ({}){}", WTERMSIG(status),
          strsignal(WTERMSIG(status)), WTERMSIG(status) == SIGKILL ? "; not enough memory?" : "");
  const auto document = nlohmann::json::parse(answer, nullptr, false);
  require(document.is_object(), "the measuring process ended without an answer");
  if (document.contains("error")) throw Error(document["error"].get<std::string>());
  return {document["text"], document["peak_rss_gb"]};
}

void forget_peak_rss() {
  malloc_trim(0);                                 // what was freed does not count
  std::ofstream("/proc/self/clear_refs") << "5";  // where the system forbids it, the peak is that of the whole process
}

std::optional<int> run_program(const std::vector<std::string>& arguments) {
  EPALM_ASSERT(!arguments.empty());
  std::vector<char*> words;
  for (const std::string& argument : arguments) words.push_back(const_cast<char*>(argument.c_str()));
  words.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  for (const int stream : {STDOUT_FILENO, STDERR_FILENO}) {
    posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", O_WRONLY, 0);
  }
  pid_t child = -1;
  const int error = posix_spawnp(&child, words[0], &actions, nullptr, words.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error == ENOENT) return std::nullopt;
  require(error == 0, "cannot start {}: {}", arguments[0], std::strerror(error));
  const int status = wait_for(child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace epalm::bench
