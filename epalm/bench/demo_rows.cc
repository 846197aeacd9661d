#include <fmt/format.h>

#include <cmath>

#include "epalm/base/error.h"
#include "epalm/bench/all_rows.h"
#include "epalm/bench/race.h"
#include "epalm/demo/task_config.h"
#include "epalm/demo/worlds.h"
#include "epalm/infer/bundle.h"
#include "epalm/train/run_log.h"
#include "epalm/train/trainer.h"

namespace epalm::bench {
namespace {

constexpr int kPictures = 500, kAugmentedPictures = 200;

// The demo's questions on so many pictures: its first two epochs, the same schedule shortened.
demo::DemoOptions two_epochs(const std::filesystem::path& assets, const std::filesystem::path& scratch, int pictures) {
  demo::DemoOptions options;
  options.folder = scratch;
  options.assets = assets;
  options.tasks = {infer::Task::kVqa};
  options.images.train_images = pictures;
  options.images.val_images = options.images.test_images = 1;
  options.overrides = {"schedular.epochs=2"};
  return options;
}

Measurement measure_second_epoch(const std::filesystem::path& assets, const std::filesystem::path& scratch) {
  const demo::DemoOptions options = two_epochs(assets, scratch, kPictures);
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

// Two epochs, each on a view of its own, of which an earlier run has kept the features.
Measurement measure_views(const std::filesystem::path& assets, const std::filesystem::path& scratch) {
  demo::DemoOptions options = two_epochs(assets, scratch, kAugmentedPictures);
  options.overrides.insert(options.overrides.end(), {"augment=true", "feature_views=2"});
  const infer::RunConfig kept = demo::task_config(options, infer::Task::kVqa);
  infer::RunConfig anew = kept;
  anew.cache_features = false;
  anew.feature_cache.clear();
  demo::write_worlds(options, [](int, int) {});
  const infer::Bundle ours = infer::load_bundle(kept), twin = infer::load_bundle(anew);
  const auto loss_of = [&](const infer::Bundle& bundle, const char* run) {
    train::TrainOptions training;
    training.output_dir = scratch / run;
    training.validate = false;
    return train::train(bundle, training).epoch_loss.back();
  };
  const double our_loss = loss_of(ours, "kept"), twin_loss = loss_of(twin, "anew");
  require(std::abs(our_loss - twin_loss) < 0.05, "expected the same loss with kept features as without, got {} and {}",
          our_loss, twin_loss);
  const RaceResult result =
      race([&] { loss_of(ours, "kept"); }, [&] { loss_of(twin, "anew"); }, {.clock = Clock::kCpu, .rounds = 3});
  Measurement measured;
  measured.value = result.ours_s / 2;
  measured.twin = result.twin_s / 2;
  measured.ratio = result.ratio;
  measured.note = fmt::format("{} pictures of {} px and their questions, batches of {}; loss {:.4f}, twin {:.4f}",
                              kAugmentedPictures, kept.image_res, kept.batch_size_train, our_loss, twin_loss);
  return measured;
}

}  // namespace

std::vector<Row> demo_rows(const AssetsFolder& assets) {
  return {
      {.name = "demo.epoch2",
       .what = "second epoch of the demo's training on pictures, which has the features, against the first, which "
               "runs the encoder",
       .unit = "s",
       .precision = "fp32",
       .target = Target{Target::Kind::kRatioAtLeast, 4},
       .measure = [assets](const auto& scratch) { return measure_second_epoch(assets(), scratch); }},
      {.name = "demo.views",
       .what = "an epoch of the demo's training on augmented pictures, two views of each kept on disk by an earlier "
               "run, against augmenting and running the encoder",
       .unit = "s",
       .precision = "fp32",
       .measure = [assets](const auto& scratch) { return measure_views(assets(), scratch); }}};
}

}  // namespace epalm::bench
