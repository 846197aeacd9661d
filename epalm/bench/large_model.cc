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

nn::Weights large_lm_weights(const std::string& opt_size, nn::Precision precision) {
  return nn::random_weights(lm::opt_weights(lm::opt_shape(opt_size)), 1, kWeightStd, precision);
}

model::EPalm large_model(const std::string& opt_size, nn::Weights lm_weights, const std::string& vit_name) {
  const lm::OptConfig lm_config = lm::opt_shape(opt_size);
  encoders::VitConfig vit_config = encoders::vit_shape(vit_name);
  vit_config.classes = 0;
  adapter::AdapterConfig config;
  config.injected_hidden_states = 6;
  config.shared_connector = true;
  config.start_layer_idx = lm_config.num_hidden_layers / 2 + 1;
  config.end_layer_idx = lm_config.num_hidden_layers - 1;
  config.prompt_tuning = true;
  config.prompt_len = 10;
  config.mlp = false;
  return {
      lm::Opt(lm_config, std::move(lm_weights)),
      std::make_shared<encoders::Vit>(
          vit_config, nn::random_weights(encoders::vit_weights(vit_config), 2, kWeightStd, nn::Precision::kBFloat16)),
      adapter::Adapter(config, adapter::random_adapter(config, model::frozen_sizes(lm_config, vit_config.width), 3)),
      kCausal};
}

double bound_here(double with_amx) {
  static const bool kHasAmx = has_amx();
  return kHasAmx ? with_amx : with_amx / 2;
}

}  // namespace epalm::bench
