#include "epalm/data/annotation_report.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "tests/data/scratch.h"

namespace epalm::data {
namespace {

using testing::HasSubstr;

TEST(AnnotationReport, IsSilentWithoutProblems) {
  EXPECT_EQ(error_of([] { AnnotationReport("a.json").fail_if_any(); }), "");
}

TEST(AnnotationReport, NamesFileRecordAndField) {
  AnnotationReport report("dir/a.json");
  report.add(3, "label", "expected an object, got string");
  const std::string message = error_of([&] { report.fail_if_any(); });
  EXPECT_THAT(message, HasSubstr("dir/a.json: 1 problem"));
  EXPECT_THAT(message, HasSubstr("record 3, `label`: expected an object, got string"));
}

TEST(AnnotationReport, NeverExceedsTwentyLines) {
  for (const int problems : {19, 20, 1000}) {
    AnnotationReport report("a.json");
    for (int i = 0; i < problems; ++i) report.add(i, "f", "p");
    const std::string message = error_of([&] { report.fail_if_any(); });
    EXPECT_LE(std::count(message.begin(), message.end(), '\n') + 1, 20) << problems;
  }
  AnnotationReport report("a.json");
  for (int i = 0; i < 1000; ++i) report.add(i, "f", "p");
  EXPECT_THAT(error_of([&] { report.fail_if_any(); }), HasSubstr("and 982 more"));
}

}  // namespace
}  // namespace epalm::data
