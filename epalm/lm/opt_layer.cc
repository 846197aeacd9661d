#include "epalm/lm/opt_layer.h"

#include <fmt/format.h>

#include <cmath>

#include "epalm/nn/attention.h"
#include "epalm/nn/dropout.h"
#include "epalm/nn/recompute.h"
#include "epalm/nn/relu_mlp.h"

namespace epalm::lm {
namespace {

// All but so many of the first rows.
at::Tensor behind(const at::Tensor& x, int64_t first) {
  return first > 0 ? x.slice(1, first) : x;
}

at::Tensor hooked(const PartHook& hook, const at::Tensor& input, const at::Tensor& output) {
  return hook ? hook(input, output) : output;
}

// Keeps the keys and values of this pass and attends to all that are kept.
at::Tensor attend_to_kept(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, int64_t heads,
                          const at::Tensor& mask, double scale, const LayerCache& cache) {
  const int64_t rows = k.size(1), positions = cache.kept.index.size(1), front = rows == positions ? 0 : cache.front;
  if (front > 0) nn::keep(cache.kept, k.slice(1, 0, front), v.slice(1, 0, front), 0);
  nn::keep(cache.kept, behind(k, front), behind(v, front), positions - (rows - front));
  // A first pass attends to itself alone.
  return rows == positions ? nn::attention(q, k, v, heads, mask, scale)
                           : nn::attention(q.mul_(scale), cache.kept, heads, mask);
}

}  // namespace

int64_t kept_bytes_per_row(const OptConfig& config, int64_t sequence, bool training) {
  const int64_t width = config.hidden_size;
  int64_t numbers = 5 * width + 4 + config.ffn_dim;
  if (training && config.dropout > 0) numbers += 2 * width;
  if (training && config.attention_dropout > 0) numbers += 3 * config.num_attention_heads * sequence;
  return numbers * static_cast<int64_t>(sizeof(float));
}

OptLayer::OptLayer(const OptConfig& config, const nn::Weights& weights, int64_t index)
    : heads_(config.num_attention_heads),
      scale_(1.0 / std::sqrt(static_cast<double>(config.hidden_size / heads_))),
      norm_first_(config.do_layer_norm_before),
      dropout_(config.dropout),
      attention_dropout_(config.attention_dropout) {
  const std::string scope = fmt::format("model.decoder.layers.{}.", index);
  const auto linear = [&](const std::string& name) { return nn::Linear(weights, scope + name); };
  const auto norm = [&](const std::string& name) {
    return nn::LayerNorm(weights.at(scope + name + ".weight"), weights.at(scope + name + ".bias"), 1e-5);
  };
  q_ = linear("self_attn.q_proj");
  k_ = linear("self_attn.k_proj");
  v_ = linear("self_attn.v_proj");
  out_ = linear("self_attn.out_proj");
  fc1_ = linear("fc1");
  fc2_ = linear("fc2");
  attention_norm_ = norm("self_attn_layer_norm");
  final_norm_ = norm("final_layer_norm");
  weights_ = weights.in_scope(scope);
}

at::Tensor OptLayer::self_attention(const at::Tensor& x, const Attend& attend, const PartHook& hook,
                                    int64_t unread) const {
  const auto kvq = nn::Linear::each(x, unread > 0 ? std::vector{&k_, &v_} : std::vector{&k_, &v_, &q_});
  const at::Tensor read = behind(x, unread), q = unread > 0 ? q_(read) : kvq[2];
  return hooked(hook, read, out_(attend(q, kvq[0], kvq[1])));
}

at::Tensor OptLayer::feed_forward(const at::Tensor& x, const PartHook& hook, bool grows) const {
  if (!hook) {
    if (const auto y = nn::relu_mlp(x, fc1_, fc2_)) return *y;
  }
  at::Tensor inner = fc1_(x);  // [B,S,ffn_dim]
  inner = grows ? inner.relu_() : at::relu(inner);
  return hooked(hook, inner, fc2_(inner));
}

at::Tensor OptLayer::operator()(const at::Tensor& x, const at::Tensor& mask, bool training, const LayerHooks& hooks,
                                const LayerCache* cache, int64_t unread) const {
  if (cache != nullptr) {
    const auto attend = [&](const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) {
      return attend_to_kept(q, k, v, heads_, mask, scale_, *cache);
    };
    return compute(x, attend, training, hooks, unread, true);
  }
  const double dropout = training ? attention_dropout_ : 0.0;
  const auto attend = [=, heads = heads_, scale = scale_](const at::Tensor& q, const at::Tensor& k,
                                                          const at::Tensor& v) {
    return nn::attention(q, k, v, heads, mask, scale, dropout);
  };
  return block(x, attend, training, hooks, unread);
}

at::Tensor OptLayer::operator()(const at::Tensor& x, const at::Tensor& mask, const LayerHooks& hooks,
                                const nn::SharedBeginning& beginning) const {
  const auto attend = [=, heads = heads_, scale = scale_](const at::Tensor& q, const at::Tensor& k,
                                                          const at::Tensor& v) {
    return nn::attention(q, k, v, heads, mask, scale, beginning);
  };
  return block(x, attend, false, hooks, 0);
}

at::Tensor OptLayer::block(const at::Tensor& x, const Attend& attend, bool training, const LayerHooks& hooks,
                           int64_t unread) const {
  std::vector<at::Tensor> weights = weights_;
  weights.insert(weights.end(), hooks.weights.begin(), hooks.weights.end());
  return nn::block(x, weights, [=, *this](const at::Tensor& input) {
    return compute(input, attend, training, hooks, unread, false);
  });
}

at::Tensor OptLayer::compute(const at::Tensor& x, const Attend& attend, bool training, const LayerHooks& hooks,
                             int64_t unread, bool grows) const {
  const auto drop = [&](const at::Tensor& y) { return training ? nn::dropout(y, dropout_) : y; };
  // Asking for memory takes longer than a few rows' arithmetic.
  const auto plus = [&](const at::Tensor& before, at::Tensor part) {
    return grows ? part.add_(before) : before + drop(part);
  };
  if (norm_first_) {
    const auto [x_around, first] = attention_norm_.beside(x);
    const at::Tensor attended = self_attention(first, attend, hooks.attention, unread);
    const auto [h_around, second] = final_norm_.beside(plus(behind(x_around, unread), attended));
    return plus(h_around, feed_forward(second, hooks.fc2, grows));
  }
  const at::Tensor h = attention_norm_(plus(behind(x, unread), self_attention(x, attend, hooks.attention, unread)));
  return final_norm_(plus(h, feed_forward(h, hooks.fc2, grows)));
}

}  // namespace epalm::lm
