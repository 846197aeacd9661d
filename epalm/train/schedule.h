#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "epalm/base/semantics.h"
#include "epalm/train/parameter_groups.h"

namespace epalm::train {

// How the rates fall after the warmup, epoch by epoch.
enum class Decay {
  kCosine,    // half a cosine from the base rate to min_lr, in cycles
  kLinear,    // a straight line from the base rate to min_lr
  kStep,      // times decay_rate every decay_epochs
  kPlateau,   // times decay_rate once the validation score has not grown for more than patience_epochs
  kConstant,  // not at all
};
// cosine, linear, step, plateau or constant. Throws Error for another name, listing these.
Decay decay_named(const std::string& sched);

// The `schedular` part of a configuration (SPEC.md §6.2).
struct ScheduleSettings {
  Decay decay = Decay::kCosine;
  // Length of training; cosine and linear reach min_lr after it. At least 1.
  int64_t epochs = 1;
  // Not below it: cosine, linear, plateau.
  double min_lr = 0;
  // Rate of the first step; it rises linearly to the base rate over the warmup.
  double warmup_lr = 0;
  // Length of the warmup in units of step_size updates of epoch 0; 0 disables.
  int64_t warmup_epochs = 0;
  int64_t step_size = 100;
  // Groups that follow the schedule. Under Semantics::schedule_listed_groups_only none listed means none; otherwise
  // every group follows and the list is ignored.
  std::vector<int64_t> scheduler_groups{};
  // step, plateau: factor of one decay, above 0 and below 1; cosine: height of a cycle relative to the one before.
  double decay_rate = 1;
  // step: epochs between decays, of which the first is shorter by warmup_epochs: the published program counts both.
  int64_t decay_epochs = 30;
  // plateau: epochs without a better score that are let pass.
  int64_t patience_epochs = 10;
  // cosine: a cycle is lr_cycle_mul times as long as the one before and decay_rate times as high; after
  // lr_cycle_limit of them the rate stays at min_lr (0 = cycles without end).
  double lr_cycle_mul = 1;
  int64_t lr_cycle_limit = 1;
  // From lr_noise[0] up to below lr_noise[1], as fractions of `epochs`, the rates are multiplied by 1 + N(0,1) drawn
  // within ±lr_noise_pct, the same draw for all groups. nullopt disables; a single published number means no upper end
  // (infinity).
  std::optional<std::pair<double, double>> lr_noise{};
  double lr_noise_pct = 0.67;
  int64_t seed = 42;
};

// What kPlateau remembers, as torch's ReduceLROnPlateau.
struct PlateauState {
  double best = -std::numeric_limits<double>::infinity();  // score so far
  int64_t bad_epochs = 0;                                  // since it grew, or since the last decay
  std::vector<double> rates{};                             // of all groups, without noise
};

// Rates over time, with warmup. Double arithmetic in the published order, so that rates are equal bit for bit.
// Resuming needs the base rates, for kPlateau its state, the rates in the groups and the epoch.
class Schedule {
 public:
  // The rates of the groups as they are become the base rates; groups that follow then start at warmup_lr.
  // Throws Error for settings out of range and for a listed group that does not exist.
  Schedule(const ScheduleSettings& settings, const Semantics& semantics, std::vector<ParameterGroup>& groups);

  // Call before the first batch of every epoch.
  void start_epoch(int64_t epoch, std::vector<ParameterGroup>& groups) const;
  // Call after the optimiser's step `iteration` (from 0) of `epoch`: in epoch 0 the warmup advances.
  void after_step(int64_t epoch, int64_t iteration, std::vector<ParameterGroup>& groups) const;

  // Call after the validation of every epoch. score: more is better. Only kPlateau looks at it.
  void after_validation(double score);

  // Rates of all groups at time t: warmup up to warmup_epochs, then epochs.
  std::vector<double> rates(int64_t t) const;

  const ScheduleSettings& settings() const { return settings_; }
  const std::vector<double>& base_rates() const { return base_rates_; }
  // Replaces the base rates when a run is resumed from rates that were scheduled already.
  void set_base_rates(std::vector<double> base_rates);
  const PlateauState& plateau() const { return plateau_; }
  // Throws Error for rates of another number of groups.
  void set_plateau(PlateauState state);

 private:
  double decayed(double base, int64_t t) const;
  void apply(int64_t t, std::vector<ParameterGroup>& groups) const;

  ScheduleSettings settings_;
  std::vector<double> base_rates_;
  PlateauState plateau_;
  std::vector<bool> follows_;  // by group
};

}  // namespace epalm::train
