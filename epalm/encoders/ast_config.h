#pragma once

#include <vector>

#include "epalm/io/tensor_file.h"
#include "epalm/nn/weights.h"

namespace epalm::encoders {

// Shape of an audio spectrogram transformer (SPEC.md §2.3).
struct AstConfig {
  int64_t mel_bins = 128;
  int64_t frames = 1024;    // of the spectrogram, 10 ms each
  int64_t patch_size = 16;  // square, in bins and frames
  int64_t stride = 10;      // between patches: they overlap
  int64_t width = 768;      // Dv
  int64_t depth = 12;
  int64_t heads = 12;
  int64_t mlp_width = 3072;
  // Rows of the heads, unused by eP-ALM but part of the parameter count; 0: no head. Of pictures: two heads left from
  // the image model.
  int64_t image_classes = 1000;
  int64_t sound_classes = 527;

  int64_t grid_rows() const { return (mel_bins - patch_size) / stride + 1; }   // 12 as published
  int64_t grid_columns() const { return (frames - patch_size) / stride + 1; }  // 101 as published
};

// The shape read off a file with published names; what cannot be seen there is told: heads as in vit_config_of, and the
// spectrograms that its position table was made for. Throws Error where the table has another number of rows.
AstConfig ast_config_of(const io::TensorFile& file, int64_t heads = 0, int64_t mel_bins = 128, int64_t frames = 1024,
                        int64_t stride = 10);

// Names as in the published model: "v.cls_token", "v.blocks.0.attn.qkv.weight", "mlp_head.1.weight", …
std::vector<nn::WeightSpec> ast_weights(const AstConfig& config);

// Reads the published `.pth`, or any file with its names, with or without the prefix "module." `stored`: the shape that
// the file was made with. The position table is brought to the config's grid (SPEC.md §2.3): its middle part where the
// config needs fewer rows or columns, else resized bilinearly; heads of another size become zeros. Throws Error naming
// the file and its missing, mis-shaped and unused tensors.
nn::Weights load_ast(const AstConfig& config, const io::TensorFile& file, const AstConfig& stored = {},
                     nn::Precision precision = nn::Precision::kFloat32);

}  // namespace epalm::encoders
