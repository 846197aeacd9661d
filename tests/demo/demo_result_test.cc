#include "epalm/demo/demo_result.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "epalm/base/error.h"

namespace epalm::demo {
namespace {

using infer::Task;
using nlohmann::json;

TaskResult sample_task() {
  TaskResult task;
  task.task = Task::kAudioQa;
  task.parameters = {1000, 7};
  task.seconds_per_epoch = 1.5;
  task.metrics = {{"accuracy", 50}, {"yes/no", 60}};
  task.blank = {{"accuracy", 20}};
  task.most_frequent = {{"accuracy", 25}};
  task.text_ceiling = 90;
  task.epoch_loss = {2, std::nan("")};
  task.epoch_valid = {30, 40};
  task.predictions = {{"a.flac", "001", "what", "beep", {"beep", "click"}, 0.9}};
  task.checkpoint = "runs/checkpoint_best.pth";
  return task;
}

// The document of issue 4, for which machines read `epalm demo --json`.
TEST(DemoResult, DocumentHasTheNamesThatMachinesRead) {
  DemoResult result;
  result.tasks = {sample_task()};
  result.gates = {{"audio", "a claim", 30, 30, true, "points"}, {"audio", "another", 30, 20, false, "points"}};
  const json document = to_json(result);
  const json& task = document["tasks"][0];
  EXPECT_EQ(task["modality"], "audio");
  EXPECT_EQ(task["task"], "qa");
  EXPECT_EQ(task["parameters_total"], 1000);
  EXPECT_EQ(task["parameters_trained"], 7);
  EXPECT_DOUBLE_EQ(task["trained_percent"].get<double>(), 0.7);
  EXPECT_EQ(task["seconds_per_epoch"], 1.5);
  EXPECT_EQ(task["metrics"], (json{{"accuracy", 50.0}, {"yes/no", 60.0}}));
  EXPECT_EQ(task["blank"], (json{{"accuracy", 20.0}}));
  EXPECT_EQ(task["most_frequent"], (json{{"accuracy", 25.0}}));
  EXPECT_EQ(task["text_ceiling"], 90);
  EXPECT_FALSE(task.contains("predictions"));
  EXPECT_EQ(document["gates"][0]["at_least"], 30);
  EXPECT_EQ(document["gates"][0]["passed"], true);
  EXPECT_EQ(document["gates"][1]["at_most"], 20);
  EXPECT_EQ(document["gates"][1]["passed"], false);
}

TEST(DemoResult, TasksAreNamedByWhatIsAsked) {
  DemoResult result;
  for (const Task task : {Task::kVqa, Task::kVideoQa, Task::kVideoCaption}) {
    result.tasks.emplace_back().task = task;
  }
  const json document = to_json(result);
  EXPECT_EQ(document["tasks"][0]["task"], "vqa");
  EXPECT_EQ(document["tasks"][1]["task"], "qa");
  EXPECT_EQ(document["tasks"][2]["task"], "caption");
}

TEST(DemoResult, StateGivesTheTaskBack) {
  const TaskResult task = sample_task();
  const json state = json::parse(to_state(task).dump());
  const TaskResult back = from_state(state, "here");
  EXPECT_EQ(to_state(back).dump(), state.dump());
  EXPECT_EQ(back.task, task.task);
  EXPECT_TRUE(std::isnan(back.epoch_loss[1]));
  EXPECT_EQ(back.predictions[0].expected, task.predictions[0].expected);
  EXPECT_EQ(back.checkpoint, task.checkpoint);
}

TEST(DemoResult, ForeignStateIsAnError) {
  const json whole = to_state(sample_task());
  for (const auto& [key, value] : whole.items()) {
    json state = whole;
    state[key] = {{"a", json::array()}};
    if (key == "modality" || key == "task" || key == "trained_percent") continue;  // told by others
    if (key == "epoch_loss" || key == "epoch_valid" || key == "predictions") state[key] = 3;
    if (key == "metrics" || key == "blank" || key == "most_frequent") state[key] = "many";
    EXPECT_THROW(from_state(state, "here"), Error) << key;
  }
  EXPECT_THROW(from_state(json::array(), "here"), Error);
}

}  // namespace
}  // namespace epalm::demo
