// A run that is killed at any moment and resumed ends with the same bytes as one that was not.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "epalm/base/python_random.h"
#include "tests/train/tiny_run.h"

namespace epalm::train {
namespace {

// Starts `epalm train run.yaml --output-dir OUT --resume`; its output is dropped.
pid_t start(const std::filesystem::path& folder, const std::string& out) {
  const std::string config = (folder / "run.yaml").string();
  const std::string output = (folder / out).string();
  const char* arguments[] = {
      EPALM_PROGRAM, "train", config.c_str(), "--output-dir", output.c_str(), "--resume", "--save-best",
      "--threads",   "1",     nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (const int stream : {1, 2}) posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", O_WRONLY, 0);
  pid_t child = -1;
  EXPECT_EQ(posix_spawn(&child, EPALM_PROGRAM, &actions, nullptr, const_cast<char**>(arguments), environ), 0);
  posix_spawn_file_actions_destroy(&actions);
  return child;
}

int wait_for(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

TEST(Killed, RunsEndWithTheSameBytesAfterTenKills) {
  const TemporaryFolder folder("killed");
  make_tiny_run(folder.path());
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_EQ(wait_for(start(folder.path(), "whole")), 0);
  const double whole_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();

  PythonRandom random(11);
  int killed = 0;
  for (int kill_number = 0; kill_number < 10; ++kill_number) {
    const pid_t child = start(folder.path(), "killed");
    std::this_thread::sleep_for(std::chrono::duration<double>(random.uniform(0.2, 0.8) * whole_s));
    kill(child, SIGKILL);
    killed += WIFSIGNALED(wait_for(child)) ? 1 : 0;
  }
  EXPECT_GE(killed, 1) << "every run was over before its kill";
  ASSERT_EQ(wait_for(start(folder.path(), "killed")), 0);

  for (const char* name : {"checkpoint_last.pth", "checkpoint_best.pth"}) {
    const auto whole = io::open_tensor_file(folder.path() / "whole" / name);
    const auto resumed = io::open_tensor_file(folder.path() / "killed" / name);
    for (const auto& tensor : whole->names())
      EXPECT_TRUE(at::equal(whole->read(tensor), resumed->read(tensor))) << name << " " << tensor;
  }
}

}  // namespace
}  // namespace epalm::train
