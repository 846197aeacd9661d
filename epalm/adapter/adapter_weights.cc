#include "epalm/adapter/adapter_weights.h"

#include <ATen/CPUGeneratorImpl.h>

#include <cmath>
#include <set>

namespace epalm::adapter {

std::vector<nn::WeightSpec> adapter_weights(const AdapterConfig& config, const FrozenSizes& sizes) {
  std::vector<nn::WeightSpec> table;
  if (config.use_adapters) {
    table = bottleneck_weights(config.adapter_config, sizes.lm_width, sizes.ffn_width, sizes.lm_layers);
  }
  for (int64_t j = 0; j < config.connectors(); ++j) {
    table.push_back({fmt::format("connector.{}.weight", j), {sizes.lm_width, sizes.encoder_width}});
    table.push_back({fmt::format("connector.{}.bias", j), {sizes.lm_width}});
  }
  if (config.prompt_tuning) {
    const std::string prompt = "prompt_module.prefix_embedding.";
    table.push_back({prompt + "0.weight", {config.prompt_len, sizes.embed_width}});
    for (const char* layer : {"1", "3"}) {
      if (!config.mlp) continue;
      table.push_back({prompt + layer + ".weight", {sizes.embed_width, sizes.embed_width}});
      table.push_back({prompt + layer + ".bias", {sizes.embed_width}});
    }
  }
  return table;
}

nn::Weights random_adapter(const AdapterConfig& config, const FrozenSizes& sizes, uint64_t seed) {
  auto generator = at::detail::createCPUGenerator(seed);
  nn::Weights weights;
  for (const auto& spec : adapter_weights(config, sizes)) {
    at::Tensor tensor = at::empty(spec.shape);
    if (spec.init != nn::Init::kNormal) {
      tensor.fill_(spec.init == nn::Init::kOnes ? 1 : 0);
    } else if (spec.name.starts_with("model_text.")) {
      tensor.normal_(0.0, 1e-3, generator).clamp_(-2e-3, 2e-3);
    } else if (spec.name.ends_with("prefix_embedding.0.weight")) {
      tensor.normal_(0.0, 1.0, generator);
    } else {
      const int64_t inputs = spec.name.starts_with("connector") ? sizes.encoder_width : sizes.embed_width;
      const double limit = 1 / std::sqrt(static_cast<double>(inputs));
      tensor.uniform_(-limit, limit, generator);
    }
    weights.add(spec.name, tensor);
  }
  return weights;
}

nn::Weights load_adapter(const std::vector<nn::WeightSpec>& table, const io::TensorFile& file) {
  std::set<std::string> second_names;
  for (const auto& spec : table) {
    const auto names = published_names(spec.name);
    second_names.insert(names.begin() + 1, names.end());
  }
  nn::LoadOptions options;
  options.file_names = published_names;
  options.may_be_unused = [&](const std::string& name) { return second_names.contains(name); };
  return nn::load_weights(table, file, options);
}

std::vector<std::string> published_names(const std::string& name) {
  const std::string layers = "model_text.model.decoder.layers.";
  if (!name.starts_with(layers)) return {name};
  return {name, "transformer." + name.substr(layers.size())};
}

}  // namespace epalm::adapter
