#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "epalm/infer/bundle.h"

namespace epalm::train {

struct TrainProgress {
  std::string phase;  // "features", "train" or "validate"
  int64_t epoch = 0, epochs = 0;
  int64_t done = 0, total = 0;  // media, batches or samples of the phase
  double loss = 0;              // mean of the epoch so far
  double lr = 0;                // of the first group
  double samples_per_second = 0;
  double eta_s = 0;         // to the end of the last epoch
  int64_t bad_samples = 0;  // training samples found so far whose media cannot be read
};

struct TrainOptions {
  std::filesystem::path output_dir;
  bool resume = false;                    // continue from output_dir/checkpoint_last.pth, or `checkpoint` where given
  bool save_best = false;                 // keep checkpoint_best.pth by the validation score
  bool validate = true;                   // evaluate val_split after every epoch
  std::filesystem::path checkpoint = {};  // start from this adapter
  std::function<void(const TrainProgress&)> progress = {};
  std::function<bool()> interrupted = {};  // true: stop with Interrupted; what is saved continues with `resume`
};

struct TrainResult {
  double seconds_per_epoch = 0;                 // mean over the epochs of this call, validation not counted
  double first_epoch_s = 0;                     // with the encoder's pass over the media
  std::vector<double> epoch_loss;               // of all epochs, earlier calls included
  std::vector<double> epoch_valid;              // validation score, percent
  std::filesystem::path last, best;             // best == last without save_best
  std::map<std::string, double> valid_metrics;  // of `best` on val_split, percent; empty without validation
};

// Trains the adapter (SPEC.md §6): batches in an order that depends on seed and epoch alone, one JSON line per epoch in
// output_dir/log.txt, scalars for TensorBoard in output_dir/tensorboard, what a repetition needs in run.json and
// config.json, checkpoint_last.pth after every epoch. Stopped at any moment and resumed, it ends with the same
// bytes as without the stop. A sample whose medium cannot be read is reported, counted and, unless on_bad_sample is
// stop, replaced by one drawn from seed, epoch and its index; its answer in validation counts as wrong. Throws Error
// for more than 5 % of such samples, and for a loss that is not finite, naming the last good checkpoint.
TrainResult train(const infer::RunConfig& config, const TrainOptions& options);
// The same on a bundle that is already loaded.
TrainResult train(const infer::Bundle& bundle, const TrainOptions& options);

}  // namespace epalm::train
