#include "epalm/nn/attention_blocks.h"

namespace epalm::nn {

std::optional<at::Tensor> attention_in_blocks(const at::Tensor&, const at::Tensor&, const at::Tensor&, int64_t,
                                              const at::Tensor&) {
  return {};
}

}  // namespace epalm::nn
