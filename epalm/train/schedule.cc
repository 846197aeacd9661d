#include "epalm/train/schedule.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "epalm/base/error.h"

namespace epalm::train {
namespace {

// Draws until one lies within the bound.
double noise_at(int64_t t, const ScheduleSettings& settings) {
  at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(static_cast<uint64_t>(settings.seed + t));
  for (;;) {
    const double noise = at::randn({1}, generator, at::kFloat).item<float>();
    if (std::abs(noise) < settings.lr_noise_pct) return noise;
  }
}

bool noisy(int64_t t, const ScheduleSettings& settings) {
  if (!settings.lr_noise) return false;
  const double epochs = static_cast<double>(settings.epochs), time = static_cast<double>(t);
  return settings.lr_noise->first * epochs <= time && time < settings.lr_noise->second * epochs;
}

}  // namespace

Decay decay_named(const std::string& sched) {
  static constexpr std::array<std::pair<const char*, Decay>, 5> kDecays{{{"cosine", Decay::kCosine},
                                                                         {"linear", Decay::kLinear},
                                                                         {"step", Decay::kStep},
                                                                         {"plateau", Decay::kPlateau},
                                                                         {"constant", Decay::kConstant}}};
  std::string known;
  for (const auto& [name, decay] : kDecays) {
    if (sched == name) return decay;
    known += (known.empty() ? "" : ", ") + std::string(name);
  }
  fail("schedular.sched: expected one of {}; got '{}'", known, sched);
}

Schedule::Schedule(const ScheduleSettings& settings, const Semantics& semantics, std::vector<ParameterGroup>& groups)
    : settings_(settings), follows_(groups.size(), !semantics.schedule_listed_groups_only) {
  require(settings.epochs >= 1, "schedular.epochs: expected at least 1, got {}", settings.epochs);
  require(settings.min_lr >= 0, "schedular.min_lr: expected 0 or more, got {}", settings.min_lr);
  require(settings.warmup_epochs >= 0, "schedular.warmup_epochs: expected 0 or more, got {}", settings.warmup_epochs);
  require(settings.step_size >= 1, "schedular.step_size: expected at least 1, got {}", settings.step_size);
  require(settings.lr_cycle_mul >= 1, "schedular.lr_cycle_mul: expected at least 1, got {}", settings.lr_cycle_mul);
  require(settings.lr_cycle_limit >= 0, "schedular.lr_cycle_limit: expected 0 or more, got {}",
          settings.lr_cycle_limit);
  const bool factors = settings.decay == Decay::kStep || settings.decay == Decay::kPlateau;
  require(!factors || (settings.decay_rate > 0 && settings.decay_rate < 1),
          "schedular.decay_rate: sched step and plateau need a number above 0 and below 1, got {}",
          settings.decay_rate);
  require(settings.decay_epochs >= 1, "schedular.decay_epochs: expected at least 1, got {}", settings.decay_epochs);
  require(settings.patience_epochs >= 0, "schedular.patience_epochs: expected 0 or more, got {}",
          settings.patience_epochs);
  require(!settings.lr_noise || settings.lr_noise_pct > 0.01, "schedular.lr_noise_pct: expected more than 0.01, got {}",
          settings.lr_noise_pct);
  for (const int64_t group : settings.scheduler_groups) {
    if (!semantics.schedule_listed_groups_only) break;
    require(group >= 0 && group < static_cast<int64_t>(groups.size()),
            "schedular.scheduler_groups: group {} does not exist, the optimizer settings make groups 0 to {}", group,
            static_cast<int64_t>(groups.size()) - 1);
    follows_[group] = true;
  }
  for (size_t i = 0; i < groups.size(); ++i) {
    base_rates_.push_back(groups[i].lr);
    if (follows_[i] && settings.warmup_epochs > 0) groups[i].lr = settings.warmup_lr;
  }
  plateau_.rates = base_rates_;
}

void Schedule::set_base_rates(std::vector<double> base_rates) {
  require(base_rates.size() == base_rates_.size(),
          "schedule: the checkpoint has {} parameter groups, the settings make {}; resume with the settings of the run",
          base_rates.size(), base_rates_.size());
  base_rates_ = std::move(base_rates);
}

void Schedule::set_plateau(PlateauState state) {
  require(
      state.rates.size() == base_rates_.size(),
      "schedule: the checkpoint has rates of {} parameter groups, the settings make {}; resume with the settings of "
      "the run",
      state.rates.size(), base_rates_.size());
  plateau_ = std::move(state);
}

// torch's ReduceLROnPlateau with its threshold and eps.
void Schedule::after_validation(double score) {
  if (settings_.decay != Decay::kPlateau) return;
  if (score > plateau_.best * (1 + 1e-4)) {
    plateau_.best = score;
    plateau_.bad_epochs = 0;
    return;
  }
  if (++plateau_.bad_epochs <= settings_.patience_epochs) return;
  plateau_.bad_epochs = 0;
  for (double& rate : plateau_.rates) {
    const double lower = std::max(rate * settings_.decay_rate, settings_.min_lr);
    if (rate - lower > 1e-8) rate = lower;
  }
}

double Schedule::decayed(double base, int64_t t) const {
  const ScheduleSettings& s = settings_;
  const auto since = static_cast<double>(t - s.warmup_epochs), first = static_cast<double>(s.epochs);
  switch (s.decay) {
    case Decay::kLinear:
      return base + (s.min_lr - base) * std::min(since / first, 1.0);
    case Decay::kStep:
      return base * std::pow(s.decay_rate, static_cast<double>(t / s.decay_epochs));
    case Decay::kConstant:
    case Decay::kPlateau:  // has rates of its own
      return base;
    case Decay::kCosine:
      break;
  }
  double cycle, length, within;  // number of the cycle, its epochs, epochs into it
  if (s.lr_cycle_mul == 1) {
    cycle = std::floor(since / first);
    length = first;
    within = since - first * cycle;
  } else {
    const double mul = s.lr_cycle_mul;
    cycle = std::floor(std::log(1 - since / first * (1 - mul)) / std::log(mul));
    length = std::pow(mul, cycle) * first;
    within = since - (1 - std::pow(mul, cycle)) / (1 - mul) * first;
  }
  if (s.lr_cycle_limit > 0 && cycle >= static_cast<double>(s.lr_cycle_limit)) return s.min_lr;
  const double height = std::pow(s.decay_rate, cycle);
  const double low = s.min_lr * height;
  return low + 0.5 * (base * height - low) * (1 + std::cos(std::numbers::pi * within / length));
}

std::vector<double> Schedule::rates(int64_t t) const {
  const ScheduleSettings& s = settings_;
  std::vector<double> rates;
  for (const double base : base_rates_) {
    const double slope = (base - s.warmup_lr) / static_cast<double>(s.warmup_epochs);
    rates.push_back(t < s.warmup_epochs ? s.warmup_lr + static_cast<double>(t) * slope : decayed(base, t));
  }
  if (s.decay == Decay::kPlateau && t >= s.warmup_epochs) rates = plateau_.rates;
  if (noisy(t, s)) {
    const double noise = noise_at(t, s);
    for (double& rate : rates) rate += rate * noise;
  }
  return rates;
}

void Schedule::apply(int64_t t, std::vector<ParameterGroup>& groups) const {
  EPALM_ASSERT(groups.size() == base_rates_.size());
  const std::vector<double> now = rates(t);
  for (size_t i = 0; i < groups.size(); ++i) {
    if (follows_[i]) groups[i].lr = now[i];
  }
}

void Schedule::start_epoch(int64_t epoch, std::vector<ParameterGroup>& groups) const {
  if (epoch > 0) apply(epoch + settings_.warmup_epochs, groups);
}

void Schedule::after_step(int64_t epoch, int64_t iteration, std::vector<ParameterGroup>& groups) const {
  if (epoch != 0 || iteration % settings_.step_size != 0) return;
  const int64_t t = iteration / settings_.step_size;
  if (t <= settings_.warmup_epochs) apply(t, groups);
}

}  // namespace epalm::train
