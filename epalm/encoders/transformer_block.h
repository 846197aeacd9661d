#pragma once

#include <ATen/ATen.h>

#include <string>

#include "epalm/nn/layer_norm.h"
#include "epalm/nn/linear.h"
#include "epalm/nn/weights.h"

namespace epalm::encoders {

// The pre-LN block that all our encoders are made of: x += attn(norm1 x); x += mlp(norm2 x), exact GELU, LayerNorm eps
// 1e-6 (SPEC.md §2). Weight names below `scope`: norm1, attn.qkv (rows q, k, v), attn.proj, norm2, mlp.fc1, mlp.fc2.
class TransformerBlock {
 public:
  TransformerBlock(const nn::Weights& weights, const std::string& scope, int64_t heads);

  at::Tensor operator()(const at::Tensor& x) const;  // [B,S,Dv] -> [B,S,Dv]

 private:
  nn::LayerNorm norm1_, norm2_;
  nn::Linear qkv_, proj_, fc1_, fc2_;
  int64_t heads_;
};

// The rows of the weight table for one block.
void add_block_specs(std::vector<nn::WeightSpec>& table, const std::string& scope, int64_t width, int64_t mlp_width);

}  // namespace epalm::encoders
