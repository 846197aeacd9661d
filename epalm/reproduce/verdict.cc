#include "epalm/reproduce/verdict.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace epalm::reproduce {
namespace {

int64_t trained_by(const Entry& entry) {
  return entry.runs.front().parameters.trained;
}

std::optional<Verdict> verdict_on(const TableResult& result, size_t task, size_t variant) {
  const std::string metric = main_metric(result.tasks[task]);
  const auto& entries = result.entries[task];
  const auto score = entries[variant].metric(metric);
  if (!score) return {};
  Verdict verdict{.task = result.tasks[task], .variant = result.rows[variant].name, .score = *score};
  for (size_t row = 0; row < result.rows.size(); ++row) {
    const auto other = entries[row].metric(metric);
    if (result.rows[row].ours || !other) continue;
    const bool comparable = static_cast<double>(trained_by(entries[row])) <=
                            kComparable * static_cast<double>(trained_by(entries[variant]));
    if (!comparable) {
      if (other->mean > score->mean) verdict.larger_and_ahead.push_back(result.rows[row].name);
    } else if (verdict.rival.empty() || other->mean > verdict.rival_score.mean) {
      verdict.rival = result.rows[row].name;
      verdict.rival_score = *other;
    }
  }
  if (verdict.rival.empty()) return {};
  return verdict;
}

double variance_of_mean(const Mean& mean) {
  const double deviation = mean.deviation.value_or(0);
  return deviation * deviation / static_cast<double>(mean.count);
}

}  // namespace

bool Verdict::within_noise() const {
  return std::abs(margin()) < std::sqrt(variance_of_mean(score) + variance_of_mean(rival_score));
}

std::vector<Verdict> verdicts_of(const TableResult& result) {
  std::vector<Verdict> verdicts;
  for (size_t row = 0; row < result.rows.size(); ++row) {
    for (size_t task = 0; result.rows[row].ours && task < result.tasks.size(); ++task) {
      if (auto verdict = verdict_on(result, task, row)) verdicts.push_back(std::move(*verdict));
    }
  }
  return verdicts;
}

std::vector<std::string> claims_of(const TableResult& result) {
  const auto verdicts = verdicts_of(result);
  std::vector<std::string> claims;
  for (const Row& row : result.rows) {
    const auto of_row = [&](const Verdict& verdict) { return verdict.variant == row.name; };
    const auto judged = std::count_if(verdicts.begin(), verdicts.end(), of_row);
    if (judged == 0) continue;
    const auto ahead = std::count_if(verdicts.begin(), verdicts.end(),
                                     [&](const Verdict& verdict) { return of_row(verdict) && verdict.ahead(); });
    claims.push_back(fmt::format(
        "{} is ahead of every baseline with a comparable or smaller number of trained parameters on {} of {} {}",
        row.label, ahead, judged, judged == 1 ? "task" : "tasks"));
  }
  return claims;
}

}  // namespace epalm::reproduce
