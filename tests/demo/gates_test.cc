#include "epalm/demo/gates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace epalm::demo {
namespace {

using infer::Task;
using testing::ElementsAre;

TaskResult questions(Task task, double accuracy, double blank, double most_frequent, double ceiling) {
  TaskResult result;
  result.task = task;
  result.metrics = {{"accuracy", accuracy}};
  result.blank = {{"accuracy", blank}};
  result.most_frequent = {{"accuracy", most_frequent}};
  result.text_ceiling = ceiling;
  return result;
}

TaskResult captions(Task task, double cider, double blank) {
  TaskResult result;
  result.task = task;
  result.metrics = {{"CIDEr", cider}};
  result.blank = {{"CIDEr", blank}};
  return result;
}

std::vector<bool> verdicts(const std::vector<TaskResult>& tasks) {
  std::vector<bool> passed;
  for (const Gate& gate : gates_of(tasks)) passed.push_back(gate.passed());
  return passed;
}

// The bounds of TINY_WORLD.md: a ceiling of 90; 40 points above blank, 25 above the most frequent answer, 15 below the
// ceiling, three times the CIDEr.
TEST(Gates, OfPicturesHoldJustAtTheirBounds) {
  EXPECT_THAT(verdicts({questions(Task::kVqa, 75, 35, 50, 90), captions(Task::kCaption, 90, 30)}),
              ElementsAre(true, true, true, true, true));
  EXPECT_THAT(verdicts({questions(Task::kVqa, 74.5, 35, 50, 89.5), captions(Task::kCaption, 89, 30)}),
              ElementsAre(false, false, false, true, false));
  EXPECT_THAT(verdicts({questions(Task::kVqa, 74, 30, 40, 90)}), ElementsAre(true, true, true, false));
}

// Of clips and recordings: 30 points above blank, 20 below the ceiling, 2.5 times the CIDEr.
TEST(Gates, OfClipsAndRecordingsHaveBoundsOfTheirOwn) {
  for (const auto& [qa, caption] :
       {std::pair(Task::kVideoQa, Task::kVideoCaption), std::pair(Task::kAudioQa, Task::kAudioCaption)}) {
    EXPECT_THAT(verdicts({questions(qa, 70, 40, 60, 90), captions(caption, 50, 20)}),
                ElementsAre(true, true, true, true));
    EXPECT_THAT(verdicts({questions(qa, 69, 40, 60, 90), captions(caption, 49, 20)}),
                ElementsAre(true, false, false, false));
  }
}

TEST(Gates, SpeakOnlyOfWhatWasMeasured) {
  EXPECT_TRUE(gates_of({}).empty());
  TaskResult task = questions(Task::kVqa, 70, 30, 30, 90);
  task.text_ceiling.reset();
  task.most_frequent.clear();
  EXPECT_EQ(gates_of({task}).size(), 1);
}

TEST(Gates, BlankThatScoresNothingIsBeatenByAnything) {
  EXPECT_EQ(verdicts({captions(Task::kCaption, 0, 0), captions(Task::kVideoCaption, 1, 0)}),
            (std::vector<bool>{false, true}));
}

TEST(Gates, ReadAsFigures) {
  const auto gates = gates_of({questions(Task::kVqa, 75, 35, 50, 92.25), captions(Task::kCaption, 100, 0)});
  EXPECT_EQ(measured_text(gates[1]), "40.0 points");
  EXPECT_EQ(target_text(gates[1]), "≥ 40 points");
  EXPECT_EQ(target_text(gates[3]), "≤ 15 points");
  EXPECT_EQ(measured_text(gates[4]), "∞×");
  EXPECT_EQ(target_text(gates[4]), "≥ 3×");
}

}  // namespace
}  // namespace epalm::demo
