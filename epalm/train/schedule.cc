#include "epalm/train/schedule.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

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

Schedule::Schedule(const ScheduleSettings& settings, const Semantics& semantics, std::vector<ParameterGroup>& groups)
    : settings_(settings), follows_(groups.size(), !semantics.schedule_listed_groups_only) {
  require(settings.epochs >= 1, "schedular.epochs: expected at least 1, got {}", settings.epochs);
  require(settings.min_lr >= 0, "schedular.min_lr: expected 0 or more, got {}", settings.min_lr);
  require(settings.warmup_epochs >= 0, "schedular.warmup_epochs: expected 0 or more, got {}", settings.warmup_epochs);
  require(settings.step_size >= 1, "schedular.step_size: expected at least 1, got {}", settings.step_size);
  require(settings.lr_cycle_mul >= 1, "schedular.lr_cycle_mul: expected at least 1, got {}", settings.lr_cycle_mul);
  require(settings.lr_cycle_limit >= 0, "schedular.lr_cycle_limit: expected 0 or more, got {}",
          settings.lr_cycle_limit);
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
}

void Schedule::set_base_rates(std::vector<double> base_rates) {
  require(base_rates.size() == base_rates_.size(),
          "schedule: the checkpoint has {} parameter groups, the settings make {}; resume with the settings of the run",
          base_rates.size(), base_rates_.size());
  base_rates_ = std::move(base_rates);
}

std::vector<double> Schedule::rates(int64_t t) const {
  const ScheduleSettings& s = settings_;
  std::vector<double> rates;
  if (t < s.warmup_epochs) {
    for (const double base : base_rates_) {
      const double slope = (base - s.warmup_lr) / static_cast<double>(s.warmup_epochs);
      rates.push_back(s.warmup_lr + static_cast<double>(t) * slope);
    }
  } else {
    const double since = static_cast<double>(t - s.warmup_epochs), first = static_cast<double>(s.epochs);
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
    const double height = std::pow(s.decay_rate, cycle);
    const double low = s.min_lr * height;
    const bool over = s.lr_cycle_limit > 0 && cycle >= static_cast<double>(s.lr_cycle_limit);
    for (const double base : base_rates_) {
      const double cosine = std::cos(std::numbers::pi * within / length);
      rates.push_back(over ? s.min_lr : low + 0.5 * (base * height - low) * (1 + cosine));
    }
  }
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
