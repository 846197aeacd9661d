#include "epalm/demo/forecast.h"

#include <algorithm>

namespace epalm::demo {
namespace {

constexpr double kTrust_s = 15;  // the expectations weigh as much as so many measured seconds

}  // namespace

void Forecast::expect(const std::string& stage, double seconds) {
  stages_[stage].seconds = seconds;
}

void Forecast::advance(const std::string& stage, double share, double now_s) {
  now_s_ = std::max(now_s_, now_s);
  const auto found = stages_.find(stage);
  if (found == stages_.end()) return;
  Stage& known = found->second;
  if (known.first < 0) known.first = std::clamp(share, 0.0, 1.0);
  known.share = std::clamp(share, known.share, 1.0);
}

void Forecast::finish(const std::string& stage) {
  const auto found = stages_.find(stage);
  if (found == stages_.end()) return;
  if (found->second.first < 0) found->second.first = 1;
  found->second.share = 1;
}

double Forecast::expected_s(const std::string& stage) const {
  const auto found = stages_.find(stage);
  return found == stages_.end() ? 0 : found->second.seconds;
}

double Forecast::share() const {
  double passed = 0, all = 0;
  for (const auto& [name, stage] : stages_) {
    passed += stage.seconds * stage.share;
    all += stage.seconds;
  }
  return all > 0 ? passed / all : 1;
}

double Forecast::remaining_s() const {
  double passed = 0, left = 0;
  for (const auto& [name, stage] : stages_) {
    passed += stage.seconds * (stage.share - std::max(stage.first, 0.0));
    left += stage.seconds * (1 - stage.share);
  }
  return left * (now_s_ + kTrust_s) / (passed + kTrust_s);
}

}  // namespace epalm::demo
