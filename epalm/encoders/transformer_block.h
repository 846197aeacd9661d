#pragma once

#include <ATen/ATen.h>

#include <string>
#include <vector>

#include "epalm/encoders/encoder.h"
#include "epalm/nn/layer_norm.h"
#include "epalm/nn/linear.h"
#include "epalm/nn/weights.h"

namespace epalm::encoders {

// attn(norm x), every row attending to every row of its sequence. Weight names: `norm`.{weight,bias}, `attn`.qkv (rows
// q, k, v) and `attn`.proj. Where these are frozen in bfloat16, long sequences meet in bfloat16.
class SelfAttention {
 public:
  SelfAttention(const nn::Weights& weights, const std::string& norm, const std::string& attn, int64_t heads);

  // [B,S,Dv] -> [B,S,Dv], or what its first row finds, [B,1,Dv].
  at::Tensor operator()(const at::Tensor& x, LastRows rows = LastRows::kAll) const;

 private:
  nn::LayerNorm norm_;
  nn::Linear qkv_, proj_;
  int64_t heads_;
};

// The pre-LN block that all our encoders are made of, a block of nn/recompute.h: x += attn(norm1 x); x += mlp(norm2 x),
// exact GELU, LayerNorm eps 1e-6 (SPEC.md §2). Weight names below `scope`: norm1, attn.qkv, attn.proj, norm2, mlp.fc1,
// mlp.fc2.
class TransformerBlock {
 public:
  TransformerBlock(const nn::Weights& weights, const std::string& scope, int64_t heads);

  // [B,S,Dv] -> [B,S,Dv], or its first row. drop_rate: stochastic depth of both branches, 0 outside training.
  at::Tensor operator()(const at::Tensor& x, double drop_rate = 0, LastRows rows = LastRows::kAll) const;

  // The two halves, for blocks that regroup rows between them: what attention adds, and x with what the MLP adds.
  const SelfAttention& attention() const { return attention_; }
  at::Tensor with_mlp(const at::Tensor& x, double drop_rate = 0) const;
  // Of everything below `scope`.
  const std::vector<at::Tensor>& weights() const { return weights_; }

 private:
  SelfAttention attention_;
  nn::LayerNorm norm2_;
  nn::Linear fc1_, fc2_;
  std::vector<at::Tensor> weights_;
};

// Rows of the weight table, in the published order: of one attention, of norm2 and mlp, and of a whole block.
void add_attention_specs(std::vector<nn::WeightSpec>& table, const std::string& norm, const std::string& attn,
                         int64_t width);
void add_mlp_specs(std::vector<nn::WeightSpec>& table, const std::string& scope, int64_t width, int64_t mlp_width);
void add_block_specs(std::vector<nn::WeightSpec>& table, const std::string& scope, int64_t width, int64_t mlp_width);

void add_norm_specs(std::vector<nn::WeightSpec>& table, const std::string& name, int64_t width);
void add_linear_specs(std::vector<nn::WeightSpec>& table, const std::string& name, int64_t out, int64_t in,
                      nn::Init init = nn::Init::kNormal);

}  // namespace epalm::encoders
