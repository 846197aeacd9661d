#include "epalm/encoders/timesformer.h"

#include <algorithm>

#include "epalm/base/shapes.h"
#include "epalm/encoders/patch_embed.h"
#include "epalm/encoders/stochastic_depth.h"
#include "epalm/nn/recompute.h"

namespace epalm::encoders {
namespace {

// Of the last block in training; earlier ones have less, in equal steps from 0 (SPEC.md §2.2).
constexpr double kLastDropRate = 0.1;

}  // namespace

Timesformer::Timesformer(TimesformerConfig config, nn::Weights weights)
    : config_(config), weights_(std::move(weights)) {
  for (int64_t i = 0; i < config_.depth; ++i) {
    const std::string scope = fmt::format("model.blocks.{}.", i);
    blocks_.emplace_back(weights_, scope, config_.heads);
    if (config_.attention == SpaceTime::kDivided) {
      times_.push_back({SelfAttention(weights_, scope + "temporal_norm1", scope + "temporal_attn", config_.heads),
                        nn::Linear(weights_, scope + "temporal_fc", nn::Inputs::kInt8)});
    }
  }
  norm_ = nn::LayerNorm(weights_.at("model.norm.weight"), weights_.at("model.norm.bias"), 1e-6);
}

// [B,3,F,H,W]
at::Tensor Timesformer::as_clip(const at::Tensor& media) const {
  require((media.dim() == 5 || media.dim() == 4 || media.dim() == 3) && (media.dim() == 3 || media.size(1) == 3) &&
              media.numel() > 0,
          "a TimeSformer sees clips [B,3,F,H,W], pictures [B,3,H,W] or spectrograms [B,T,bins], got a shape of [{}]",
          fmt::join(media.sizes(), ","));
  if (media.dim() == 5) return media;
  const int64_t frames = config_.space_only_for_images ? 1 : config_.frames;
  if (media.dim() == 4) return media.unsqueeze(2).expand({-1, -1, frames, -1, -1});
  const int64_t size = config_.image_size_px;
  const at::Tensor picture = at::upsample_bilinear2d(media.unsqueeze(1), {size, size}, false);  // [B,1,S,S]
  const at::Tensor low = picture.min();
  const at::Tensor range = picture.max() - low;
  // Silence has no range: it is shown black.
  const at::Tensor grey = (picture - low) / at::where(range > 0, range, at::ones_like(range));
  return grey.unsqueeze(2).expand({-1, 3, frames, -1, -1});
}

// The position table for a grid of patches, [1,1+P,Dv].
at::Tensor Timesformer::positions(int64_t rows, int64_t columns, at::ScalarType type) const {
  const at::Tensor table = weights_.at("model.pos_embed").to(type);
  if (table.size(1) == 1 + rows * columns) return table;
  const at::Tensor grid = table.slice(1, 1).transpose(1, 2).reshape({1, -1, config_.grid(), config_.grid()});
  const at::Tensor resized = at::upsample_nearest2d(grid, {rows, columns}).flatten(2).transpose(1, 2);  // [1,P,Dv]
  return at::cat({table.slice(1, 0, 1), resized}, 1);
}

// x [B,1+P·F,Dv]. Each place looks along its own frames; then each frame, with a copy of the CLS, looks at itself, and
// the CLS takes the mean of what its copies found.
at::Tensor Timesformer::run_divided(const TransformerBlock& block, const TimeAttention& time, const at::Tensor& x,
                                    int64_t frames, double drop_rate, LastRows rows) {
  const int64_t batch = x.size(0);
  const int64_t width = x.size(2);
  const at::Tensor cls = x.slice(1, 0, 1);                               // [B,1,Dv]
  const at::Tensor places = x.slice(1, 1).reshape({-1, frames, width});  // [B·P,F,Dv]
  const at::Tensor moved = places + time.out(drop_path(time.attention(places), drop_rate));
  const at::Tensor tokens = moved.view({batch, -1, frames, width});  // [B,P,F,Dv]

  const at::Tensor copies = cls.unsqueeze(1).expand({-1, frames, -1, -1});                 // [B,F,1,Dv]
  const at::Tensor pictures = at::cat({copies, tokens.transpose(1, 2)}, 2).flatten(0, 1);  // [B·F,1+P,Dv]
  const at::Tensor seen =
      drop_path(block.attention()(pictures, rows), drop_rate).view({batch, frames, -1, width});  // [B,F,1+P,Dv]
  const at::Tensor new_cls = cls + seen.select(2, 0).mean(1, true);
  if (rows == LastRows::kCls) return block.with_mlp(new_cls, drop_rate);
  const at::Tensor new_tokens = (tokens + seen.slice(2, 1).transpose(1, 2)).flatten(1, 2);  // [B,P·F,Dv]
  return block.with_mlp(at::cat({new_cls, new_tokens}, 1), drop_rate);
}

void Timesformer::run_blocks(const at::Tensor& media, const ObserveState& observe, bool training,
                             LastRows last_rows) const {
  const at::Tensor clip = as_clip(media);
  const int64_t batch = clip.size(0);
  const int64_t frames = clip.size(2);
  const at::Tensor pictures = clip.transpose(1, 2).flatten(0, 1);  // [B·F,3,H,W]
  at::Tensor patches = embed_patches(pictures, weights_.at("model.patch_embed.proj.weight"),
                                     weights_.at("model.patch_embed.proj.bias"), config_.patch_size_px);
  const auto type = patches.scalar_type();
  const at::Tensor table = positions(clip.size(3) / config_.patch_size_px, clip.size(4) / config_.patch_size_px, type);
  const at::Tensor cls = weights_.at("model.cls_token").to(type) + table.slice(1, 0, 1);  // [1,1,Dv]
  patches = patches + table.slice(1, 1);                                                  // [B·F,P,Dv]

  const bool by_frame = config_.attention == SpaceTime::kSpaceOnly;
  if (!by_frame) {
    patches = patches.view({batch, frames, -1, config_.width}).transpose(1, 2);  // [B,P,F,Dv]
    if (!(config_.space_only_for_images && frames == 1)) {
      const at::Tensor times = weights_.at("model.time_embed").to(type);  // [1,frames of the table,Dv]
      patches =
          patches +
          (frames == times.size(1) ? times : at::upsample_nearest1d(times.transpose(1, 2), {frames}).transpose(1, 2));
    }
    patches = patches.flatten(1, 2);  // [B,P·F,Dv]
  }
  at::Tensor x = at::cat({cls.expand({patches.size(0), -1, -1}), patches}, 1);
  for (size_t i = 0; i < blocks_.size(); ++i) {
    const double last = static_cast<double>(std::max<size_t>(1, blocks_.size() - 1));
    const double drop_rate = training ? kLastDropRate * static_cast<double>(i) / last : 0;
    const LastRows rows = i + 1 == blocks_.size() ? last_rows : LastRows::kAll;
    if (times_.empty()) {
      x = blocks_[i](x, drop_rate, rows);
    } else {
      x = nn::block(x, blocks_[i].weights(), [=, block = blocks_[i], time = times_[i]](const at::Tensor& input) {
        return run_divided(block, time, input, frames, drop_rate, rows);
      });
    }
    observe(by_frame ? x.view({batch, frames, -1, config_.width}).mean(1) : x);
  }
}

}  // namespace epalm::encoders
