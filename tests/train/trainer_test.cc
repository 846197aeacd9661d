#include "epalm/train/trainer.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include "epalm/base/error.h"
#include "epalm/base/log.h"
#include "epalm/eval/feature_cache.h"
#include "epalm/eval/samples.h"
#include "epalm/infer/frozen_models.h"
#include "epalm/io/json_file.h"
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

// The same run, the encoder run every time and once for each medium (and view).
void expect_same_adapter_from_cached_features(const std::filesystem::path& folder, std::vector<std::string> keys) {
  TrainOptions cached, plain;
  cached.output_dir = folder / "cached";
  plain.output_dir = folder / "plain";
  const auto plain_loss = train(tiny_config(folder, keys), plain).epoch_loss;
  keys.emplace_back("cache_features=true");
  const auto cached_loss = train(tiny_config(folder, keys), cached).epoch_loss;
  for (size_t i = 0; i < plain_loss.size(); ++i) EXPECT_NEAR(cached_loss[i], plain_loss[i], 1e-3 * plain_loss[i]);
  const auto a = adapter_of(cached.output_dir / "checkpoint_last.pth");
  for (const auto& [name, tensor] : adapter_of(plain.output_dir / "checkpoint_last.pth")) {
    // The encoder sees other batch sizes, which changes float32 sums in their last bits; AdamW moves a weight by at
    // most lr a step whatever the gradient's size, so a sign that flips near zero costs up to 2 lr in each of the
    // 4·18 steps; in practice gradients are far from zero and differences stay near 1e-6.
    EXPECT_TRUE(at::allclose(a.at(name), tensor, 1e-3, 1e-3)) << name << " with " << keys[0];
  }
}

TEST_P(EveryTask, CachedFeaturesGiveTheSameAdapterAsTheEncoderRunEveryTime) {
  break_one(tiny_config(folder()));
  expect_same_adapter_from_cached_features(folder(), {"augment=false"});
  expect_same_adapter_from_cached_features(
      folder(), {"encoder_tokens=all", "augment=false", "injected_hidden_states=1", "schedular.epochs=1"});
}

TEST_P(EveryTask, CachedViewsGiveTheSameAdapterAsTheEncoderRunEveryTime) {
  break_one(tiny_config(folder()));
  for (const char* views : {"feature_views=1", "feature_views=3"}) {
    expect_same_adapter_from_cached_features(folder(), {views, "augment=true", "noise=true"});
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

TEST(FeatureCache, GivesALaterRunTheSameBytesWithoutTheEncoder) {
  const TemporaryFolder folder("trainer_feature_cache");
  make_tiny_run(folder.path(), infer::Task::kVqa);
  const auto config = tiny_config(folder.path(), {"augment=false", "schedular.epochs=2", "feature_cache_precision=bf16",
                                                  "feature_cache=" + (folder.path() / "cache").string()});
  TrainOptions first, second;
  first.output_dir = folder.path() / "first";
  second.output_dir = folder.path() / "second";
  train(config, first);
  const auto encoder = infer::load_encoder(config);
  {
    // 24 media to train on, 4 to validate.
    eval::FeatureCache cache(config, *encoder);
    EXPECT_EQ(cache.store().entries(), 28);
  }
  train(config, second);
  expect_same_bytes(first.output_dir / "checkpoint_last.pth", second.output_dir / "checkpoint_last.pth");
  const auto loss = log_lines(second.output_dir)[0]["train_loss"];
  {
    // What is kept is what the run sees.
    eval::FeatureCache cache(config, *encoder);
    const std::array files{eval::training_samples(config).get(0).media};
    const auto keys = cache.keys(files);
    cache.keep(keys, cache.find(keys[0]).unsqueeze(0) + 1);
  }
  train(config, second);
  EXPECT_NE(log_lines(second.output_dir)[0]["train_loss"], loss);

  // Augmented media differ every time: only what validation shows is kept.
  const auto augmented = tiny_config(
      folder.path(), {"augment=true", "schedular.epochs=1", "feature_cache=" + (folder.path() / "augmented").string()});
  TrainOptions third;
  third.output_dir = folder.path() / "third";
  train(augmented, third);
  eval::FeatureCache cache(augmented, *encoder);
  EXPECT_EQ(cache.store().entries(), 4);
}

int64_t entries_of(const infer::RunConfig& config) {
  const auto encoder = infer::load_encoder(config);
  return eval::FeatureCache(config, *encoder).store().entries();
}

TEST(FeatureCache, KeepsTheViewsThatARunShows) {
  const TemporaryFolder folder("trainer_views");
  make_tiny_run(folder.path(), infer::Task::kVqa);
  TrainOptions options;
  options.output_dir = folder.path() / "out";
  options.validate = false;
  std::vector<std::pair<int64_t, int64_t>> told;
  options.progress = [&](const TrainProgress& progress) {
    if (progress.phase == "features") told.emplace_back(progress.done, progress.total);
  };
  const auto config_of = [&](const char* views, const char* epochs) {
    return tiny_config(folder.path(), {"feature_cache=" + (folder.path() / "cache").string(), views, epochs});
  };
  const auto one = config_of("feature_views=3", "schedular.epochs=1");
  train(one, options);
  EXPECT_EQ(entries_of(one), 24);
  train(config_of("feature_views=2", "schedular.epochs=4"), options);
  EXPECT_EQ(entries_of(one), 48);
  train(config_of("feature_views=3", "schedular.epochs=4"), options);
  EXPECT_EQ(entries_of(one), 72);
  EXPECT_EQ(told,
            (std::vector<std::pair<int64_t, int64_t>>{{24, 24}, {24, 48}, {48, 48}, {24, 72}, {48, 72}, {72, 72}}));

  // What is kept is what the epoch of the view shows.
  const auto three = config_of("feature_views=3", "schedular.epochs=3");
  const auto loss = train(three, options).epoch_loss;
  {
    const auto encoder = infer::load_encoder(three);
    eval::FeatureCache cache(three, *encoder);
    std::vector<std::filesystem::path> files;
    const auto samples = eval::training_samples(three);
    for (const auto& sample : samples.samples()) files.push_back(sample.media);
    const auto keys = cache.keys(files, 2);
    for (const std::string& key : keys) cache.keep({key}, cache.find(key).unsqueeze(0) + 1);
  }
  const auto changed = train(three, options).epoch_loss;
  EXPECT_EQ(changed[0], loss[0]);
  EXPECT_EQ(changed[1], loss[1]);
  EXPECT_NE(changed[2], loss[2]);
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

// As a clip whose broken frames only some views draw.
TEST(BadSample, OfOneViewIsShownInTheOthers) {
  const TemporaryFolder folder("trainer_bad_view");
  make_tiny_run(folder.path(), infer::Task::kVideoQa);
  TrainOptions options;
  options.output_dir = folder.path() / "out";
  const auto config = tiny_config(folder.path(), {"feature_views=2", "cache_features=true"});
  options.progress = [&](const TrainProgress& progress) {
    if (progress.phase == "train" && progress.epoch == 0) break_one(config);
  };
  set_log_sink([](LogLevel, std::string_view) {});
  train(config, options);
  set_log_sink({});
  std::vector<int> replaced;
  for (const auto& line : log_lines(options.output_dir)) replaced.push_back(line.at("train_bad_samples"));
  EXPECT_EQ(replaced, (std::vector<int>{0, 3, 0, 3}));
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

// Interrupts again and again, each time later, until the run is done.
void train_in_parts(const infer::RunConfig& config, TrainOptions options) {
  options.resume = true;
  int calls = 0, limit = 25;
  options.interrupted = [&] {
    if (++calls < limit) return false;
    calls = 0;
    limit += 15;
    return true;
  };
  for (int stops = 0; stops < 50; ++stops) {
    try {
      train(config, options);
      EXPECT_GE(stops, 1);
      return;
    } catch (const Interrupted&) {
    }
  }
  FAIL() << "never done";
}

// Everything that is off by default, at once: every optimiser's state, averages, plateau and the best validation within
// an epoch go through checkpoints.
TEST(Trainer, ResumesEveryOptimizerAndOptionToTheSameBytes) {
  const TemporaryFolder folder("trainer_options");
  make_tiny_run(folder.path());
  for (const std::string opt : {"adam", "sgd", "momentum", "rmsprop", "adagrad", "nadam", "adafactor", "muon"}) {
    const auto config = tiny_config(
        folder.path(), {"optimizer.opt=" + opt, "optimizer.lr=1e-4", "optimizer.prompt_lr=1e-4", "augment=false",
                        "accumulate_batches=2", "pack_samples=2", "clip_grad_norm=0.5", "ema_decay=0.9",
                        "validate_every=3", "schedular.sched=plateau", "schedular.decay_rate=0.5",
                        "schedular.patience_epochs=0", "schedular.lr_noise=[0.25, 0.75]", "schedular.epochs=3"});
    TrainOptions whole, parts;
    whole.save_best = parts.save_best = true;
    whole.output_dir = folder.path() / (opt + "_whole");
    parts.output_dir = folder.path() / (opt + "_parts");
    train(config, whole);
    train_in_parts(config, parts);
    for (const char* name : {"checkpoint_last.pth", "checkpoint_best.pth"}) {
      const auto a = io::read_torch(whole.output_dir / name), b = io::read_torch(parts.output_dir / name);
      for (const char* part : {"model", "epalm_trained"}) {
        for (const auto& [key, tensor] : a.at(part).as_dict()) {
          EXPECT_TRUE(tensor.as_tensor().equal(b.at(part).at(key.as_string()).as_tensor())) << opt << key.as_string();
        }
      }
      EXPECT_EQ(json_from_value(a.at("lr_scheduler")), json_from_value(b.at("lr_scheduler"))) << opt;
    }
  }
}

TEST(Trainer, ResumesOnViewsToTheSameBytes) {
  for (const char* kept : {"feature_cache", "cache_features", "neither"}) {
    const TemporaryFolder folder("trainer_views_resume");
    make_tiny_run(folder.path(), infer::Task::kVideoQa);
    break_one(tiny_config(folder.path()));
    TrainOptions whole, parts;
    whole.output_dir = folder.path() / "whole";
    parts.output_dir = folder.path() / "parts";
    const auto config = [&](const TrainOptions& options) {
      std::vector<std::string> keys{"feature_views=3"};
      if (kept == std::string("cache_features")) keys.emplace_back("cache_features=true");
      if (kept == std::string("feature_cache"))
        keys.push_back("feature_cache=" + options.output_dir.string() + "_cache");
      return tiny_config(folder.path(), keys);
    };
    train(config(whole), whole);
    train_in_parts(config(parts), parts);
    expect_same_bytes(whole.output_dir / "checkpoint_last.pth", parts.output_dir / "checkpoint_last.pth");
  }
}

// Causal semantics without augmentation: what a sample contributes does not depend on its batch, so twice 4 samples
// make the step of 8. The same sums in another order: rounding of 1e-7 of the gradient, which AdamW turns into at most
// the same share of the rate 1e-2 unless a gradient is itself of that size; 36 steps of those stay below 1e-3.
TEST(Trainer, TwoAccumulatedBatchesAreOneOfTwiceTheSize) {
  const TemporaryFolder folder("trainer_accumulate");
  make_tiny_run(folder.path());
  TrainOptions big, halves;
  big.output_dir = folder.path() / "big";
  halves.output_dir = folder.path() / "halves";
  const auto a = train(tiny_config(folder.path(), {"augment=false"}), big);
  const auto b =
      train(tiny_config(folder.path(), {"augment=false", "batch_size_train=4", "accumulate_batches=2"}), halves);
  for (size_t i = 0; i < a.epoch_loss.size(); ++i)
    EXPECT_NEAR(a.epoch_loss[i], b.epoch_loss[i], 1e-3 * a.epoch_loss[i]);
  const auto tensors = adapter_of(big.output_dir / "checkpoint_last.pth");
  for (const auto& [name, tensor] : adapter_of(halves.output_dir / "checkpoint_last.pth")) {
    EXPECT_TRUE(at::allclose(tensors.at(name), tensor, 1e-3, 1e-3)) << name;
  }
}

// What a sample contributes does not depend on its row either, so with all of them in one step the rows do not matter.
// Tolerances as above, of 4 steps.
TEST(Trainer, PackedSamplesTrainAsTheyDoAlone) {
  for (const auto task : {infer::Task::kVqa, infer::Task::kCaption}) {
    const TemporaryFolder folder("trainer_packed");
    make_tiny_run(folder.path(), task);
    TrainOptions alone, packed;
    alone.output_dir = folder.path() / "alone";
    packed.output_dir = folder.path() / "packed";
    const auto keys = [&](const char* pack) {
      return tiny_config(folder.path(), {"augment=false", "batch_size_train=4096", pack});
    };
    const auto a = train(keys("pack_samples=1"), alone);
    const auto b = train(keys("pack_samples=3"), packed);
    for (size_t i = 0; i < a.epoch_loss.size(); ++i)
      EXPECT_NEAR(a.epoch_loss[i], b.epoch_loss[i], 1e-3 * a.epoch_loss[i]);
    const auto tensors = adapter_of(alone.output_dir / "checkpoint_last.pth");
    for (const auto& [name, tensor] : adapter_of(packed.output_dir / "checkpoint_last.pth")) {
      EXPECT_TRUE(at::allclose(tensors.at(name), tensor, 1e-3, 1e-3)) << name;
    }
  }
}

TEST(Trainer, ReplacesWholeRowsWhoseMediumIsBroken) {
  const TemporaryFolder folder("trainer_packed_bad");
  make_tiny_run(folder.path(), infer::Task::kVideoQa);
  break_one(tiny_config(folder.path()));
  set_log_sink([](LogLevel, std::string_view) {});
  for (const char* keys : {"augment=true", "augment=false"}) {
    TrainOptions options;
    options.output_dir = folder.path() / keys;
    const auto result = train(tiny_config(folder.path(), {keys, "pack_samples=2"}), options);
    for (const auto& line : log_lines(options.output_dir)) EXPECT_EQ(line.at("train_bad_samples"), 3);
    EXPECT_LT(result.epoch_loss.back(), result.epoch_loss.front());
  }
  set_log_sink({});
}

// Momentum without decay moves by at most lr · bound / (1 - momentum) a step, however steep the loss is.
TEST(Trainer, ClippingBoundsTheMove) {
  const TemporaryFolder folder("trainer_clip");
  make_tiny_run(folder.path());
  const auto config = tiny_config(
      folder.path(), {"optimizer.opt=momentum", "optimizer.momentum=0", "optimizer.lr=1", "optimizer.prompt_lr=1",
                      "optimizer.weight_decay=0", "clip_grad_norm=1e-3", "schedular.sched=constant",
                      "schedular.warmup_epochs=0", "schedular.epochs=1", "augment=false"});
  const auto bundle = infer::load_bundle(config);
  std::map<std::string, at::Tensor> before;
  for (const auto& [name, tensor] : bundle.model.parameters()) before[name] = tensor.detach().clone();
  TrainOptions options;
  options.output_dir = folder.path() / "out";
  int64_t steps = 0;
  options.progress = [&](const TrainProgress& progress) {
    if (progress.phase == "train") steps = progress.total;
  };
  train(bundle, options);
  EXPECT_GT(steps, 0);
  double moved = 0;
  for (const auto& [name, tensor] : bundle.model.parameters()) {
    moved += (tensor.detach() - before.at(name)).pow(2).sum().item<double>();
  }
  EXPECT_GT(std::sqrt(moved), 0);
  EXPECT_LT(std::sqrt(moved), static_cast<double>(steps) * 1e-3 * 1.001);  // norms are summed in float32
}

TEST(Trainer, StopsEarlyOnceTheScoreStopsGrowingAndStaysStopped) {
  const TemporaryFolder folder("trainer_early");
  make_tiny_run(folder.path());
  TrainOptions options;
  options.output_dir = folder.path() / "out";
  options.save_best = true;
  // Nothing trains, so no epoch is better than the first.
  const auto config = tiny_config(folder.path(), {"optimizer.lr=0", "optimizer.prompt_lr=0", "optimizer.weight_decay=0",
                                                  "schedular.warmup_epochs=0", "schedular.min_lr=0",
                                                  "optimizer.opt=momentum", "schedular.epochs=9", "early_stopping=2"});
  EXPECT_EQ(train(config, options).epoch_loss.size(), 3u);
  options.resume = true;
  EXPECT_EQ(train(config, options).epoch_loss.size(), 3u);
}

TEST(Trainer, ValidatesWithinAnEpochAndLogsTheStep) {
  const TemporaryFolder folder("trainer_every");
  make_tiny_run(folder.path());
  TrainOptions options;
  options.output_dir = folder.path() / "out";
  size_t steps = 0;
  options.progress = [&](const TrainProgress& progress) {
    if (progress.phase == "train") steps = static_cast<size_t>(progress.total);
  };
  const auto result =
      train(tiny_config(folder.path(), {"validate_every=4", "schedular.epochs=2", "augment=false"}), options);
  EXPECT_EQ(result.epoch_loss.size(), 2u);
  const auto lines = log_lines(options.output_dir);
  ASSERT_GT(steps, 4u);
  ASSERT_EQ(lines.size(), 2 * ((steps - 1) / 4 + 1));  // the last step's validation is the epoch's
  EXPECT_EQ(lines[0].at("step"), 4);
  EXPECT_TRUE(lines[0].contains("valid_score"));
  EXPECT_FALSE(lines.back().contains("step"));
}

TEST(Trainer, RefusesWhatItCannotTrainBeforeModelsAreLoaded) {
  const TemporaryFolder folder("trainer_refuses");
  make_tiny_run(folder.path());
  const auto error = [&](std::vector<std::string> keys) {
    keys.push_back("text_model=nowhere");
    return error_of_training(folder.path(), keys);
  };
  EXPECT_THAT(error({"optimizer.opt=radam"}), testing::HasSubstr("muon; got 'radam'"));
  EXPECT_THAT(error({"schedular.sched=tanh"}), testing::HasSubstr("constant; got 'tanh'"));
}

TEST(Trainer, AsksForSamplesToValidateOnWhereAnOptionNeedsThem) {
  const TemporaryFolder folder("trainer_unvalidated");
  make_tiny_run(folder.path());
  TrainOptions options;
  options.output_dir = folder.path() / "out";
  options.validate = false;
  for (const char* key : {"early_stopping=1", "validate_every=1"}) {
    EXPECT_THROW(train(tiny_config(folder.path(), {key}), options), Error) << key;
  }
}

// The folder of a run holds what a repetition needs, and repeating it from there gives the same bytes.
TEST(Trainer, RunsAgainFromTheConfigOfItsFolder) {
  const TemporaryFolder folder("trainer_repeat");
  make_tiny_run(folder.path());
  TrainOptions options, again;
  options.output_dir = folder.path() / "out";
  again.output_dir = folder.path() / "again";
  train(tiny_config(folder.path(), {"schedular.epochs=2", "run_seed=7"}), options);
  const auto record = io::read_json_file(options.output_dir / "run.json");
  ASSERT_EQ(record.size(), 1U);
  EXPECT_EQ(record[0].at("config").at("run_seed"), 7);
  for (const char* key : {"started", "epalm", "revision", "machine"}) EXPECT_FALSE(record[0].at(key).empty()) << key;
  EXPECT_TRUE(record[0].at("machine").at("libraries").contains("libtorch"));

  train(infer::load_run_config(options.output_dir / "config.json"), again);
  expect_same_bytes(options.output_dir / "checkpoint_last.pth", again.output_dir / "checkpoint_last.pth");

  again.resume = true;
  train(tiny_config(folder.path(), {"schedular.epochs=3", "run_seed=7"}), again);
  const auto starts = io::read_json_file(again.output_dir / "run.json");
  ASSERT_EQ(starts.size(), 2U);
  EXPECT_EQ(starts[1].at("first_epoch"), 2);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(again.output_dir / "tensorboard"), {}), 2);
}

TEST(Checkpoint, HoldsTheAveragesAsItsModel) {
  const TemporaryFolder folder("trainer_averages");
  make_tiny_run(folder.path());
  TrainOptions options;
  options.output_dir = folder.path() / "out";
  const auto bundle = infer::load_bundle(tiny_config(folder.path(), {"ema_decay=0.5", "augment=false"}));
  train(bundle, options);
  const auto file = io::read_torch(options.output_dir / "checkpoint_last.pth");
  bool differ = false;
  for (const auto& [name, tensor] : bundle.model.adapter().weights().items()) {
    EXPECT_TRUE(tensor.detach().equal(file.at("model").at(name).as_tensor())) << name;
    differ |= !tensor.detach().equal(file.at("epalm_trained").at(name).as_tensor());
  }
  EXPECT_TRUE(differ);
  options.resume = true;
  EXPECT_THROW(train(tiny_config(folder.path(), {"augment=false"}), options), Error) << "averages would be lost";
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
  const at::NoGradGuard no_grad;
  const at::Tensor ids = at::tensor({2, 9, 8, 7}).view({1, 4});
  const at::Tensor features = bundle.model.features(at::ones({1, 3, 16, 16}));
  EXPECT_TRUE(at::equal(bundle.model.logits(features, ids, at::ones_like(ids)),
                        again.model.logits(features, ids, at::ones_like(ids))));
}

}  // namespace
}  // namespace epalm::train
