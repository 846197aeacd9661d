#pragma once

#include <string>

#include "epalm/io/tensor_file.h"

namespace epalm::encoders {

// The sizes that every encoder of ours has, read off the shapes in a weight file.
struct TrunkShape {
  int64_t patch_size_px = 0;
  int64_t width = 0;  // Dv
  int64_t depth = 0;
  int64_t heads = 0;
  int64_t mlp_width = 0;
  int64_t position_rows = 0;  // of pos_embed [1,rows,Dv]
};

// root: what stands before the names, as "v.". channels: of the pixels. heads cannot be seen in a file: 0 means those
// of the timm sizes, 64 numbers per head. kind names the architecture in errors, as "ViT". Throws Error naming file and
// tensor.
TrunkShape trunk_shape_of(const io::TensorFile& file, const std::string& root, int64_t channels, int64_t heads,
                          const std::string& kind);

// The classes of a head by the length of its bias [classes]; 0 where there is none.
int64_t head_classes_of(const io::TensorFile& file, const std::string& bias);

}  // namespace epalm::encoders
