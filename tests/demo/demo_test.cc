#include "epalm/demo/demo.h"

#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "epalm/base/error.h"
#include "tests/demo/stand_ins.h"
#include "tests/report/markup.h"

namespace epalm::demo {
namespace {

namespace fs = std::filesystem;
using infer::Task;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class Demo : public testing::Test {
 protected:
  Demo() : folder_("demo_test"), options_(tiny_demo(folder_.path())) {
    at::set_num_threads(1);  // tasks one after the other
    write_stand_ins(options_.assets);
    options_.progress = [this](const DemoProgress& progress) {
      for (const auto& stage : progress.at_work) {
        stages_.insert(stage.name);
        if (stage.name == stop_at_) stop_ = true;
      }
      EXPECT_GE(progress.eta_s, 0);
      EXPECT_GE(progress.share, 0);
      EXPECT_LE(progress.share, 1);
      EXPECT_LE(progress.done, progress.tasks);
    };
  }

  ~Demo() override { at::set_num_threads(threads_); }

  DemoResult run() {
    stages_.clear();
    return run_demo(options_);
  }

  // Asks to stop when the stage is reached.
  void run_until(const std::string& stage) {
    stop_at_ = stage;
    options_.interrupted = [this] { return stop_.load(); };
    EXPECT_THROW(run(), Interrupted) << stage;
    options_.interrupted = {};
    stop_at_.clear();
    stop_ = false;
  }

  const int threads_ = at::get_num_threads();
  train::TemporaryFolder folder_;
  DemoOptions options_;
  std::set<std::string> stages_;  // gone through by the last run
  std::string stop_at_;
  std::atomic<bool> stop_ = false;
};

std::string content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The result without what differs from run to run.
nlohmann::json timeless(const TaskResult& task) {
  nlohmann::json state = to_state(task);
  state.erase("seconds_per_epoch");
  return state;
}

TEST_F(Demo, ShowsSixTasksInOneReport) {
  const DemoResult result = run();
  const auto json = to_json(result);
  std::vector<std::string> names;
  for (const auto& task : json["tasks"]) {
    names.push_back(task["modality"].get<std::string>() + " " + task["task"].get<std::string>());
    EXPECT_GT(task["parameters_trained"], 0) << names.back();
    EXPECT_LT(task["trained_percent"], 100) << names.back();
    EXPECT_GT(task["seconds_per_epoch"], 0) << names.back();
    const bool caption = task["task"] == "caption";
    const char* main = caption ? "CIDEr" : "accuracy";
    EXPECT_TRUE(task["metrics"].contains(main) && task["blank"].contains(main)) << task.dump();
    EXPECT_EQ(task.contains("text_ceiling"), !caption) << task.dump();
    EXPECT_EQ(task.contains("most_frequent"), !caption) << task.dump();
    EXPECT_TRUE(fs::exists(task["checkpoint"].get<std::string>()));
  }
  EXPECT_THAT(names,
              ElementsAre("image vqa", "image caption", "video qa", "video caption", "audio qa", "audio caption"));
  std::set<std::string> gated;
  for (const auto& gate : json["gates"]) gated.insert(gate["modality"]);
  EXPECT_THAT(gated, ElementsAre("audio", "image", "video"));

  const std::string page = content(result.report);
  EXPECT_EQ(report::fault_in_markup(page), "");
  for (const char* piece : {"see and hear", "<audio controls", "test clip 1, 8 frames in order", "alt=\"test picture 4",
                            "data:audio/wav;base64,", "answers above the blank medium"}) {
    EXPECT_THAT(page, HasSubstr(piece));
  }
  EXPECT_THAT(page, Not(HasSubstr("://")));
  // As texts: a ratio to nothing is infinite, which JSON writes as null.
  EXPECT_EQ(nlohmann::json::parse(content(options_.folder / "result.json")).dump(), json.dump());
}

// By name, without where files lie.
std::map<std::string, nlohmann::json> placeless(const DemoResult& result) {
  std::map<std::string, nlohmann::json> tasks;
  for (const TaskResult& task : result.tasks) {
    nlohmann::json& state = tasks[std::string(infer::task_name(task.task))] = timeless(task);
    state.erase("checkpoint");
    for (auto& prediction : state["predictions"]) {
      prediction["media"] = fs::path(prediction["media"].get<std::string>()).filename().string();
    }
  }
  return tasks;
}

TEST_F(Demo, TasksSideBySideGiveWhatTheyGiveAlone) {
  options_.overrides.insert(options_.overrides.end(),
                            {"semantics=reference", "pack_samples=1"});  // drops out at random
  options_.tasks = {Task::kVqa, Task::kAudioQa, Task::kCaption};
  std::vector<Task> finished;
  options_.finished = [&](const TaskResult& task) { finished.push_back(task.task); };
  at::set_num_threads(3);
  const auto beside = placeless(run());
  EXPECT_THAT(finished, testing::UnorderedElementsAreArray(options_.tasks));
  options_.folder = folder_.path() / "alone";
  at::set_num_threads(1);
  EXPECT_EQ(placeless(run()), beside);
}

TEST_F(Demo, TaskThatFailsEndsTheOthersAndIsTold) {
  at::set_num_threads(2);
  options_.tasks = {Task::kVqa, Task::kAudioQa};
  fs::create_directories(options_.folder / "audio_qa");
  train::write_text(options_.folder / "audio_qa" / "state.json", "no json");
  try {
    run();
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("state.json"));
  }
}

TEST_F(Demo, ContinuesToTheSameResultWhereverItIsStopped) {
  options_.tasks = {Task::kVideoQa, Task::kAudioCaption};
  const DemoResult whole = run();
  options_.folder = folder_.path() / "stopped";
  for (const char* stage : {"world", "audio_caption: train", "audio_caption: test", "audio_caption: blank",
                            "video_qa: features", "video_qa: train", "video_qa: validate", "video_qa: test"}) {
    run_until(stage);
  }
  const DemoResult continued = run();
  EXPECT_THAT(stages_, Not(Contains(HasSubstr("audio_caption"))));  // what is done is not done again
  ASSERT_EQ(continued.tasks.size(), 2);
  EXPECT_EQ(placeless(continued), placeless(whole));
  for (const TaskResult& task : continued.tasks) EXPECT_GT(task.seconds_per_epoch, 0);
}

TEST_F(Demo, OneThatIsFinishedStartsAnew) {
  options_.tasks = {Task::kAudioQa};
  const DemoResult first = run();
  const DemoResult second = run();
  EXPECT_THAT(stages_, testing::IsSupersetOf({"audio_qa: features", "audio_qa: train", "audio_qa: test"}));
  EXPECT_THAT(stages_, Not(Contains("world")));  // the same world is still there
  EXPECT_EQ(timeless(second.tasks[0]), timeless(first.tasks[0]));
}

TEST_F(Demo, TaskOfOtherOptionsIsDoneAnew) {
  options_.tasks = {Task::kVqa, Task::kCaption};
  run_until("vqa: train");
  options_.overrides.emplace_back("optimizer.lr=1e-4");
  run();
  EXPECT_THAT(stages_, Contains("caption: train"));
}

TEST_F(Demo, WrongOverrideShowsBeforeAnythingIsDone) {
  options_.overrides.emplace_back("no_such_key=1");
  EXPECT_THROW(run(), Error);
  EXPECT_TRUE(stages_.empty());
  EXPECT_FALSE(fs::exists(options_.folder / "world"));
}

TEST_F(Demo, TasksWithoutDataAreNamed) {
  options_.tasks = {Task::kGqa};
  EXPECT_THROW(run(), Error);
  options_.tasks = {};
  EXPECT_THROW(run(), Error);
}

TEST_F(Demo, DamagedStateIsNamed) {
  options_.tasks = {Task::kVqa, Task::kCaption};
  run_until("vqa: train");
  const auto path = options_.folder / "caption" / "state.json";
  auto state = nlohmann::json::parse(content(path));
  state["result"]["metrics"] = "many";
  train::write_text(path, state.dump());
  try {
    run();
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr(path.string()));
  }
}

TEST(QuickDemo, AsksOneQuestionTaskOfEachModality) {
  DemoOptions options;
  options.overrides = {"schedular.epochs=7"};
  make_quick(options);
  EXPECT_THAT(options.tasks, ElementsAre(Task::kVqa, Task::kVideoQa, Task::kAudioQa));
  EXPECT_EQ(options.command, "epalm demo --quick");
  EXPECT_EQ(options.overrides.back(), "schedular.epochs=7");  // what the user says wins
}

}  // namespace
}  // namespace epalm::demo
