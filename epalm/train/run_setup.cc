#include "epalm/train/run_setup.h"

#include <limits>

namespace epalm::train {

OptimizerSettings optimizer_settings(const infer::RunConfig& config) {
  const auto& keys = config.optimizer;
  return {keys.opt, keys.opt_eps, keys.opt_betas, keys.momentum};
}

Optimizer make_optimizer(const model::EPalm& model, const infer::RunConfig& config) {
  const auto& keys = config.optimizer;
  std::vector<Parameter> parameters;
  for (const auto& [name, tensor] : model.parameters()) {
    parameters.push_back({name, tensor.dim(), tensor.requires_grad() ? tensor : at::Tensor()});
  }
  GroupKeys groups{keys.customized_lr, keys.prompt_lr, keys.connector_lr, keys.vis_lr, keys.text_lr, keys.adapter_lr};
  if (infer::is_caption(config.task) && model.semantics().caption_optimizer_reads_whole_config) groups = {};
  return {optimizer_settings(config), make_groups(parameters, keys.lr, keys.weight_decay, groups)};
}

ScheduleSettings schedule_settings(const infer::RunConfig& config) {
  const auto& keys = config.schedule;
  ScheduleSettings settings;
  settings.decay = decay_named(keys.sched);
  settings.epochs = keys.epochs;
  settings.min_lr = keys.min_lr;
  settings.warmup_lr = keys.warmup_lr;
  settings.warmup_epochs = keys.warmup_epochs;
  settings.step_size = keys.step_size;
  settings.scheduler_groups = keys.scheduler_groups;
  settings.decay_rate = keys.decay_rate;
  settings.decay_epochs = keys.decay_epochs;
  settings.patience_epochs = keys.patience_epochs;
  settings.lr_cycle_mul = keys.lr_cycle_mul;
  settings.lr_cycle_limit = keys.lr_cycle_limit;
  if (!keys.lr_noise.empty()) {
    settings.lr_noise = {keys.lr_noise[0],
                         keys.lr_noise.size() > 1 ? keys.lr_noise[1] : std::numeric_limits<double>::infinity()};
  }
  settings.lr_noise_pct = keys.lr_noise_pct;
  settings.seed = keys.seed;
  return settings;
}

}  // namespace epalm::train
