#include "epalm/encoders/transformer_block.h"

#include <cmath>

#include "epalm/encoders/stochastic_depth.h"
#include "epalm/nn/attention.h"
#include "epalm/nn/attention_bfloat16.h"
#include "epalm/nn/recompute.h"

namespace epalm::encoders {
namespace {

constexpr int64_t kLongSequence = 64;  // shorter ones gain less in bfloat16 than their many small products cost

nn::LayerNorm norm_of(const nn::Weights& weights, const std::string& name) {
  return {weights.at(name + ".weight"), weights.at(name + ".bias"), 1e-6};
}

nn::Linear linear_of(const nn::Weights& weights, const std::string& name) {
  return {weights, name, nn::Inputs::kInt8};
}

at::Tensor read_of(const at::Tensor& x, LastRows rows) {
  return rows == LastRows::kCls ? x.slice(1, 0, 1) : x;
}

}  // namespace

SelfAttention::SelfAttention(const nn::Weights& weights, const std::string& norm, const std::string& attn,
                             int64_t heads)
    : norm_(norm_of(weights, norm)),
      qkv_(linear_of(weights, attn + ".qkv")),
      proj_(linear_of(weights, attn + ".proj")),
      heads_(heads) {}

at::Tensor SelfAttention::operator()(const at::Tensor& x, LastRows rows) const {
  const double scale = 1.0 / std::sqrt(static_cast<double>(x.size(-1) / heads_));
  const bool is_long = x.size(1) >= kLongSequence;
  const auto qkv = (is_long ? qkv_.rounded(norm_(x)) : qkv_(norm_(x))).chunk(3, -1);  // each [B,S,Dv]
  const at::Tensor q = read_of(qkv[0], rows);
  if (q.scalar_type() == at::kBFloat16) return proj_(nn::attention_bfloat16(q, qkv[1], qkv[2], heads_, scale));
  return proj_(nn::attention(q, qkv[1], qkv[2], heads_, {}, scale));
}

TransformerBlock::TransformerBlock(const nn::Weights& weights, const std::string& scope, int64_t heads)
    : attention_(weights, scope + "norm1", scope + "attn", heads),
      norm2_(norm_of(weights, scope + "norm2")),
      fc1_(linear_of(weights, scope + "mlp.fc1")),
      fc2_(linear_of(weights, scope + "mlp.fc2")),
      weights_(weights.in_scope(scope)) {}

at::Tensor TransformerBlock::operator()(const at::Tensor& x, double drop_rate, LastRows rows) const {
  return nn::block(x, weights_, [=, *this](const at::Tensor& input) {
    return with_mlp(read_of(input, rows) + drop_path(attention_(input, rows), drop_rate), drop_rate);
  });
}

at::Tensor TransformerBlock::with_mlp(const at::Tensor& x, double drop_rate) const {
  return x + drop_path(fc2_(fc1_.gelu(norm2_(x))), drop_rate);
}

void add_norm_specs(std::vector<nn::WeightSpec>& table, const std::string& name, int64_t width) {
  table.push_back({name + ".weight", {width}, nn::Init::kOnes});
  table.push_back({name + ".bias", {width}, nn::Init::kZeros});
}

void add_linear_specs(std::vector<nn::WeightSpec>& table, const std::string& name, int64_t out, int64_t in,
                      nn::Init init) {
  table.push_back({name + ".weight", {out, in}, init, 4});
  table.push_back({name + ".bias", {out}, nn::Init::kZeros});
}

void add_attention_specs(std::vector<nn::WeightSpec>& table, const std::string& norm, const std::string& attn,
                         int64_t width) {
  add_norm_specs(table, norm, width);
  add_linear_specs(table, attn + ".qkv", 3 * width, width);
  add_linear_specs(table, attn + ".proj", width, width);
}

void add_mlp_specs(std::vector<nn::WeightSpec>& table, const std::string& scope, int64_t width, int64_t mlp_width) {
  add_norm_specs(table, scope + "norm2", width);
  add_linear_specs(table, scope + "mlp.fc1", mlp_width, width);
  add_linear_specs(table, scope + "mlp.fc2", width, mlp_width);
}

void add_block_specs(std::vector<nn::WeightSpec>& table, const std::string& scope, int64_t width, int64_t mlp_width) {
  add_attention_specs(table, scope + "norm1", scope + "attn", width);
  add_mlp_specs(table, scope, width, mlp_width);
}

}  // namespace epalm::encoders
