#include "epalm/encoders/transformer_block.h"

#include <cmath>

#include "epalm/nn/attention.h"

namespace epalm::encoders {

TransformerBlock::TransformerBlock(const nn::Weights& weights, const std::string& scope, int64_t heads)
    : heads_(heads) {
  const auto norm = [&](const char* name) {
    return nn::LayerNorm(weights.at(scope + name + ".weight"), weights.at(scope + name + ".bias"), 1e-6);
  };
  const auto linear = [&](const char* name) {
    return nn::Linear(weights.at(scope + name + ".weight"), weights.at(scope + name + ".bias"));
  };
  norm1_ = norm("norm1");
  norm2_ = norm("norm2");
  qkv_ = linear("attn.qkv");
  proj_ = linear("attn.proj");
  fc1_ = linear("mlp.fc1");
  fc2_ = linear("mlp.fc2");
}

at::Tensor TransformerBlock::operator()(const at::Tensor& x) const {
  const double scale = 1.0 / std::sqrt(static_cast<double>(x.size(-1) / heads_));
  const auto qkv = qkv_(norm1_(x)).chunk(3, -1);  // each [B,S,Dv]
  const at::Tensor h = x + proj_(nn::attention(qkv[0] * scale, qkv[1], qkv[2], heads_, {}));
  return h + fc2_(at::gelu(fc1_(norm2_(h))));
}

void add_block_specs(std::vector<nn::WeightSpec>& table, const std::string& scope, int64_t width, int64_t mlp_width) {
  const auto norm = [&](const char* name) {
    table.push_back({scope + name + ".weight", {width}, nn::Init::kOnes});
    table.push_back({scope + name + ".bias", {width}, nn::Init::kZeros});
  };
  const auto linear = [&](const char* name, int64_t out, int64_t in) {
    table.push_back({scope + name + ".weight", {out, in}, nn::Init::kNormal});
    table.push_back({scope + name + ".bias", {out}, nn::Init::kZeros});
  };
  norm("norm1");
  linear("attn.qkv", 3 * width, width);
  linear("attn.proj", width, width);
  norm("norm2");
  linear("mlp.fc1", mlp_width, width);
  linear("mlp.fc2", width, mlp_width);
}

}  // namespace epalm::encoders
