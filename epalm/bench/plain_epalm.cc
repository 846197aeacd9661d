#include "epalm/bench/plain_epalm.h"

#include <fmt/format.h>

#include <cmath>

#include "epalm/base/error.h"
#include "epalm/nn/linear.h"

namespace epalm::bench {
namespace {

constexpr int64_t kPositionOffset = 2;  // rows of the position table before the first position

at::Tensor norm(const nn::Weights& weights, const std::string& name, const at::Tensor& x) {
  const auto own = [&](const char* part) { return weights.at(name + part).to(x.scalar_type()); };
  return at::layer_norm(x, {x.size(-1)}, own(".weight"), own(".bias"), 1e-5);
}

// [B,S,D] -> [B,H,S,D/H]
at::Tensor split_heads(const at::Tensor& x, int64_t heads) {
  return x.view({x.size(0), x.size(1), heads, -1}).transpose(1, 2);
}

at::Tensor attention(const lm::OptConfig& config, const PlainLinear& linear, const std::string& scope,
                     const at::Tensor& x, const at::Tensor& mask) {
  const int64_t heads = config.num_attention_heads;
  const double scale = 1.0 / std::sqrt(static_cast<double>(x.size(2) / heads));
  const at::Tensor q = split_heads(linear(scope + "q_proj", x) * scale, heads);
  const at::Tensor k = split_heads(linear(scope + "k_proj", x), heads);
  const at::Tensor v = split_heads(linear(scope + "v_proj", x), heads);
  const at::Tensor shares = at::softmax(at::matmul(q, k.transpose(2, 3)) + mask, -1);  // [B,H,S,S]
  return linear(scope + "out_proj", at::matmul(shares, v).transpose(1, 2).reshape(x.sizes()));
}

}  // namespace

PlainLinear libtorch_linear(const nn::Weights& weights) {
  return [&weights](const std::string& name, const at::Tensor& x) {
    const bool has_bias = weights.contains(name + ".bias");
    return at::linear(x, weights.at(name + ".weight"),
                      has_bias ? c10::make_optional(weights.at(name + ".bias").to(x.scalar_type())) : c10::nullopt);
  };
}

PlainLinear onednn_linear(const nn::Weights& weights) {
  return [&weights](const std::string& name, const at::Tensor& x) { return nn::Linear(weights, name)(x); };
}

at::Tensor plain_logits(const lm::OptConfig& config, const nn::Weights& weights, const PlainLinear& linear,
                        const std::vector<at::Tensor>& slots, const at::Tensor& prompts, const at::Tensor& ids) {
  require(config.do_layer_norm_before && !config.has_projection(), "the plain path is of pre-LN shapes alone");
  const std::string root = "model.decoder.";
  const at::Tensor& table = weights.at(root + "embed_tokens.weight");
  const at::Tensor& positions = weights.at(root + "embed_positions.weight");
  at::Tensor x = at::embedding(table, ids) +
                 positions.slice(0, kPositionOffset, kPositionOffset + ids.size(1)).to(table.scalar_type());
  if (prompts.defined()) {
    x = at::cat({prompts.to(x.scalar_type()).unsqueeze(0).expand({ids.size(0), -1, -1}), x}, 1);
  }
  at::Tensor mask;
  bool has_slot = false;
  for (int64_t i = 0; i < config.num_hidden_layers; ++i) {
    if (static_cast<size_t>(i) < slots.size() && slots[static_cast<size_t>(i)].defined()) {
      x = at::cat({slots[static_cast<size_t>(i)].to(x.scalar_type()), x.slice(1, has_slot ? 1 : 0)}, 1);
      has_slot = true;
    }
    if (!mask.defined() || mask.size(0) != x.size(1)) {
      mask = at::full({x.size(1), x.size(1)}, -INFINITY, x.options()).triu(1);
    }
    const std::string scope = fmt::format("{}layers.{}.", root, i);
    x = x + attention(config, linear, scope + "self_attn.", norm(weights, scope + "self_attn_layer_norm", x), mask);
    const at::Tensor inner = at::relu(linear(scope + "fc1", norm(weights, scope + "final_layer_norm", x)));
    x = x + linear(scope + "fc2", inner);
  }
  return linear(root + "embed_tokens", norm(weights, root + "final_layer_norm", x));
}

at::Tensor plain_loss(const at::Tensor& logits, const at::Tensor& ids) {
  const at::Tensor rows = logits.slice(1, logits.size(1) - ids.size(1), -1).to(at::kFloat);
  return at::cross_entropy_loss(rows.reshape({-1, rows.size(2)}), ids.slice(1, 1).reshape({-1}));
}

}  // namespace epalm::bench
