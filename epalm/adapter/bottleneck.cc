#include "epalm/adapter/bottleneck.h"

namespace epalm::adapter {

Bottleneck::Bottleneck(const BottleneckConfig& config, const nn::Weights& weights, const std::string& scope)
    : kind_(bottleneck_kind(config)) {
  const auto weight = [&](int index) { return weights.at(fmt::format("{}adapter.{}.weight", scope, index)); };
  const auto bias = [&](int index) { return weights.at(fmt::format("{}adapter.{}.bias", scope, index)); };
  if (config.add_layernorm) norm_ = nn::LayerNorm(weight(0), bias(0), 1e-5);
  const int first = config.add_layernorm ? 1 : 0;
  down_ = nn::Linear(weight(first), bias(first));
  up_ = nn::Linear(weight(first + 2), bias(first + 2));
  if (kind_ == BottleneckKind::kScaledParallel) scale_ = weights.at(scope + "adapter_scale");
}

at::Tensor Bottleneck::operator()(const at::Tensor& input, const at::Tensor& output) const {
  const at::Tensor& read = kind_ == BottleneckKind::kNormal ? output : input;
  const at::Tensor change = up_(at::relu(down_(norm_.defined() ? norm_(read) : read)));
  return output + (scale_.defined() ? change * scale_ : change);
}

}  // namespace epalm::adapter
