#include "epalm/reproduce/run_table.h"

#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <set>

#include "epalm/base/error.h"
#include "epalm/io/json_file.h"
#include "epalm/reproduce/documents.h"
#include "epalm/reproduce/methods.h"
#include "tests/demo/stand_ins.h"

namespace epalm::reproduce {
namespace {

class RunTable : public testing::Test {
 protected:
  RunTable() : folder_("run_table"), options_(table_of({kFinalVariant, "limber_all", "text"})) {
    demo::write_stand_ins(options_.world.assets);
  }

  TableOptions table_of(const std::vector<std::string>& rows) {
    TableOptions options;
    options.rows = select_rows(method_rows(), rows);
    options.world = demo::tiny_demo(folder_.path());
    options.world.tasks = {infer::Task::kVqa};
    options.seeds = 2;
    options.own_processes = false;
    options.progress = [this](const TableProgress& progress) {
      for (const std::string& run : progress.at_work) {
        if (run.ends_with(": train")) trained_.insert(run);
      }
      EXPECT_LE(progress.done, progress.runs);
      EXPECT_LE(progress.share, 1);
      if (trained_.size() > stop_after_) stop_ = true;
    };
    return options;
  }

  train::TemporaryFolder folder_;
  TableOptions options_;
  std::set<std::string> trained_;  // runs of which the training was seen
  size_t stop_after_ = 1000;
  std::atomic<bool> stop_ = false;
};

TEST_F(RunTable, MeasuresRowsBySeedsAndDoesNoRunTwice) {
  const TableResult result = run_table(options_);
  ASSERT_EQ(result.entries.size(), 1U);
  ASSERT_EQ(result.entries[0].size(), 3U);
  for (size_t row = 0; row < 3; ++row) {
    const Entry& entry = result.entries[0][row];
    EXPECT_EQ(entry.runs.size(), 2U) << result.rows[row].name << ": " << entry.problem;
    EXPECT_TRUE(entry.metric("accuracy")) << result.rows[row].name;
    EXPECT_FALSE(entry.metric("CIDEr"));
  }
  EXPECT_FALSE(result.failed);
  EXPECT_EQ(trained_.size(), 6U);
  EXPECT_LT(result.entries[0][2].runs[0].parameters.trained, result.entries[0][1].runs[0].parameters.trained)
      << "text only trains a prompt of fewer numbers than a connector";

  trained_.clear();
  const TableResult again = run_table(options_);
  EXPECT_TRUE(trained_.empty());
  EXPECT_EQ(to_json(again)["rows"], to_json(result)["rows"]);

  auto wider = table_of({kFinalVariant, "limber"});
  run_table(wider);
  EXPECT_EQ(trained_.size(), 2U) << "only the new row runs";
}

TEST_F(RunTable, ContinuesWhereItWasStopped) {
  const int threads = at::get_num_threads();
  at::set_num_threads(1);  // one run after the other: the second is seen once the first is done
  stop_after_ = 1;
  options_.interrupted = [this] { return stop_.load(); };
  EXPECT_THROW(run_table(options_), Interrupted);
  options_.interrupted = {};
  stop_after_ = 1000;
  trained_.clear();
  EXPECT_FALSE(run_table(options_).failed);
  EXPECT_LT(trained_.size(), 6U) << "the first run was kept";
  at::set_num_threads(threads);
}

TEST_F(RunTable, ARunThatFailsIsAProblemOfItsRowAlone) {
  options_.rows[1].keys = [](const Setting&) { return Keys({"text_model=/nowhere"}); };
  const TableResult result = run_table(options_);
  EXPECT_TRUE(result.failed);
  EXPECT_FALSE(result.entries[0][1].problem.empty());
  EXPECT_FALSE(result.entries[0][1].measured());
  EXPECT_TRUE(result.entries[0][0].measured());
  EXPECT_TRUE(result.entries[0][2].measured());
}

TEST_F(RunTable, CaptionsTrainForTheirOwnNumberOfEpochs) {
  options_ = table_of({kFinalVariant});
  options_.world.tasks = {infer::Task::kVqa, infer::Task::kCaption};
  options_.world.overrides = {"batch_size_train=16", "num_workers=1", "schedular.epochs=1"};
  options_.seeds = 1;
  options_.caption_epochs = 2;
  const auto epochs = [&] {
    std::map<std::string, std::set<int>> found;
    for (const auto& file : std::filesystem::directory_iterator(options_.world.folder / "cells")) {
      const auto config = io::read_json_file(file.path()).at("made_with").at("config");
      found[config.at("task")].insert(config.at("schedular").at("epochs").get<int>());
    }
    return found;
  };
  run_table(options_);
  EXPECT_EQ(epochs(), (std::map<std::string, std::set<int>>{{"vqa", {1}}, {"caption", {1}}})) << "the user's key wins";
  options_.world.overrides.pop_back();
  options_.rows[0].keys = [](const Setting&) { return Keys({"prompt_tuning=true"}); };
  options_.world.tasks = {infer::Task::kCaption};
  run_table(options_);
  EXPECT_EQ(epochs()["caption"], (std::set<int>{1, 2}));
}

}  // namespace
}  // namespace epalm::reproduce
