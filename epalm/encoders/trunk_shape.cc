#include "epalm/encoders/trunk_shape.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "epalm/base/error.h"

namespace epalm::encoders {

TrunkShape trunk_shape_of(const io::TensorFile& file, const std::string& root, int64_t channels, int64_t heads,
                          const std::string& kind) {
  const auto shape_of = [&](const std::string& name) {
    require(file.contains(root + name), "'{}' holds no {}: tensor {} is missing", file.path().string(), kind,
            root + name);
    return file.info(root + name).shape;
  };
  const auto check = [&](bool holds, const std::string& name, const std::vector<int64_t>& got,
                         const std::string& expected) {
    require(holds, "'{}' holds no {}: {} is [{}], expected [{}]", file.path().string(), kind, root + name,
            fmt::join(got, ","), expected);
  };
  const auto positions = shape_of("pos_embed");
  const auto patch = shape_of("patch_embed.proj.weight");
  const auto hidden = shape_of("blocks.0.mlp.fc1.weight");
  check(patch.size() == 4 && patch[0] >= 1 && patch[1] == channels && patch[2] >= 1 && patch[2] == patch[3],
        "patch_embed.proj.weight", patch, fmt::format("width,{},p,p", channels));
  check(positions.size() == 3 && positions[0] == 1 && positions[1] >= 2 && positions[2] == patch[0], "pos_embed",
        positions, fmt::format("1,rows,{}", patch[0]));
  check(hidden.size() == 2, "blocks.0.mlp.fc1.weight", hidden, "hidden,width");

  TrunkShape shape;
  shape.patch_size_px = patch[2];
  shape.width = patch[0];
  while (file.contains(fmt::format("{}blocks.{}.norm1.weight", root, shape.depth))) ++shape.depth;
  shape.mlp_width = hidden[0];
  shape.position_rows = positions[1];
  shape.heads = heads > 0                                    ? heads
                : shape.width == 1280 || shape.width == 1408 ? 16
                                                             : std::max<int64_t>(1, shape.width / 64);
  require(shape.width % shape.heads == 0, "'{}': width {} is not a multiple of {} heads", file.path().string(),
          shape.width, shape.heads);
  return shape;
}

int64_t head_classes_of(const io::TensorFile& file, const std::string& bias) {
  if (!file.contains(bias)) return 0;
  const auto shape = file.info(bias).shape;
  require(shape.size() == 1, "'{}': {} is [{}], expected [classes]", file.path().string(), bias, fmt::join(shape, ","));
  return shape[0];
}

}  // namespace epalm::encoders
