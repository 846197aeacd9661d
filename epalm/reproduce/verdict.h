#pragma once

#include <optional>
#include <string>
#include <vector>

#include "epalm/reproduce/run_table.h"

namespace epalm::reproduce {

// A baseline counts as comparable while it trains at most so many times the parameters of the variant.
inline constexpr double kComparable = 1.25;

// Whether a variant of eP-ALM is ahead of every baseline with a comparable or smaller number of trained parameters, on
// one task, by the mean of the main metric.
struct Verdict {
  infer::Task task = infer::Task::kVqa;
  std::string variant{};  // name of the row
  Mean score{};
  std::string rival{};  // the best comparable baseline
  Mean rival_score{};
  std::vector<std::string> larger_and_ahead{};  // baselines that train more and score more

  double margin() const { return score.mean - rival_score.mean; }
  bool ahead() const { return margin() > 0; }
  // The margin is less than what the seeds spread: the root of the sum of both variances of the means.
  bool within_noise() const;
};

// One for each variant and task that was measured, with a comparable baseline that was too; variants in the order of
// the rows, the tasks of each together.
std::vector<Verdict> verdicts_of(const TableResult& result);

// "eP-ALM_pt-L is ahead of every baseline that trains as many parameters or fewer on 5 of 6 tasks", one for each
// variant.
std::vector<std::string> claims_of(const TableResult& result);

}  // namespace epalm::reproduce
