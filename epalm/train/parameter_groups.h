#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace epalm::train {

// One parameter of the whole model under its published name, each shared tensor once, in the order of the published
// model: language model, encoder, connectors, prompt.
struct Parameter {
  std::string name;
  int64_t dimensions;  // 1 for biases and norms
  at::Tensor tensor;   // undefined where frozen: frozen parameters take an index in checkpoints and nothing else
};

// The keys that decide the groups. The published captioning programs look for them in the whole configuration instead
// of its `optimizer` part and so find none (Semantics::caption_optimizer_reads_whole_config): the caller says where.
// A rate that is absent is the base rate.
struct GroupKeys {
  bool customized_lr = false;  // one group per part of the model
  std::optional<double> prompt_lr{}, connector_lr{}, vis_lr{}, text_lr{};
  std::optional<double> adapter_lr{};  // bottleneck adapters
};

struct ParameterGroup {
  std::string label;  // for logs: "other", "prompt", "no decay", …
  double lr = 0;
  double weight_decay = 0;
  std::vector<Parameter> parameters;
};

// The groups of SPEC.md §6.1, which may be empty: customized_lr -> connector, vision, text, prompt, other; adapter_lr
// and/or prompt_lr -> other, adapter, prompt, all decayed; else, with weight_decay, biases and 1-D tensors undecayed,
// then the rest; else one group.
std::vector<ParameterGroup> make_groups(const std::vector<Parameter>& parameters, double lr, double weight_decay,
                                        const GroupKeys& keys);

// Number of each parameter in a published optimiser state: counted over the groups in order, frozen ones included.
std::map<std::string, int64_t> state_indices(const std::vector<ParameterGroup>& groups);

}  // namespace epalm::train
