#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "epalm/adapter/adapter_config.h"
#include "epalm/nn/weights.h"

namespace epalm::adapter {

// Sizes of the frozen models that the adapter joins.
struct FrozenSizes {
  int64_t encoder_width = 0;  // Dv
  int64_t lm_width = 0;       // D
  int64_t embed_width = 0;    // W: of token embeddings, where prompts live
  int64_t ffn_width = 0;      // ffn_dim of the LM
  int64_t lm_layers = 0;      // L
};

// Weight table, published names and order: bottlenecks (bottleneck_weights), connector.j.{weight,bias},
// prompt_module.prefix_embedding.{0.weight,1.*,3.*}. Throws Error where a bottleneck would have no width.
std::vector<nn::WeightSpec> adapter_weights(const AdapterConfig& config, const FrozenSizes& sizes);

// The published initialisation: U(±1/sqrt(inputs)) for connectors and the prompt's linear layers, N(0,1) for the prompt
// rows, N(0, 1e-3) cut at ±2e-3 for both matrices of a bottleneck and their biases, its scale 1.
nn::Weights random_adapter(const AdapterConfig& config, const FrozenSizes& sizes, uint64_t seed);

// From a published checkpoint or an adapter of ours. Throws Error naming missing, mis-shaped and unknown tensors.
nn::Weights load_adapter(const std::vector<nn::WeightSpec>& table, const io::TensorFile& file);

// Every name that a published checkpoint gives the tensor: bottlenecks stand in it twice, the second time as
// "transformer.N.…", since the published model holds the LM's layers twice.
std::vector<std::string> published_names(const std::string& name);

}  // namespace epalm::adapter
