#include "epalm/encoders/timesformer_config.h"

#include <fmt/ranges.h>

#include <cmath>

#include "epalm/base/error.h"
#include "epalm/encoders/adapted_file.h"
#include "epalm/encoders/transformer_block.h"
#include "epalm/encoders/trunk_shape.h"

namespace epalm::encoders {
namespace {

constexpr const char* kRoot = "model.";

// The file under the names of the published model.
AdaptedFile published_timesformer(const io::TensorFile& file) {
  for (const char* prefix : {"model.", "module.model.", "module.", ""}) {
    if (file.contains(std::string(prefix) + "patch_embed.proj.weight")) return AdaptedFile(file, prefix, kRoot);
  }
  return AdaptedFile(file);
}

// table [1,rows,Dv] -> [1,new_rows,Dv] by the nearest row, after the first `kept` ones.
at::Tensor nearest_rows(const at::Tensor& table, int64_t kept, int64_t new_rows) {
  if (table.size(1) == kept + new_rows) return table;
  const at::Tensor list = table.slice(1, kept).transpose(1, 2);  // [1,Dv,rows]
  return at::cat({table.slice(1, 0, kept), at::upsample_nearest1d(list, {new_rows}).transpose(1, 2)}, 1);
}

void fit_table(AdaptedFile& file, const std::string& name, int64_t kept, int64_t rows) {
  const auto shape = file.info(name).shape;
  require(shape.size() == 3 && shape[0] == 1 && shape[1] > kept, "'{}': {} has shape [{}], expected [1,rows,width]",
          file.path().string(), name, fmt::join(shape, ","));
  file.change(name, {1, kept + rows, shape[2]},
              [kept, rows](const at::Tensor& table) { return nearest_rows(table, kept, rows); });
}

// Time attention from an image model.
void fill_time_attention(AdaptedFile& file, const std::string& block, int64_t width) {
  const bool is_image_block =
      !file.contains(block + "temporal_attn.qkv.weight") && !file.contains(block + "temporal_fc.weight");
  for (const std::string part :
       {"norm1.weight", "norm1.bias", "attn.qkv.weight", "attn.qkv.bias", "attn.proj.weight", "attn.proj.bias"}) {
    const std::string ours = block + "temporal_" + part;
    if (!file.contains(ours) && file.contains(block + part)) file.copy(block + part, ours);
  }
  if (is_image_block) {
    file.put_zeros(block + "temporal_fc.weight", {width, width});
    file.put_zeros(block + "temporal_fc.bias", {width});
  }
}

std::string block_name(int64_t i) {
  return fmt::format("{}blocks.{}.", kRoot, i);
}

}  // namespace

std::optional<SpaceTime> space_time_named(const std::string& name) {
  if (name == "divided_space_time") return SpaceTime::kDivided;
  if (name == "joint_space_time") return SpaceTime::kJoint;
  if (name == "space_only") return SpaceTime::kSpaceOnly;
  return {};
}

TimesformerConfig timesformer_config_of(const io::TensorFile& original, int64_t heads) {
  const AdaptedFile file = published_timesformer(original);
  const TrunkShape trunk = trunk_shape_of(file, kRoot, 3, heads, "TimeSformer");
  TimesformerConfig config;
  config.image_size_px = trunk.patch_size_px * std::lround(std::sqrt(static_cast<double>(trunk.position_rows - 1)));
  config.patch_size_px = trunk.patch_size_px;
  config.width = trunk.width;
  config.depth = trunk.depth;
  config.heads = trunk.heads;
  config.mlp_width = trunk.mlp_width;
  config.classes = head_classes_of(file, "model.head.bias");
  const bool has_times = file.contains("model.time_embed");
  if (has_times) {
    const auto times = file.info("model.time_embed").shape;
    require(times.size() == 3 && times[1] >= 1, "'{}': model.time_embed is [{}], expected [1,frames,width]",
            file.path().string(), fmt::join(times, ","));
    config.frames = times[1];
  }
  config.attention = file.contains("model.blocks.0.temporal_attn.qkv.weight") ? SpaceTime::kDivided
                     : has_times                                              ? SpaceTime::kJoint
                                                                              : SpaceTime::kSpaceOnly;
  return config;
}

std::vector<nn::WeightSpec> timesformer_weights(const TimesformerConfig& config) {
  const int64_t width = config.width;
  const bool divided = config.attention == SpaceTime::kDivided;
  std::vector<nn::WeightSpec> table;
  table.push_back({"model.cls_token", {1, 1, width}});
  table.push_back({"model.pos_embed", {1, 1 + config.grid() * config.grid(), width}});
  if (config.attention != SpaceTime::kSpaceOnly) {
    table.push_back({"model.time_embed", {1, config.frames, width}, nn::Init::kZeros});
  }
  table.push_back({"model.patch_embed.proj.weight", {width, 3, config.patch_size_px, config.patch_size_px}});
  table.push_back({"model.patch_embed.proj.bias", {width}, nn::Init::kZeros});
  for (int64_t i = 0; i < config.depth; ++i) {
    const std::string block = block_name(i);
    add_attention_specs(table, block + "norm1", block + "attn", width);
    if (divided) {
      add_attention_specs(table, block + "temporal_norm1", block + "temporal_attn", width);
      add_linear_specs(table, block + "temporal_fc", width, width, nn::Init::kZeros);
    }
    add_mlp_specs(table, block, width, config.mlp_width);
  }
  add_norm_specs(table, "model.norm", width);
  if (config.classes > 0) add_linear_specs(table, "model.head", config.classes, width);
  return table;
}

nn::Weights load_timesformer(const TimesformerConfig& config, const io::TensorFile& original, nn::Precision precision) {
  AdaptedFile file = published_timesformer(original);
  file.fit_head("model.head", config.classes, config.width);
  if (file.contains("model.pos_embed")) fit_table(file, "model.pos_embed", 1, config.grid() * config.grid());
  if (config.attention != SpaceTime::kSpaceOnly) {
    if (file.contains("model.time_embed")) {
      fit_table(file, "model.time_embed", 0, config.frames);
    } else if (!file.contains(block_name(0) + "temporal_attn.qkv.weight")) {
      file.put_zeros("model.time_embed", {1, config.frames, config.width});
    }
  }
  if (config.attention == SpaceTime::kDivided) {
    for (int64_t i = 0; i < config.depth; ++i) fill_time_attention(file, block_name(i), config.width);
  }
  nn::LoadOptions options;
  options.precision = precision;
  return nn::load_weights(timesformer_weights(config), file, options);
}

}  // namespace epalm::encoders
