#include "epalm/train/trainer.h"

#include <gtest/gtest.h>
#include <torch/torch.h>
#include <unistd.h>

#include "epalm/base/error.h"
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

TEST(Trainer, LeavesFrozenWeightsByteIdentical) {
  const TemporaryFolder folder("trainer_frozen");
  make_tiny_run(folder.path());
  const auto bundle = infer::load_bundle(tiny_config(folder.path()));
  std::map<std::string, at::Tensor> before;
  for (const auto& [name, tensor] : bundle.model.parameters()) before[name] = tensor.detach().clone();
  TrainOptions options;
  options.output_dir = folder.path() / "out";
  train(bundle, options);
  for (const auto& [name, tensor] : bundle.model.parameters()) {
    EXPECT_EQ(at::equal(tensor, before.at(name)), !tensor.requires_grad()) << name;
  }
}

TEST(Trainer, ContinuesAfterAnInterruptionToTheSameBytes) {
  const TemporaryFolder folder("trainer_resume");
  make_tiny_run(folder.path());
  // Reference semantics: dropout and augmentation draw random numbers, and one group is not scheduled.
  const auto config = tiny_config(folder.path(), {"semantics=reference", "schedular.scheduler_groups=0"});
  TrainOptions whole;
  whole.output_dir = folder.path() / "whole";
  whole.save_best = true;
  train(config, whole);
  TrainOptions parts;
  parts.output_dir = folder.path() / "parts";
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

TEST(Trainer, CachedFeaturesGiveTheSameAdapterAsTheEncoderRunEveryTime) {
  const TemporaryFolder folder("trainer_cache");
  make_tiny_run(folder.path());
  TrainOptions cached, plain;
  cached.output_dir = folder.path() / "cached";
  plain.output_dir = folder.path() / "plain";
  train(tiny_config(folder.path(), {"augment=false", "cache_features=true"}), cached);
  train(tiny_config(folder.path(), {"augment=false"}), plain);
  const auto a = adapter_of(cached.output_dir / "checkpoint_last.pth");
  for (const auto& [name, tensor] : adapter_of(plain.output_dir / "checkpoint_last.pth")) {
    // The encoder sees other batch sizes, which changes float32 sums in their last bits; AdamW moves a weight by at
    // most lr a step whatever the gradient's size, so a sign that flips near zero costs up to 2 lr in each of the 4·18
    // steps; in practice gradients are far from zero and differences stay near 1e-6.
    EXPECT_TRUE(at::allclose(a.at(name), tensor, 1e-3, 1e-3)) << name;
  }
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
