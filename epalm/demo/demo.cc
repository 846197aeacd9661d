#include "epalm/demo/demo.h"

#include <torch/torch.h>

#include <nlohmann/json.hpp>

#include "epalm/base/atomic_write.h"
#include "epalm/base/error.h"
#include "epalm/demo/demo_report.h"
#include "epalm/eval/samples.h"
#include "epalm/train/checkpoint.h"
#include "epalm/train/pretrain_lm.h"
#include "epalm/world/sample.h"

namespace epalm::demo {
namespace {

void write_text(const std::filesystem::path& path, const std::string& text) {
  write_file_atomically(path, std::as_bytes(std::span(text)));
}

infer::RunConfig task_config(const DemoOptions& options, const std::string& task) {
  const auto assets = options.assets / "tiny_world";
  std::vector<std::string> overrides{"text_model=" + (assets / "opt").string(),
                                     "encoder_weights=" + (assets / "vit").string(),
                                     "data_dir=" + (options.folder / "world").string()};
  overrides.insert(overrides.end(), options.overrides.begin(), options.overrides.end());
  return infer::load_run_config(assets / (task + ".yaml"), overrides);
}

// The LM on the questions of the test set, each after the true description of its scene.
double ceiling_on_test(const infer::Bundle& bundle, const world::WorldOptions& world) {
  world::SampleOptions options;
  options.image_size_px = world.image_size_px;
  options.captions = world.captions;
  options.questions = world.test_questions;
  std::vector<train::ReadingTest> tests;
  for (int i = 0; i < world.test_images; ++i) {
    const auto sample = world::make_sample(world.seed, world::Split::kTest, i, options);
    train::ReadingTest test{sample.scene, {}};
    for (const auto& question : sample.questions) test.questions.push_back(question.question);
    tests.push_back(std::move(test));
  }
  return train::text_ceiling(bundle.model.lm(), bundle.tokenizer, tests, world.seed).accuracy;
}

TaskResult run_task(const DemoOptions& options, const std::string& task, bool resume) {
  const auto config = task_config(options, task);
  const infer::Bundle bundle = infer::load_bundle(config);
  TaskResult result;
  result.modality = "image";
  result.task = task;
  result.parameters = model::count_parameters(bundle.model);

  const auto stage = [&](const std::string& name) {
    return [&options, label = task + ": " + name](int64_t done, int64_t total) {
      if (options.progress) options.progress(label, {.phase = label, .done = done, .total = total});
    };
  };
  train::TrainOptions training;
  training.output_dir = options.folder / task;
  training.resume = resume;
  training.save_best = true;
  training.interrupted = options.interrupted;
  training.progress = [&](const train::TrainProgress& progress) {
    if (options.progress) options.progress(task + ": " + progress.phase, progress);
  };
  const auto trained = train::train(bundle, training);
  result.seconds_per_epoch = trained.seconds_per_epoch;
  result.epoch_loss = trained.epoch_loss;
  result.epoch_valid = trained.epoch_valid;
  result.checkpoint = trained.best;

  infer::load_adapter(bundle, trained.best);
  train::write_adapter(options.folder / task / "adapter.safetensors", bundle);
  const auto test = eval::load_samples(config, config.test_split);
  eval::EvalOptions seen{.progress = stage("test"), .interrupted = options.interrupted};
  const auto evaluated = eval::evaluate(bundle, test, seen);
  result.metrics = evaluated.metrics;
  result.predictions = evaluated.predictions;
  eval::EvalOptions blind{.blank = true, .progress = stage("blank pictures"), .interrupted = options.interrupted};
  result.blank = eval::evaluate(bundle, test, blind).metrics;
  if (config.task == infer::Task::kVqa) {
    result.most_frequent = eval::most_frequent_baseline(config, eval::load_samples(config, config.train_split), test);
    result.text_ceiling = ceiling_on_test(bundle, options.world);
  }
  return result;
}

}  // namespace

DemoResult run_demo(const DemoOptions& options) {
  const auto finished = options.folder / "result.json";
  const bool resume = !std::filesystem::exists(finished);
  std::error_code error;
  std::filesystem::create_directories(options.folder, error);
  require(!error, "'{}' cannot be made: {}; name a folder that can be written", options.folder.string(),
          error.message());
  std::filesystem::remove(finished);

  world::write_image_world(options.folder / "world", options.world, [&](int done, int total) {
    if (options.interrupted && options.interrupted()) throw Interrupted("interrupted while the world was written");
    if (options.progress) options.progress("world: pictures", {.phase = "world", .done = done, .total = total});
  });
  DemoResult result;
  for (const std::string task : {"vqa", "caption"}) result.tasks.push_back(run_task(options, task, resume));
  result.report = options.folder / "report.html";
  write_text(result.report, demo_report(result, options.command));
  write_text(finished, to_json(result).dump(1) + "\n");
  return result;
}

}  // namespace epalm::demo
