#include "epalm/demo/demo_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "epalm/demo/gates.h"
#include "epalm/report/utf8.h"

namespace epalm::demo {
namespace {

using infer::Task;
using testing::HasSubstr;
using testing::Not;

DemoResult sample_result(const std::vector<Task>& tasks) {
  DemoResult result;
  for (const Task task : tasks) {
    TaskResult entry;
    entry.task = task;
    entry.parameters = {2'802'400, 21'632};
    entry.seconds_per_epoch = 18.04;
    if (infer::is_caption(task)) {
      entry.metrics = {{"BLEU_1", 65}, {"BLEU_4", 35.8}, {"CIDEr", 145.1}, {"ROUGE_L", 59.3}};
      entry.blank = {{"BLEU_1", 62}, {"BLEU_4", 32.9}, {"CIDEr", 23.5}, {"ROUGE_L", 53.0}};
    } else {
      entry.metrics = {{"accuracy", 72.4}, {"yes/no", 74}, {"number", 70}, {"other", 71}};
      entry.blank = {{"accuracy", 31}, {"yes/no", 46}, {"number", 40}, {"other", 18}};
      entry.most_frequent = {{"accuracy", 34}};
      entry.text_ceiling = 91.2;
    }
    result.tasks.push_back(entry);
  }
  result.gates = gates_of(result.tasks);
  return result;
}

TEST(DemoTable, SixTasksFitIntoEightyColumns) {
  DemoResult result = sample_result(
      {Task::kVqa, Task::kCaption, Task::kVideoQa, Task::kVideoCaption, Task::kAudioQa, Task::kAudioCaption});
  for (Gate& gate : result.gates) gate.measured = -100;  // the longest there can be
  for (const auto& table : {figures_table(result), gates_table(result)}) {
    std::istringstream lines(report::render_text_table(table));
    for (std::string line; std::getline(lines, line);) EXPECT_LE(report::display_width(line), 80) << line;
  }
}

TEST(DemoTable, ShowsEveryFigureBesideTheBlankOne) {
  const std::string text = report::render_text_table(figures_table(sample_result({Task::kVqa, Task::kVideoCaption})));
  EXPECT_EQ(text,
            "on unseen scenes               image  blank      video  blank\n"
            "─────────────────────────  ─────────  ─────  ─────────  ─────\n"
            "questions\n"
            "  accuracy, %                   72.4   31.0\n"
            "  yes/no, %                     74.0   46.0\n"
            "  number, %                     70.0   40.0\n"
            "  other, %                      71.0   18.0\n"
            "  most frequent answer, %       34.0\n"
            "  told in words, %              91.2\n"
            "  parameters               2,802,400\n"
            "    trained                   21,632\n"
            "    trained, %                 0.772\n"
            "  seconds per epoch             18.0\n"
            "\n"
            "captions\n"
            "  CIDEr, %                                       145.1   23.5\n"
            "  ROUGE_L, %                                      59.3   53.0\n"
            "  BLEU_4, %                                       35.8   32.9\n"
            "  BLEU_1, %                                       65.0   62.0\n"
            "  parameters                                 2,802,400\n"
            "    trained                                     21,632\n"
            "    trained, %                                   0.772\n"
            "  seconds per epoch                               18.0\n");
}

TEST(DemoTable, GatesSayWhetherTheyHold) {
  const std::string text = report::render_text_table(gates_table(sample_result({Task::kVqa})));
  EXPECT_THAT(text, HasSubstr("image   answers above the blank medium"));
  EXPECT_THAT(text, HasSubstr("41.4 points  ≥ 40 points  holds\n"));
  EXPECT_THAT(text, HasSubstr("18.8 points  ≤ 15 points  fails\n"));
}

}  // namespace
}  // namespace epalm::demo
