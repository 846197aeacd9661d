#include "epalm/encoders/ast_config.h"

#include <fmt/ranges.h>

#include "epalm/base/error.h"
#include "epalm/encoders/adapted_file.h"
#include "epalm/encoders/transformer_block.h"
#include "epalm/encoders/trunk_shape.h"

namespace epalm::encoders {
namespace {

constexpr int64_t kClsRows = 2;  // cls and dist stand before the patches

AdaptedFile published_ast(const io::TensorFile& file) {
  return AdaptedFile(file, "module.", "");
}

void check_table(const io::TensorFile& file, const std::vector<int64_t>& shape, const AstConfig& stored) {
  const int64_t patches = stored.grid_rows() * stored.grid_columns();
  require(
      shape.size() == 3 && shape[0] == 1 && shape[1] == kClsRows + patches,
      "'{}': v.pos_embed has shape [{}], expected [1,{},width], as spectrograms of {} bins and {} frames need; check "
      "mel_bins and frames of the weights' config.json",
      file.path().string(), fmt::join(shape, ","), kClsRows + patches, stored.mel_bins, stored.frames);
}

// grid [1,Dv,rows,columns] -> its middle of at most that many.
at::Tensor middle(const at::Tensor& grid, int64_t dimension, int64_t most) {
  const int64_t size = grid.size(dimension);
  return size <= most ? grid : grid.narrow(dimension, size / 2 - most / 2, most);
}

// pos [1,2+P,Dv], made for `stored`, as the config needs it. Columns first: rows are resized from what that leaves.
at::Tensor resize_positions(const at::Tensor& pos, const AstConfig& stored, const AstConfig& config) {
  const int64_t rows = config.grid_rows();
  const int64_t columns = config.grid_columns();
  at::Tensor grid = pos.slice(1, kClsRows)
                        .transpose(1, 2)
                        .reshape({1, -1, stored.grid_rows(), stored.grid_columns()});  // [1,Dv,rows,columns]
  grid = middle(grid, 3, columns);
  if (grid.size(3) < columns) grid = at::upsample_bilinear2d(grid, {grid.size(2), columns}, false);
  grid = middle(grid, 2, rows);
  if (grid.size(2) < rows) grid = at::upsample_bilinear2d(grid, {rows, columns}, false);
  return at::cat({pos.slice(1, 0, kClsRows), grid.flatten(2).transpose(1, 2)}, 1);
}

}  // namespace

AstConfig ast_config_of(const io::TensorFile& original, int64_t heads, int64_t mel_bins, int64_t frames,
                        int64_t stride) {
  const AdaptedFile file = published_ast(original);
  const TrunkShape trunk = trunk_shape_of(file, "v.", 1, heads, "AST");
  AstConfig config;
  config.mel_bins = mel_bins;
  config.frames = frames;
  config.patch_size = trunk.patch_size_px;
  config.stride = stride;
  config.width = trunk.width;
  config.depth = trunk.depth;
  config.heads = trunk.heads;
  config.mlp_width = trunk.mlp_width;
  config.image_classes = head_classes_of(file, "v.head_dist.bias");
  config.sound_classes = head_classes_of(file, "mlp_head.1.bias");
  require(mel_bins >= config.patch_size && frames >= config.patch_size && stride >= 1,
          "'{}': spectrograms of {} bins and {} frames are smaller than its patches of {}", file.path().string(),
          mel_bins, frames, config.patch_size);
  check_table(file, file.info("v.pos_embed").shape, config);
  return config;
}

std::vector<nn::WeightSpec> ast_weights(const AstConfig& config) {
  const int64_t width = config.width;
  std::vector<nn::WeightSpec> table;
  table.push_back({"v.cls_token", {1, 1, width}});
  table.push_back({"v.pos_embed", {1, kClsRows + config.grid_rows() * config.grid_columns(), width}});
  table.push_back({"v.dist_token", {1, 1, width}});
  table.push_back({"v.patch_embed.proj.weight", {width, 1, config.patch_size, config.patch_size}});
  table.push_back({"v.patch_embed.proj.bias", {width}, nn::Init::kZeros});
  for (int64_t i = 0; i < config.depth; ++i) {
    add_block_specs(table, fmt::format("v.blocks.{}.", i), width, config.mlp_width);
  }
  add_norm_specs(table, "v.norm", width);
  if (config.image_classes > 0) {
    add_linear_specs(table, "v.head", config.image_classes, width);
    add_linear_specs(table, "v.head_dist", config.image_classes, width);
  }
  if (config.sound_classes > 0) {
    add_norm_specs(table, "mlp_head.0", width);
    add_linear_specs(table, "mlp_head.1", config.sound_classes, width);
  }
  return table;
}

nn::Weights load_ast(const AstConfig& config, const io::TensorFile& original, const AstConfig& stored,
                     nn::Precision precision) {
  AdaptedFile file = published_ast(original);
  file.fit_head("v.head", config.image_classes, config.width);
  file.fit_head("v.head_dist", config.image_classes, config.width);
  file.fit_head("mlp_head.1", config.sound_classes, config.width);
  for (const std::string name : {"mlp_head.0.weight", "mlp_head.0.bias"}) {
    if (config.sound_classes == 0) {
      file.leave_out(name);
    } else if (!file.contains(name)) {
      file.put_zeros(name, {config.width});
    }
  }
  if (file.contains("v.pos_embed")) {
    const auto shape = file.info("v.pos_embed").shape;
    check_table(file, shape, stored);
    file.change("v.pos_embed", {1, kClsRows + config.grid_rows() * config.grid_columns(), shape[2]},
                [stored, config](const at::Tensor& pos) { return resize_positions(pos, stored, config); });
  }
  nn::LoadOptions options;
  options.precision = precision;
  return nn::load_weights(ast_weights(config), file, options);
}

}  // namespace epalm::encoders
