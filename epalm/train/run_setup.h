#pragma once

#include "epalm/infer/bundle.h"
#include "epalm/train/optimizer.h"
#include "epalm/train/schedule.h"

namespace epalm::train {

// What a run's config asks of optimiser and schedule (SPEC.md §6.1, §6.2).
OptimizerSettings optimizer_settings(const infer::RunConfig& config);
Optimizer make_optimizer(const model::EPalm& model, const infer::RunConfig& config);
ScheduleSettings schedule_settings(const infer::RunConfig& config);

}  // namespace epalm::train
