#include "epalm/bench/plain_encoders.h"

#include <fmt/format.h>

#include <cmath>
#include <string>

namespace epalm::bench {
namespace {

at::Tensor layer_norm(const nn::Weights& weights, const std::string& name, const at::Tensor& x) {
  return at::layer_norm(x, {x.size(-1)}, weights.at(name + ".weight"), weights.at(name + ".bias"), 1e-6);
}

at::Tensor linear(const nn::Weights& weights, const std::string& name, const at::Tensor& x) {
  return at::linear(x, weights.at(name + ".weight"), weights.at(name + ".bias"));
}

// x [B,S,Dv] -> [B,S,Dv]
at::Tensor attention(const nn::Weights& weights, const std::string& name, int64_t heads, const at::Tensor& x) {
  const int64_t width = x.size(2);
  const at::Tensor qkv = linear(weights, name + ".qkv", x)
                             .reshape({x.size(0), x.size(1), 3, heads, width / heads})
                             .permute({2, 0, 3, 1, 4});  // [3,B,H,S,Dv/H]
  const double scale = 1.0 / std::sqrt(static_cast<double>(width / heads));
  const at::Tensor scores = at::matmul(qkv[0], qkv[1].transpose(-2, -1)) * scale;
  const at::Tensor mixed = at::matmul(at::softmax(scores, -1), qkv[2]);  // [B,H,S,Dv/H]
  return linear(weights, name + ".proj", mixed.transpose(1, 2).reshape(x.sizes()));
}

at::Tensor add_mlp(const nn::Weights& weights, const std::string& scope, const at::Tensor& x) {
  const at::Tensor inner = at::gelu(linear(weights, scope + "mlp.fc1", layer_norm(weights, scope + "norm2", x)));
  return x + linear(weights, scope + "mlp.fc2", inner);
}

at::Tensor block(const nn::Weights& weights, const std::string& scope, int64_t heads, const at::Tensor& x) {
  return add_mlp(weights, scope,
                 x + attention(weights, scope + "attn", heads, layer_norm(weights, scope + "norm1", x)));
}

// [B,C,H,W] -> [B,P,Dv]
at::Tensor patches(const nn::Weights& weights, const std::string& root, int64_t stride, const at::Tensor& pixels) {
  return at::conv2d(pixels, weights.at(root + "patch_embed.proj.weight"), weights.at(root + "patch_embed.proj.bias"),
                    stride)
      .flatten(2)
      .transpose(1, 2);
}

at::Tensor row(const nn::Weights& weights, const std::string& name, int64_t batch) {
  return weights.at(name).expand({batch, -1, -1});
}

// The names say the order: "b h w t" is [B,rows,columns,F].
at::Tensor divided_block(const nn::Weights& weights, const std::string& scope, int64_t heads, int64_t frames,
                         const at::Tensor& x) {
  const int64_t batch = x.size(0);
  const int64_t width = x.size(2);
  const int64_t places = (x.size(1) - 1) / frames;
  const at::Tensor along = x.slice(1, 1).reshape({batch * places, frames, width});  // (b h w) t m
  at::Tensor moved =
      attention(weights, scope + "temporal_attn", heads, layer_norm(weights, scope + "temporal_norm1", along));
  moved = linear(weights, scope + "temporal_fc", moved.reshape({batch, places * frames, width}));  // b (h w t) m
  const at::Tensor xt = x.slice(1, 1) + moved;

  const at::Tensor init_cls = x.slice(1, 0, 1);                                                   // b 1 m
  const at::Tensor copies = init_cls.repeat({1, frames, 1}).reshape({batch * frames, 1, width});  // (b t) 1 m
  at::Tensor xs = xt.view({batch, places, frames, width}).transpose(1, 2);                        // b t (h w) m
  xs = at::cat({copies, xs.reshape({batch * frames, places, width})}, 1);                         // (b t) 1+(h w) m
  const at::Tensor seen = attention(weights, scope + "attn", heads, layer_norm(weights, scope + "norm1", xs));
  const at::Tensor cls = seen.select(1, 0).reshape({batch, frames, width}).mean(1, true);             // b 1 m
  const at::Tensor found = seen.slice(1, 1).reshape({batch, frames, places, width}).transpose(1, 2);  // b (h w) t m
  return add_mlp(weights, scope,
                 at::cat({init_cls, xt}, 1) + at::cat({cls, found.reshape({batch, places * frames, width})}, 1));
}

}  // namespace

nn::Weights random_weights_without_zeros(std::vector<nn::WeightSpec> table, double std) {
  for (nn::WeightSpec& spec : table) {
    if (spec.init == nn::Init::kZeros) spec.init = nn::Init::kNormal;
  }
  return nn::random_weights(table, 1, std);
}

at::Tensor plain_vit(const encoders::VitConfig& config, const nn::Weights& weights, const at::Tensor& pixels) {
  at::Tensor x = patches(weights, "", config.patch_size_px, pixels);
  x = at::cat({row(weights, "cls_token", x.size(0)), x}, 1) + weights.at("pos_embed");
  for (int64_t i = 0; i < config.depth; ++i) x = block(weights, fmt::format("blocks.{}.", i), config.heads, x);
  return layer_norm(weights, "norm", x);
}

at::Tensor plain_timesformer(const encoders::TimesformerConfig& config, const nn::Weights& weights,
                             const at::Tensor& clip) {
  const int64_t batch = clip.size(0);
  const int64_t frames = clip.size(2);
  const at::Tensor pictures = clip.transpose(1, 2).reshape({batch * frames, 3, clip.size(3), clip.size(4)});
  at::Tensor x = patches(weights, "model.", config.patch_size_px, pictures);  // (b t) (h w) m
  x = at::cat({row(weights, "model.cls_token", x.size(0)), x}, 1) + weights.at("model.pos_embed");
  const at::Tensor cls = x.slice(0, 0, batch).slice(1, 0, 1);                    // equal in every frame
  x = x.slice(1, 1).reshape({batch, frames, -1, config.width}).transpose(1, 2);  // b (h w) t m
  x = at::cat({cls, (x + weights.at("model.time_embed")).flatten(1, 2)}, 1);     // b 1+(h w t) m
  for (int64_t i = 0; i < config.depth; ++i) {
    x = divided_block(weights, fmt::format("model.blocks.{}.", i), config.heads, frames, x);
  }
  return layer_norm(weights, "model.norm", x);
}

at::Tensor plain_ast(const encoders::AstConfig& config, const nn::Weights& weights, const at::Tensor& spectrograms) {
  at::Tensor x = patches(weights, "v.", config.stride, spectrograms.unsqueeze(1).transpose(2, 3));
  const int64_t batch = x.size(0);
  x = at::cat({row(weights, "v.cls_token", batch), row(weights, "v.dist_token", batch), x}, 1) +
      weights.at("v.pos_embed");
  for (int64_t i = 0; i < config.depth; ++i) x = block(weights, fmt::format("v.blocks.{}.", i), config.heads, x);
  return layer_norm(weights, "v.norm", x);
}

}  // namespace epalm::bench
