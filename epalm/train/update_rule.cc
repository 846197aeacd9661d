#include "epalm/train/update_rule.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <functional>

#include "epalm/base/error.h"
#include "epalm/train/muon.h"

namespace epalm::train {
namespace {

using io::Value;

Value step_tensor(const ParameterState& state) {
  return at::full({}, static_cast<double>(state.step), at::kFloat);
}

at::Tensor with_decay(const at::Tensor& gradient, const at::Tensor& parameter, const ParameterGroup& group) {
  return group.weight_decay != 0 ? gradient.add(parameter, group.weight_decay) : gradient;
}

// The tensor of the state, zeros at first.
at::Tensor& kept(ParameterState& state, const char* name, const at::Tensor& like) {
  at::Tensor& tensor = state.tensors[name];
  if (!tensor.defined()) tensor = at::zeros_like(like);
  return tensor;
}

// Adam (arXiv 1412.6980) adds the decay to the gradient, AdamW (arXiv 1711.05101) shrinks the parameter itself.
class Adam : public UpdateRule {
 public:
  Adam(const OptimizerSettings& settings, bool decoupled)
      : betas_(settings.opt_betas.value_or(std::array{0.9, 0.999})),
        eps_(settings.opt_eps.value_or(1e-8)),
        decoupled_(decoupled) {}

  void update(at::Tensor& parameter, at::Tensor gradient, ParameterState& state,
              const ParameterGroup& group) const override {
    const auto [beta1, beta2] = betas_;
    at::Tensor& first = kept(state, "exp_avg", parameter);
    at::Tensor& second = kept(state, "exp_avg_sq", parameter);
    ++state.step;
    if (decoupled_) {
      parameter.mul_(1 - group.lr * group.weight_decay);
    } else {
      gradient = with_decay(gradient, parameter, group);
    }
    first.mul_(beta1).add_(gradient, 1 - beta1);
    second.mul_(beta2).addcmul_(gradient, gradient, 1 - beta2);
    const double correction1 = 1 - std::pow(beta1, static_cast<double>(state.step));
    const double correction2 = 1 - std::pow(beta2, static_cast<double>(state.step));
    const at::Tensor denominator = (second.sqrt() / std::sqrt(correction2)).add_(eps_);
    parameter.addcdiv_(first, denominator, -(group.lr / correction1));
  }

  Shapes state_shapes(at::IntArrayRef parameter) const override {
    return {{"exp_avg", parameter.vec()}, {"exp_avg_sq", parameter.vec()}};
  }

  Value::Dict group_options() const override {
    return {{"betas", Value::tuple({betas_[0], betas_[1]})},
            {"eps", eps_},
            {"amsgrad", false},
            {"foreach", Value()},
            {"maximize", false},
            {"capturable", false}};
  }
  Value::Dict state_scalars(const ParameterState& state) const override { return {{"step", step_tensor(state)}}; }

 private:
  std::array<double, 2> betas_;
  double eps_;
  bool decoupled_;
};

class Sgd : public UpdateRule {
 public:
  Sgd(const OptimizerSettings& settings, bool nesterov) : momentum_(settings.momentum), nesterov_(nesterov) {}

  void update(at::Tensor& parameter, at::Tensor gradient, ParameterState& state,
              const ParameterGroup& group) const override {
    ++state.step;
    gradient = with_decay(gradient, parameter, group);
    if (momentum_ != 0) {
      at::Tensor& buffer = state.tensors["momentum_buffer"];
      if (buffer.defined()) {
        buffer.mul_(momentum_).add_(gradient);
      } else {
        buffer = gradient.clone();
      }
      gradient = nesterov_ ? gradient.add(buffer, momentum_) : buffer;
    }
    parameter.add_(gradient, -group.lr);
  }

  Shapes state_shapes(at::IntArrayRef parameter) const override {
    return momentum_ != 0 ? Shapes{{"momentum_buffer", parameter.vec()}} : Shapes{};
  }

  Value::Dict group_options() const override {
    return {
        {"momentum", momentum_}, {"dampening", 0}, {"nesterov", nesterov_}, {"maximize", false}, {"foreach", Value()}};
  }
  Value::Dict state_scalars(const ParameterState&) const override { return {}; }

 private:
  double momentum_;
  bool nesterov_;
};

// G. Hinton, Neural Networks for Machine Learning, lecture 6a; the published program sets alpha.
class RmsProp : public UpdateRule {
 public:
  explicit RmsProp(const OptimizerSettings& settings)
      : momentum_(settings.momentum), eps_(settings.opt_eps.value_or(1e-8)) {}

  void update(at::Tensor& parameter, at::Tensor gradient, ParameterState& state,
              const ParameterGroup& group) const override {
    ++state.step;
    gradient = with_decay(gradient, parameter, group);
    at::Tensor& squares = kept(state, "square_avg", parameter);
    squares.mul_(kAlpha).addcmul_(gradient, gradient, 1 - kAlpha);
    const at::Tensor root = squares.sqrt().add_(eps_);
    if (momentum_ > 0) {
      at::Tensor& buffer = kept(state, "momentum_buffer", parameter);
      buffer.mul_(momentum_).addcdiv_(gradient, root);
      parameter.add_(buffer, -group.lr);
    } else {
      parameter.addcdiv_(gradient, root, -group.lr);
    }
  }

  Shapes state_shapes(at::IntArrayRef parameter) const override {
    Shapes shapes{{"square_avg", parameter.vec()}};
    if (momentum_ > 0) shapes["momentum_buffer"] = parameter.vec();
    return shapes;
  }

  Value::Dict group_options() const override {
    return {{"momentum", momentum_}, {"alpha", kAlpha},    {"eps", eps_},
            {"centered", false},     {"foreach", Value()}, {"maximize", false}};
  }
  Value::Dict state_scalars(const ParameterState& state) const override { return {{"step", state.step}}; }

 private:
  static constexpr double kAlpha = 0.9;
  double momentum_, eps_;
};

// Duchi et al., Adaptive Subgradient Methods, JMLR 12 (2011).
class Adagrad : public UpdateRule {
 public:
  explicit Adagrad(const OptimizerSettings& settings) : eps_(settings.opt_eps.value_or(1e-10)) {}

  void update(at::Tensor& parameter, at::Tensor gradient, ParameterState& state,
              const ParameterGroup& group) const override {
    ++state.step;
    gradient = with_decay(gradient, parameter, group);
    at::Tensor& sum = kept(state, "sum", parameter);
    sum.addcmul_(gradient, gradient, 1);
    parameter.addcdiv_(gradient, sum.sqrt().add_(eps_), -group.lr);
  }

  Shapes state_shapes(at::IntArrayRef parameter) const override { return {{"sum", parameter.vec()}}; }

  Value::Dict group_options() const override {
    return {
        {"lr_decay", 0}, {"eps", eps_}, {"initial_accumulator_value", 0}, {"foreach", Value()}, {"maximize", false}};
  }
  Value::Dict state_scalars(const ParameterState& state) const override { return {{"step", step_tensor(state)}}; }

 private:
  double eps_;
};

// Adam with Nesterov's momentum (Dozat, ICLR 2016 workshop), as the published optim/nadam.py.
class Nadam : public UpdateRule {
 public:
  explicit Nadam(const OptimizerSettings& settings)
      : betas_(settings.opt_betas.value_or(std::array{0.9, 0.999})), eps_(settings.opt_eps.value_or(1e-8)) {}

  void update(at::Tensor& parameter, at::Tensor gradient, ParameterState& state,
              const ParameterGroup& group) const override {
    const auto [beta1, beta2] = betas_;
    at::Tensor& first = kept(state, "exp_avg", parameter);
    at::Tensor& second = kept(state, "exp_avg_sq", parameter);
    const auto step = static_cast<double>(++state.step);
    gradient = with_decay(gradient, parameter, group);
    const double momentum = momentum_at(step), next_momentum = momentum_at(step + 1);
    state.m_schedule *= momentum;
    first.mul_(beta1).add_(gradient, 1 - beta1);
    second.mul_(beta2).addcmul_(gradient, gradient, 1 - beta2);
    const at::Tensor root = (second / (1 - std::pow(beta2, step))).sqrt_().add_(eps_);
    parameter.addcdiv_(gradient, root, -group.lr * (1 - momentum) / (1 - state.m_schedule));
    parameter.addcdiv_(first, root, -group.lr * next_momentum / (1 - state.m_schedule * next_momentum));
  }

  Shapes state_shapes(at::IntArrayRef parameter) const override {
    return {{"exp_avg", parameter.vec()}, {"exp_avg_sq", parameter.vec()}};
  }

  Value::Dict group_options() const override {
    return {{"betas", Value::tuple({betas_[0], betas_[1]})}, {"eps", eps_}, {"schedule_decay", kScheduleDecay}};
  }
  Value::Dict state_scalars(const ParameterState& state) const override {
    return {{"step", state.step}, {"m_schedule", state.m_schedule}};
  }

 private:
  static constexpr double kScheduleDecay = 4e-3;
  double momentum_at(double step) const { return betas_[0] * (1 - 0.5 * std::pow(0.96, step * kScheduleDecay)); }

  std::array<double, 2> betas_;
  double eps_;
};

// arXiv 1804.04235 with a given rate, as the published optim/adafactor.py: of a matrix only the means of the squared
// gradient over rows and over columns are kept, and a parameter moves by at most the rate in its root mean square.
class Adafactor : public UpdateRule {
 public:
  explicit Adafactor(const OptimizerSettings& settings) : eps_(settings.opt_eps.value_or(1e-30)) {
    if (settings.opt_betas) beta1_ = (*settings.opt_betas)[0];
  }

  void update(at::Tensor& parameter, at::Tensor gradient, ParameterState& state,
              const ParameterGroup& group) const override {
    const double keep = 1 - std::pow(static_cast<double>(++state.step), kDecayRate);
    const at::Tensor squared = gradient.pow(2) + eps_;
    at::Tensor move;
    if (gradient.dim() >= 2) {
      const at::Tensor of_rows = squared.mean(-1), of_columns = squared.mean(-2);
      at::Tensor& rows = kept(state, "exp_avg_sq_row", of_rows);
      at::Tensor& columns = kept(state, "exp_avg_sq_col", of_columns);
      rows.mul_(keep).add_(of_rows, 1 - keep);
      columns.mul_(keep).add_(of_columns, 1 - keep);
      const at::Tensor row_factor = (rows / rows.mean(-1, true)).rsqrt_().unsqueeze(-1);
      move = (row_factor * columns.unsqueeze(-2).rsqrt()).mul_(gradient);
    } else {
      at::Tensor& squares = kept(state, "exp_avg_sq", gradient);
      squares.mul_(keep).add_(squared, 1 - keep);
      move = squares.rsqrt().mul_(gradient);
    }
    move.div_((root_mean_square(move) / kClipThreshold).clamp_(1.0));
    move.mul_(group.lr);
    if (beta1_) {
      at::Tensor& first = kept(state, "exp_avg", gradient);
      move = first.mul_(*beta1_).add_(move, 1 - *beta1_);
    }
    if (group.weight_decay != 0) parameter.add_(parameter, -group.weight_decay * group.lr);
    parameter.add_(-move);
  }

  Shapes state_shapes(at::IntArrayRef parameter) const override {
    Shapes shapes;
    if (parameter.size() >= 2) {
      std::vector<int64_t> columns = parameter.vec();
      columns.erase(columns.end() - 2);
      shapes = {{"exp_avg_sq_row", parameter.slice(0, parameter.size() - 1).vec()}, {"exp_avg_sq_col", columns}};
    } else {
      shapes = {{"exp_avg_sq", parameter.vec()}};
    }
    if (beta1_) shapes["exp_avg"] = parameter.vec();
    return shapes;
  }

  Value::Dict group_options() const override {
    return {{"eps", eps_},
            {"eps_scale", 1e-3},
            {"clip_threshold", kClipThreshold},
            {"decay_rate", kDecayRate},
            {"beta1", beta1_ ? Value(*beta1_) : Value()},
            {"scale_parameter", true},
            {"relative_step", false},
            {"warmup_init", false}};
  }
  // RMS is used by relative steps only.
  Value::Dict state_scalars(const ParameterState& state) const override { return {{"step", state.step}, {"RMS", 0}}; }

 private:
  static constexpr double kDecayRate = -0.8, kClipThreshold = 1;
  static at::Tensor root_mean_square(const at::Tensor& tensor) {
    return tensor.norm(2) / std::sqrt(static_cast<double>(tensor.numel()));
  }

  double eps_;
  std::optional<double> beta1_;
};

// Matrices by Muon (muon.h), everything else by AdamW at the same rate.
class MuonWithAdamW : public UpdateRule {
 public:
  explicit MuonWithAdamW(const OptimizerSettings& settings) : others_(settings, true) {}

  void update(at::Tensor& parameter, at::Tensor gradient, ParameterState& state,
              const ParameterGroup& group) const override {
    if (parameter.dim() != 2) return others_.update(parameter, gradient, state, group);
    ++state.step;
    muon_update(parameter, kept(state, "momentum_buffer", parameter), gradient, group.lr, group.weight_decay);
  }

  Shapes state_shapes(at::IntArrayRef parameter) const override {
    return parameter.size() == 2 ? Shapes{{"momentum_buffer", parameter.vec()}} : others_.state_shapes(parameter);
  }

  Value::Dict group_options() const override { return others_.group_options(); }
  Value::Dict state_scalars(const ParameterState& state) const override { return others_.state_scalars(state); }

 private:
  Adam others_;
};

struct Method {
  const char* name;
  std::function<std::unique_ptr<const UpdateRule>(const OptimizerSettings&)> make;
};

std::unique_ptr<const UpdateRule> nesterov(const OptimizerSettings& settings) {
  require(settings.momentum > 0,
          "optimizer.momentum: opt '{}' needs a momentum above 0; set one, or opt to 'momentum' for plain descent",
          settings.opt);
  return std::make_unique<Sgd>(settings, true);
}

const std::vector<Method>& methods() {
  static const std::vector<Method> kMethods{
      {"adamw", [](const auto& settings) { return std::make_unique<Adam>(settings, true); }},
      {"adam", [](const auto& settings) { return std::make_unique<Adam>(settings, false); }},
      {"sgd", nesterov},
      {"nesterov", nesterov},
      {"momentum", [](const auto& settings) { return std::make_unique<Sgd>(settings, false); }},
      {"rmsprop", [](const auto& settings) { return std::make_unique<RmsProp>(settings); }},
      {"adagrad", [](const auto& settings) { return std::make_unique<Adagrad>(settings); }},
      {"nadam", [](const auto& settings) { return std::make_unique<Nadam>(settings); }},
      {"adafactor", [](const auto& settings) { return std::make_unique<Adafactor>(settings); }},
      {"muon", [](const auto& settings) { return std::make_unique<MuonWithAdamW>(settings); }}};
  return kMethods;
}

}  // namespace

std::unique_ptr<const UpdateRule> make_update_rule(const OptimizerSettings& settings) {
  require(settings.opt_eps.value_or(0) >= 0, "optimizer.opt_eps: expected 0 or more, got {}",
          settings.opt_eps.value_or(0));
  for (const double beta : settings.opt_betas.value_or(std::array{0.0, 0.0})) {
    require(beta >= 0 && beta < 1, "optimizer.opt_betas: expected numbers from 0 to below 1, got {}", beta);
  }
  require(settings.momentum >= 0, "optimizer.momentum: expected 0 or more, got {}", settings.momentum);
  std::string lower = settings.opt;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  std::string known;
  for (const Method& method : methods()) {
    if (lower == method.name) return method.make(settings);
    known += (known.empty() ? "" : ", ") + std::string(method.name);
  }
  fail("optimizer.opt: expected one of {}; got '{}'", known, settings.opt);
}

}  // namespace epalm::train
