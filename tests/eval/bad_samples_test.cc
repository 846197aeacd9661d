#include "epalm/eval/bad_samples.h"

#include <gmock/gmock.h>

#include "epalm/base/error.h"
#include "epalm/base/log.h"

namespace epalm::eval {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

// Samples of which neighbours share a file.
data::SampleList samples(int count) {
  std::vector<data::Sample> list(static_cast<size_t>(count));
  for (size_t i = 0; i < list.size(); ++i) list[i].media = "clip" + std::to_string(i / 2) + ".mp4";
  return data::SampleList(std::move(list));
}

class Log {
 public:
  Log() {
    set_log_sink([this](LogLevel, std::string_view line) { lines_.emplace_back(line); });
  }
  ~Log() { set_log_sink({}); }
  const std::vector<std::string>& lines() const { return lines_; }

 private:
  std::vector<std::string> lines_;
};

TEST(BadSamples, AreCountedOnceAndTheirFilesReportedOnce) {
  const auto all = samples(100);
  const Log log;
  BadSamples bad(all, true, "left out");
  for (const int64_t index : {6, 7, 6, 40}) bad.add(index, "'clip" + std::to_string(index / 2) + ".mp4' is broken");
  EXPECT_EQ(bad.count(), 3);
  EXPECT_THAT(log.lines(), ElementsAre("'clip3.mp4' is broken; left out", "'clip20.mp4' is broken; left out"));
}

TEST(BadSamples, EndTheRunAboveFivePercent) {
  const auto all = samples(100);
  BadSamples bad(all, true, "left out");
  for (int64_t i = 0; i < 5; ++i) bad.add(i, "a problem");
  try {
    bad.add(5, "'clip2.mp4' is broken");
    FAIL() << "six of a hundred";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("6 of 100 samples"), HasSubstr("5 %"), HasSubstr("clip2.mp4")));
  }
}

TEST(BadSamples, EndTheRunAtOnceWhereNoneIsTolerated) {
  const auto all = samples(100);
  BadSamples bad(all, false, "left out");
  try {
    bad.add(0, "'clip0.mp4' is broken");
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("'clip0.mp4' is broken"), HasSubstr("on_bad_sample: replace")));
  }
}

}  // namespace
}  // namespace epalm::eval
