#include <fmt/format.h>

#include "epalm/base/error.h"
#include "epalm/bench/all_rows.h"
#include "epalm/demo/task_config.h"
#include "epalm/demo/worlds.h"
#include "epalm/train/run_log.h"
#include "epalm/train/trainer.h"

namespace epalm::bench {
namespace {

constexpr int kPictures = 500;

// The demo's questions on pictures: its first two epochs, the same schedule shortened.
Measurement measure_second_epoch(const std::filesystem::path& assets, const std::filesystem::path& scratch) {
  demo::DemoOptions options;
  options.folder = scratch;
  options.assets = assets;
  options.tasks = {infer::Task::kVqa};
  options.images.train_images = kPictures;
  options.images.val_images = options.images.test_images = 1;
  options.overrides = {"schedular.epochs=2"};
  const infer::RunConfig config = demo::task_config(options, infer::Task::kVqa);
  demo::write_worlds(options, [](int, int) {});
  train::TrainOptions training;
  training.output_dir = scratch / "run";
  training.validate = false;
  const double first_s = train::train(config, training).first_epoch_s;
  const auto epochs = train::RunLog(training.output_dir / "log.txt", 1).lines();
  require(epochs.size() == 2, "expected two epochs in the demo's log, got {}", epochs.size());
  const double second_s = epochs[1].at("seconds");
  Measurement measured;
  measured.value = second_s;
  measured.twin = first_s;
  measured.ratio = first_s / second_s;
  measured.note =
      fmt::format("{} pictures of {} px and their questions, batches of {}; features take {:.2f} s", kPictures,
                  config.image_res, config.batch_size_train, first_s - epochs[0].at("seconds").get<double>());
  return measured;
}

}  // namespace

std::vector<Row> demo_rows(const AssetsFolder& assets) {
  return {{.name = "demo.epoch2",
           .what = "second epoch of the demo's training on pictures, which has the features, against the first, which "
                   "runs the encoder",
           .unit = "s",
           .precision = "fp32",
           .target = Target{Target::Kind::kRatioAtLeast, 4},
           .measure = [assets](const auto& scratch) { return measure_second_epoch(assets(), scratch); }}};
}

}  // namespace epalm::bench
