#include "epalm/bench/child_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <vector>

#include "epalm/base/error.h"

namespace epalm::bench {
namespace {

using testing::HasSubstr;

std::string failure(const std::function<std::string()>& work) {
  try {
    in_child_process(work);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(ChildProcess, GivesTheTextOfAnyLength) {
  const std::string text(300'000, 'x');
  EXPECT_EQ(in_child_process([&] { return text; }).text, text);
}

TEST(ChildProcess, ChangesNothingHere) {
  int changed = 0;
  in_child_process([&] {
    changed = 1;
    return std::string();
  });
  EXPECT_EQ(changed, 0);
}

TEST(ChildProcess, PeakHoldsWhatTheChildTouchedAndNotWhatAnEarlierOneDid) {
  constexpr size_t kBytes = 200'000'000;
  const auto touch = [] { return std::to_string(std::vector<char>(kBytes, 'a')[kBytes / 2]); };
  const double small = in_child_process([] { return std::string(); }).peak_rss_gb;
  const double large = in_child_process(touch).peak_rss_gb;
  EXPECT_GT(small, 0);
  EXPECT_GE(large, small + 0.19);  // all but a twentieth of the bytes: pages that both have may be told apart
  EXPECT_LT(in_child_process([] { return std::string(); }).peak_rss_gb, large - 0.1);
}

TEST(ChildProcess, PeakCanLeaveOutWhatWasGivenBackBefore) {
  constexpr size_t kBytes = 200'000'000;
  const auto touch_and_forget = [] {
    void* bytes = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    std::memset(bytes, 1, kBytes);
    munmap(bytes, kBytes);
    forget_peak_rss();
    return std::string();
  };
  const double small = in_child_process([] { return std::string(); }).peak_rss_gb;
  EXPECT_LT(in_child_process(touch_and_forget).peak_rss_gb, small + 0.1);
}

TEST(ChildProcess, ErrorsComeOverWithTheirWords) {
  EXPECT_EQ(failure([]() -> std::string { throw Error("no such clip"); }), "no such clip");
}

TEST(ChildProcess, DeathBySignalIsNamed) {
  const std::string words = failure([]() -> std::string {
    std::raise(SIGKILL);
    return "";
  });
  EXPECT_THAT(words, HasSubstr("signal 9"));
  EXPECT_THAT(words, HasSubstr("memory"));
}

TEST(ChildProcess, EndWithoutAnswerIsAnError) {
  EXPECT_THAT(failure([]() -> std::string { _exit(0); }), HasSubstr("without an answer"));
}

TEST(ChildProcess, InterruptionEndsTheChild) {
  const auto forever = []() -> std::string {
    for (;;) pause();
  };
  EXPECT_THROW(in_child_process(forever, [] { return true; }), Interrupted);
}

TEST(ChildProcess, ChildrenMayHaveChildren) {
  EXPECT_EQ(in_child_process([] { return in_child_process([] { return std::string("inner"); }).text + " outer"; }).text,
            "inner outer");
}

TEST(RunProgram, GivesTheExitCode) {
  EXPECT_EQ(run_program({"true"}), 0);
  EXPECT_EQ(run_program({"sh", "-c", "exit 3"}), 3);
  EXPECT_EQ(run_program({"sh", "-c", "kill -9 $$"}), 128 + 9);
}

TEST(RunProgram, GivesNoneWhereThereIsNoSuchProgram) {
  EXPECT_EQ(run_program({"epalm-no-such-program"}), std::nullopt);
}

}  // namespace
}  // namespace epalm::bench
