#include "epalm/bench/large_model.h"

#include <fstream>
#include <iterator>

#include "epalm/encoders/vit.h"

namespace epalm::bench {
namespace {

constexpr double kWeightStd = 0.02;

bool has_amx() {
  std::ifstream file("/proc/cpuinfo");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return text.find("amx_bf16") != std::string::npos;
}

}  // namespace

nn::Weights large_lm_weights(const lm::OptConfig& lm, nn::Precision precision) {
  return nn::random_weights(lm::opt_weights(lm), 1, kWeightStd, precision);
}

model::EPalm large_model(const lm::OptConfig& lm, nn::Weights lm_weights, const std::string& vit_name,
                         int64_t prompt_tokens) {
  encoders::VitConfig vit_config = encoders::vit_shape(vit_name);
  vit_config.classes = 0;
  adapter::AdapterConfig config;
  config.injected_hidden_states = kStates;
  config.shared_connector = true;
  config.start_layer_idx = lm.num_hidden_layers / 2 + 1;
  config.end_layer_idx = lm.num_hidden_layers - 1;
  config.prompt_tuning = prompt_tokens > 0;
  if (config.prompt_tuning) config.prompt_len = prompt_tokens;
  config.mlp = false;
  return {
      lm::Opt(lm, std::move(lm_weights)),
      std::make_shared<encoders::Vit>(
          vit_config, nn::random_weights(encoders::vit_weights(vit_config), 2, kWeightStd, nn::Precision::kBFloat16)),
      adapter::Adapter(config, adapter::random_adapter(config, model::frozen_sizes(lm, vit_config.width), 3)), kCausal};
}

at::Tensor random_features(const model::EPalm& model, int64_t media) {
  return at::randn({media, kStates, model.encoder().width()});
}

at::Tensor random_ids(const model::EPalm& model, int64_t texts, int64_t tokens) {
  constexpr int64_t kFirst = 4;  // behind those with a meaning
  return at::randint(kFirst, model.lm().config().vocab_size, {texts, tokens}, at::kLong);
}

double bound_here(double with_amx) {
  static const bool kHasAmx = has_amx();
  return kHasAmx ? with_amx : with_amx / 2;
}

}  // namespace epalm::bench
