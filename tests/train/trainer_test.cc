#include "epalm/train/trainer.h"

#include <gmock/gmock.h>
#include <torch/torch.h>
#include <unistd.h>

#include "epalm/base/error.h"
#include "epalm/base/log.h"
#include "epalm/eval/samples.h"
#include "epalm/io/torch_file.h"
#include "tests/train/tiny_run.h"

namespace epalm::train {
namespace {

std::map<std::string, at::Tensor> adapter_of(const std::filesystem::path& checkpoint) {
  std::map<std::string, at::Tensor> tensors;
  const auto file = io::open_tensor_file(checkpoint);
  for (const auto& name : file->names()) tensors[name] = file->read(name).clone();
  return tensors;
}

void expect_same_bytes(const std::filesystem::path& a, const std::filesystem::path& b) {
  const auto first = adapter_of(a);
  const auto second = adapter_of(b);
  ASSERT_EQ(first.size(), second.size());
  for (const auto& [name, tensor] : first) EXPECT_TRUE(at::equal(tensor, second.at(name))) << name;
}

TEST(Trainer, LowersTheLossAndWritesOneLogLineAnEpoch) {
  const TemporaryFolder folder("trainer_log");
  make_tiny_run(folder.path());
  TrainOptions options;
  options.output_dir = folder.path() / "out";
  const auto result = train(tiny_config(folder.path(), {"augment=false"}), options);
  ASSERT_EQ(result.epoch_loss.size(), 4u);
  EXPECT_LT(result.epoch_loss.back(), result.epoch_loss.front());
  std::ifstream log(options.output_dir / "log.txt");
  int lines = 0;
  for (std::string line; std::getline(log, line); ++lines) {
    const auto json = nlohmann::json::parse(line);
    EXPECT_EQ(json.at("epoch"), lines);
    EXPECT_TRUE(json.contains("train_loss") && json.contains("valid_accuracy"));
  }
  EXPECT_EQ(lines, 4);
}

class EveryTask : public testing::TestWithParam<infer::Task> {
 protected:
  EveryTask() : folder_("trainer_" + std::string(infer::task_name(GetParam()))) {
    make_tiny_run(folder_.path(), GetParam());
  }
  const std::filesystem::path& folder() const { return folder_.path(); }

 private:
  TemporaryFolder folder_;
};

TEST_P(EveryTask, LeavesFrozenWeightsByteIdentical) {
  const auto bundle = infer::load_bundle(tiny_config(folder()));
  std::map<std::string, at::Tensor> before;
  for (const auto& [name, tensor] : bundle.model.parameters()) before[name] = tensor.detach().clone();
  TrainOptions options;
  options.output_dir = folder() / "out";
  train(bundle, options);
  for (const auto& [name, tensor] : bundle.model.parameters()) {
    EXPECT_EQ(at::equal(tensor, before.at(name)), !tensor.requires_grad()) << name;
  }
}

// Overwrites one medium of the training set with something else. One of 24 is less than the 5 % that are replaced.
std::filesystem::path break_one(const infer::RunConfig& config) {
  const auto file = eval::load_samples(config, config.train_split).get(0).media;
  write_text(file, "no medium");
  return file;
}

TEST_P(EveryTask, ContinuesAfterAnInterruptionToTheSameBytes) {
  // Reference semantics: dropout, stochastic depth and augmentation draw random numbers, and one group is not
  // scheduled. A broken sample is replaced by one that is drawn.
  const auto config = tiny_config(folder(), {"semantics=reference", "schedular.scheduler_groups=0"});
  break_one(config);
  TrainOptions whole;
  whole.output_dir = folder() / "whole";
  whole.save_best = true;
  train(config, whole);
  TrainOptions parts;
  parts.output_dir = folder() / "parts";
  parts.save_best = true;
  parts.resume = true;
  int batches = 0;
  parts.interrupted = [&] { return ++batches % 23 == 0; };  // in the middle of every epoch and of evaluations
  bool done = false;
  int stops = 0;
  while (!done && stops < 50) {
    try {
      train(config, parts);
      done = true;
    } catch (const Interrupted&) {
      ++stops;
    }
  }
  ASSERT_TRUE(done);
  EXPECT_GE(stops, 1);
  expect_same_bytes(whole.output_dir / "checkpoint_last.pth", parts.output_dir / "checkpoint_last.pth");
  expect_same_bytes(whole.output_dir / "checkpoint_best.pth", parts.output_dir / "checkpoint_best.pth");
}

TEST_P(EveryTask, CachedFeaturesGiveTheSameAdapterAsTheEncoderRunEveryTime) {
  break_one(tiny_config(folder()));
  TrainOptions cached, plain;
  cached.output_dir = folder() / "cached";
  plain.output_dir = folder() / "plain";
  train(tiny_config(folder(), {"augment=false", "cache_features=true"}), cached);
  train(tiny_config(folder(), {"augment=false"}), plain);
  const auto a = adapter_of(cached.output_dir / "checkpoint_last.pth");
  for (const auto& [name, tensor] : adapter_of(plain.output_dir / "checkpoint_last.pth")) {
    // The encoder sees other batch sizes, which changes float32 sums in their last bits; AdamW moves a weight by at
    // most lr a step whatever the gradient's size, so a sign that flips near zero costs up to 2 lr in each of the 4·18
    // steps; in practice gradients are far from zero and differences stay near 1e-6.
    EXPECT_TRUE(at::allclose(a.at(name), tensor, 1e-3, 1e-3)) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Tasks, EveryTask,
                         testing::Values(infer::Task::kVqa, infer::Task::kVideoQa, infer::Task::kAudioCaption),
                         [](const auto& info) { return std::string(infer::task_name(info.param)); });

std::vector<nlohmann::json> log_lines(const std::filesystem::path& folder) {
  std::vector<nlohmann::json> lines;
  std::ifstream log(folder / "log.txt");
  for (std::string line; std::getline(log, line);) lines.push_back(nlohmann::json::parse(line));
  return lines;
}

TEST(BadSample, IsReportedCountedAndReplaced) {
  const TemporaryFolder folder("trainer_bad");
  make_tiny_run(folder.path(), infer::Task::kVideoQa);
  const auto file = break_one(tiny_config(folder.path()));
  std::vector<std::string> warnings;
  set_log_sink([&](LogLevel level, std::string_view line) {
    if (level == LogLevel::kWarning) warnings.emplace_back(line);
  });
  for (const char* keys : {"augment=true", "augment=false"}) {
    warnings.clear();
    TrainOptions options;
    options.output_dir = folder.path() / keys;
    int64_t told = 0;
    options.progress = [&](const TrainProgress& progress) { told = progress.bad_samples; };
    train(tiny_config(folder.path(), {keys}), options);
    ASSERT_EQ(warnings.size(), 1u);
    EXPECT_THAT(warnings[0], testing::HasSubstr(file.string()));
    EXPECT_EQ(told, 3);  // questions about one clip
    const auto lines = log_lines(options.output_dir);
    ASSERT_EQ(lines.size(), 4u);
    for (const auto& line : lines) EXPECT_EQ(line.at("train_bad_samples"), 3);
  }
  set_log_sink({});
}

std::string error_of_training(const std::filesystem::path& folder, const std::vector<std::string>& overrides) {
  TrainOptions options;
  options.output_dir = folder / "out";
  try {
    train(tiny_config(folder, overrides), options);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(BadSample, StopsTheRunWhereAskedAndAboveFivePercent) {
  const TemporaryFolder folder("trainer_stop");
  make_tiny_run(folder.path(), infer::Task::kAudioQa);
  const auto config = tiny_config(folder.path());
  const auto file = break_one(config);
  EXPECT_THAT(error_of_training(folder.path(), {"on_bad_sample=stop"}), testing::HasSubstr(file.string()));
  write_text(eval::load_samples(config, config.train_split).get(3).media, "");  // another one
  for (const char* keys : {"augment=true", "cache_features=true"}) {
    const auto error =
        error_of_training(folder.path(), {keys, std::string("augment=") + (keys[0] == 'a' ? "true" : "false")});
    EXPECT_THAT(error, testing::AllOf(testing::HasSubstr("of 72 samples cannot be read"), testing::HasSubstr("5 %")));
  }
}

TEST(BadSample, InValidationCountsAsWrongWhileTrainingReplaces) {
  const TemporaryFolder folder("trainer_bad_valid");
  make_tiny_run(folder.path(), infer::Task::kAudioQa);
  const auto config = tiny_config(folder.path(), {"val_split=audiocaps_qa_train", "schedular.epochs=1"});
  break_one(config);
  TrainOptions options;
  options.output_dir = folder.path() / "out";
  train(config, options);
  EXPECT_EQ(log_lines(options.output_dir).size(), 1u);
}

TEST(Trainer, StopsOnALossThatIsNotFiniteAndNamesTheLastGoodCheckpoint) {
  const TemporaryFolder folder("trainer_nan");
  make_tiny_run(folder.path());
  TrainOptions options;
  options.output_dir = folder.path() / "out";
  try {
    train(tiny_config(folder.path(), {"optimizer.lr=1e30", "optimizer.prompt_lr=1e30", "optimizer.weight_decay=0"}),
          options);
    FAIL() << "a learning rate of 1e30 went unnoticed";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("learning rate"), std::string::npos) << error.what();
  }
}

TEST(Trainer, RefusesAnOutputFolderThatCannotBeMade) {
  const TemporaryFolder folder("trainer_out");
  make_tiny_run(folder.path());
  write_text(folder.path() / "file", "x");
  TrainOptions options;
  options.output_dir = folder.path() / "file" / "out";
  EXPECT_THROW(train(tiny_config(folder.path()), options), Error);
}

TEST(Checkpoint, GivesTheSameLogitsAfterSavingAndLoading) {
  const TemporaryFolder folder("trainer_save");
  make_tiny_run(folder.path());
  TrainOptions options;
  options.output_dir = folder.path() / "out";
  const auto bundle = infer::load_bundle(tiny_config(folder.path()));
  train(bundle, options);
  const auto again = infer::load_bundle(options.output_dir / "checkpoint_last.pth", std::vector<std::string>{});
  const torch::NoGradGuard no_grad;
  const at::Tensor ids = torch::tensor({2, 9, 8, 7}).view({1, 4});
  const at::Tensor features = bundle.model.features(torch::ones({1, 3, 16, 16}));
  EXPECT_TRUE(at::equal(bundle.model.logits(features, ids, at::ones_like(ids)),
                        again.model.logits(features, ids, at::ones_like(ids))));
}

}  // namespace
}  // namespace epalm::train
