#pragma once

#include <string>
#include <vector>

#include "epalm/io/tensor_file.h"
#include "epalm/nn/weights.h"

namespace epalm::encoders {

// Shape of a timm Vision Transformer (SPEC.md §2.1).
struct VitConfig {
  int64_t image_size_px = 224;  // square; fixed by the position table
  int64_t patch_size_px = 16;
  int64_t width = 768;  // Dv
  int64_t depth = 12;
  int64_t heads = 12;
  int64_t mlp_width = 3072;
  int64_t classes =
      1000;  // rows of the classification head, unused by eP-ALM but part of the parameter count; 0: no head

  int64_t grid() const { return image_size_px / patch_size_px; }
};

// A timm name: vit_{tiny,small,base,large,huge,giant}_patch{N}_{size}[_in21k…]. Throws Error listing the sizes it
// knows.
VitConfig vit_shape(const std::string& timm_name);

// The shape read off a weight file with timm or AugReg names; heads cannot be seen there and come from the width (64
// per head, the timm sizes) unless `heads` is given.
VitConfig vit_config_of(const io::TensorFile& file, int64_t heads = 0);

std::vector<nn::WeightSpec> vit_weights(const VitConfig& config);

// Reads a timm state dict or a Google AugReg .npz (SPEC.md §2.1). A position table of another grid is resized
// bicubically to config.image_size_px; a classification head of another size, or none, is replaced by what
// config.classes asks (zeros).
nn::Weights load_vit(const VitConfig& config, const io::TensorFile& file,
                     nn::Precision precision = nn::Precision::kFloat32);

}  // namespace epalm::encoders
