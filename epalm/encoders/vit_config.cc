#include "epalm/encoders/vit_config.h"

#include <fmt/ranges.h>

#include <cmath>
#include <map>
#include <regex>

#include "epalm/base/error.h"
#include "epalm/encoders/adapted_file.h"
#include "epalm/encoders/transformer_block.h"
#include "epalm/encoders/trunk_shape.h"

namespace epalm::encoders {
namespace {

// A file in the layout of Google's AugReg checkpoints, shown under timm names: kernels are stored [in,out], attention
// kernels split by head, the patch convolution [h,w,in,out].
class AugRegFile : public io::TensorFile {
 public:
  AugRegFile(const io::TensorFile& file, std::string prefix, int64_t depth) : file_(file), prefix_(std::move(prefix)) {
    names_["cls_token"] = "cls";
    names_["pos_embed"] = "Transformer/posembed_input/pos_embedding";
    names_["patch_embed.proj.weight"] = "embedding/kernel";
    names_["patch_embed.proj.bias"] = "embedding/bias";
    names_["norm.weight"] = "Transformer/encoder_norm/scale";
    names_["norm.bias"] = "Transformer/encoder_norm/bias";
    if (file.contains(prefix_ + "head/kernel")) {
      names_["head.weight"] = "head/kernel";
      names_["head.bias"] = "head/bias";
    }
    for (int64_t i = 0; i < depth; ++i) {
      const std::string ours = fmt::format("blocks.{}.", i);
      const std::string theirs = fmt::format("Transformer/encoderblock_{}/", i);
      const std::string attention = theirs + "MultiHeadDotProductAttention_1/";
      names_[ours + "norm1.weight"] = theirs + "LayerNorm_0/scale";
      names_[ours + "norm1.bias"] = theirs + "LayerNorm_0/bias";
      names_[ours + "norm2.weight"] = theirs + "LayerNorm_2/scale";
      names_[ours + "norm2.bias"] = theirs + "LayerNorm_2/bias";
      names_[ours + "attn.qkv.weight"] = attention + "*/kernel";  // * = query, key, value
      names_[ours + "attn.qkv.bias"] = attention + "*/bias";
      names_[ours + "attn.proj.weight"] = attention + "out/kernel";
      names_[ours + "attn.proj.bias"] = attention + "out/bias";
      for (int layer = 0; layer < 2; ++layer) {
        const std::string dense = fmt::format("{}MlpBlock_3/Dense_{}/", theirs, layer);
        names_[fmt::format("{}mlp.fc{}.weight", ours, layer + 1)] = dense + "kernel";
        names_[fmt::format("{}mlp.fc{}.bias", ours, layer + 1)] = dense + "bias";
      }
    }
  }

  std::vector<std::string> names() const override {
    std::vector<std::string> result;
    for (const auto& [ours, theirs] : names_) result.push_back(ours);
    return result;
  }
  bool contains(const std::string& name) const override { return names_.contains(name); }
  io::TensorInfo info(const std::string& name) const override {
    const at::Tensor tensor = read(name);
    return {tensor.scalar_type(), tensor.sizes().vec()};
  }
  at::Tensor read(const std::string& name) const override {
    const std::string& theirs = names_.at(name);
    if (const auto star = theirs.find('*'); star != std::string::npos) {
      std::vector<at::Tensor> parts;
      for (const char* part : {"query", "key", "value"}) {
        const at::Tensor t = raw(theirs.substr(0, star) + part + theirs.substr(star + 1));
        parts.push_back(t.dim() == 3 ? t.flatten(1).t() : t.flatten());  // [D,heads,hd] -> [heads·hd,D]
      }
      return at::cat(parts, 0);
    }
    const at::Tensor t = raw(theirs);
    if (!theirs.ends_with("kernel")) return t;
    if (t.dim() == 4) return t.permute({3, 2, 0, 1}).contiguous();  // [h,w,in,out] -> [out,in,h,w]
    if (t.dim() == 3) return t.flatten(0, 1).t().contiguous();      // [heads,hd,D] -> [D,heads·hd]
    return t.t().contiguous();
  }
  const std::filesystem::path& path() const override { return file_.path(); }

 private:
  at::Tensor raw(const std::string& name) const { return file_.read(prefix_ + name).to(at::kFloat); }

  const io::TensorFile& file_;
  std::string prefix_;
  std::map<std::string, std::string> names_;
};

// Google's files, with or without the prefix that some carry; nullptr for a timm state dict.
std::unique_ptr<AugRegFile> as_augreg(const io::TensorFile& file) {
  for (const std::string prefix : {"", "opt/target/"}) {
    if (!file.contains(prefix + "Transformer/posembed_input/pos_embedding")) continue;
    int64_t depth = 0;
    while (file.contains(fmt::format("{}Transformer/encoderblock_{}/LayerNorm_0/scale", prefix, depth))) ++depth;
    return std::make_unique<AugRegFile>(file, prefix, depth);
  }
  return nullptr;
}

// pos [1,1+g·g,Dv] -> [1,1+grid·grid,Dv]: bicubic with a = -0.75, align_corners false, no antialias; the cls row stays.
at::Tensor resize_positions(const at::Tensor& pos, int64_t grid) {
  const auto old_grid = static_cast<int64_t>(std::lround(std::sqrt(static_cast<double>(pos.size(1) - 1))));
  if (old_grid == grid) return pos;
  const at::Tensor table = pos.slice(1, 1).reshape({1, old_grid, old_grid, -1}).permute({0, 3, 1, 2});
  const at::Tensor resized = at::upsample_bicubic2d(table, {grid, grid}, false);
  return at::cat({pos.slice(1, 0, 1), resized.permute({0, 2, 3, 1}).reshape({1, grid * grid, -1})}, 1);
}

// The file with its position table and head brought to the shape that the config asks for.
AdaptedFile fitted(const io::TensorFile& file, const VitConfig& config) {
  AdaptedFile fitted(file);
  fitted.leave_out("head_dist.");
  fitted.leave_out("pre_logits.");
  fitted.fit_head("head", config.classes, config.width);
  if (!fitted.contains("pos_embed")) return fitted;
  const auto shape = fitted.info("pos_embed").shape;
  const bool square =
      shape.size() == 3 && shape[0] == 1 && shape[1] >= 2 &&
      std::pow(std::lround(std::sqrt(static_cast<double>(shape[1] - 1))), 2) == static_cast<double>(shape[1] - 1);
  require(square, "'{}': pos_embed has shape [{}], expected [1,1+g·g,width]", file.path().string(),
          fmt::join(shape, ","));
  const int64_t grid = config.grid();
  fitted.change("pos_embed", {1, 1 + grid * grid, shape[2]},
                [grid](const at::Tensor& pos) { return resize_positions(pos, grid); });
  return fitted;
}

}  // namespace

VitConfig vit_shape(const std::string& timm_name) {
  struct Size {
    int64_t width, depth, heads, mlp_width;
  };
  static const std::map<std::string, Size> sizes{{"tiny", {192, 12, 3, 768}},    {"small", {384, 12, 6, 1536}},
                                                 {"base", {768, 12, 12, 3072}},  {"large", {1024, 24, 16, 4096}},
                                                 {"huge", {1280, 32, 16, 5120}}, {"giant", {1408, 40, 16, 6144}}};
  static const std::regex pattern(
      "(?:deit_|vit_)(tiny|small|base|large|huge|giant)_patch(\\d{1,3})_(\\d{1,4})(?:_.*)?");
  std::smatch match;
  require(std::regex_match(timm_name, match, pattern),
          "vision_model: expected a timm name like vit_base_patch16_224 (tiny, small, base, large, huge or giant), got "
          "'{}'",
          timm_name);
  const Size& size = sizes.at(match[1]);
  VitConfig config;
  config.width = size.width;
  config.depth = size.depth;
  config.heads = size.heads;
  config.mlp_width = size.mlp_width;
  config.patch_size_px = std::stoll(match[2]);
  config.image_size_px = std::stoll(match[3]);
  if (timm_name.find("in21k") != std::string::npos) config.classes = 21843;
  require(config.patch_size_px > 0 && config.image_size_px >= config.patch_size_px,
          "vision_model '{}': the image must hold at least one patch", timm_name);
  return config;
}

VitConfig vit_config_of(const io::TensorFile& file, int64_t heads) {
  const auto augreg = as_augreg(file);
  const io::TensorFile& timm = augreg ? *augreg : file;
  const TrunkShape trunk = trunk_shape_of(timm, "", 3, heads, "ViT");
  VitConfig config;
  config.image_size_px = trunk.patch_size_px * std::lround(std::sqrt(static_cast<double>(trunk.position_rows - 1)));
  config.patch_size_px = trunk.patch_size_px;
  config.width = trunk.width;
  config.depth = trunk.depth;
  config.heads = trunk.heads;
  config.mlp_width = trunk.mlp_width;
  config.classes = head_classes_of(timm, "head.bias");
  return config;
}

std::vector<nn::WeightSpec> vit_weights(const VitConfig& config) {
  std::vector<nn::WeightSpec> table;
  table.push_back({"cls_token", {1, 1, config.width}, nn::Init::kNormal});
  table.push_back({"pos_embed", {1, 1 + config.grid() * config.grid(), config.width}, nn::Init::kNormal});
  table.push_back(
      {"patch_embed.proj.weight", {config.width, 3, config.patch_size_px, config.patch_size_px}, nn::Init::kNormal});
  table.push_back({"patch_embed.proj.bias", {config.width}, nn::Init::kZeros});
  for (int64_t i = 0; i < config.depth; ++i) {
    add_block_specs(table, fmt::format("blocks.{}.", i), config.width, config.mlp_width);
  }
  add_norm_specs(table, "norm", config.width);
  if (config.classes > 0) add_linear_specs(table, "head", config.classes, config.width);
  return table;
}

nn::Weights load_vit(const VitConfig& config, const io::TensorFile& file, nn::Precision precision) {
  const auto augreg = as_augreg(file);
  nn::LoadOptions options;
  options.precision = precision;
  const io::TensorFile& timm = augreg ? *augreg : file;
  return nn::load_weights(vit_weights(config), fitted(timm, config), options);
}

}  // namespace epalm::encoders
