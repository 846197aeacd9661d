#pragma once

#include <cstdint>
#include <filesystem>

#include "epalm/infer/bundle.h"
#include "epalm/train/averages.h"
#include "epalm/train/optimizer.h"
#include "epalm/train/schedule.h"

namespace epalm::train {

// How far a run has come.
struct RunState {
  int64_t epoch = -1;  // the last one that is complete
  double best_valid = -1;
  int64_t best_epoch = -1;
};

// The published layout (SPEC.md §6.4): model, optimizer, lr_scheduler, config, epoch, best_valid, best_epoch; readable
// by torch.load. The fingerprints of the frozen models stand under `epalm_frozen`, and trained parameters outside the
// adapter, which the published files leave out, under `epalm_unfrozen`. averages (nullptr: none): after swap(), so that
// `model` holds the averages, which are what is evaluated and used, and `epalm_trained` what training continues from.
// Atomic: a crash leaves the old file.
void write_checkpoint(const std::filesystem::path& path, const infer::Bundle& bundle, const Optimizer& optimizer,
                      const Schedule& schedule, const RunState& state, const Averages* averages = nullptr);

// Restores model, optimizer, schedule and averages to continue after state.epoch; averages start at the model where the
// file has none. Reads our files and the published ones, zip or legacy. Throws Error where the file does not belong to
// this model and these groups.
RunState read_checkpoint(const std::filesystem::path& path, const infer::Bundle& bundle, Optimizer& optimizer,
                         Schedule& schedule, Averages* averages = nullptr);

// The adapter and whatever else trained, with the config and the fingerprints of the frozen models in the metadata:
// what infer::load_bundle needs besides the frozen parts.
void write_adapter(const std::filesystem::path& path, const infer::Bundle& bundle);

}  // namespace epalm::train
