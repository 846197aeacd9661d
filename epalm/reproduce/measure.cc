#include "epalm/reproduce/measure.h"

#include <chrono>

#include "epalm/eval/evaluate.h"
#include "epalm/infer/bundle.h"
#include "epalm/train/run_log.h"
#include "epalm/train/trainer.h"

namespace epalm::reproduce {
namespace {

// About what share of a run has passed once features, training and test are done.
constexpr double kFeatures = 0.15, kTrained = 0.9, kTested = 0.99;

double share_of(int64_t done, int64_t total) {
  return static_cast<double>(done) / static_cast<double>(std::max<int64_t>(total, 1));
}

double share_of(const train::TrainProgress& progress) {
  const double share = share_of(progress.done, progress.total);
  if (progress.phase == "features") return kFeatures * share;
  const double epochs = static_cast<double>(progress.epoch) + (progress.phase == "train" ? share : 1);
  return kFeatures + (kTrained - kFeatures) * epochs / static_cast<double>(std::max<int64_t>(progress.epochs, 1));
}

}  // namespace

CellResult measure(const infer::RunConfig& config, const MeasureOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  const auto report = [&](const std::string& stage, double share) {
    if (options.progress) options.progress(stage, share);
  };
  const infer::Bundle bundle = infer::load_bundle(config);
  CellResult result;
  result.parameters = model::count_parameters(bundle.model);

  train::TrainOptions training;
  training.output_dir = options.work_folder;
  training.resume = true;
  training.save_best = true;
  training.interrupted = options.interrupted;
  training.progress = [&](const train::TrainProgress& progress) { report(progress.phase, share_of(progress)); };
  const train::TrainResult trained = train::train(bundle, training);
  result.seconds_per_epoch = train::mean_epoch_seconds(options.work_folder / "log.txt");
  result.epoch_loss = trained.epoch_loss;
  result.epoch_valid = trained.epoch_valid;

  infer::load_adapter(bundle, trained.best);
  eval::EvalOptions testing;
  testing.interrupted = options.interrupted;
  testing.progress = [&](int64_t done, int64_t total) {
    report("test", kTrained + (kTested - kTrained) * share_of(done, total));
  };
  result.metrics = eval::evaluate(bundle, config.test_split, testing).metrics;
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

}  // namespace epalm::reproduce
