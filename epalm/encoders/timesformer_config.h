#pragma once

#include <optional>
#include <string>
#include <vector>

#include "epalm/io/tensor_file.h"
#include "epalm/nn/weights.h"

namespace epalm::encoders {

// Which rows of a clip attend to each other (arXiv:2102.05095, figure 1): over the frames of one place and then over
// the places of one frame; over all at once; or over the places of one frame only.
enum class SpaceTime { kDivided, kJoint, kSpaceOnly };

// By the published names divided_space_time, joint_space_time and space_only.
std::optional<SpaceTime> space_time_named(const std::string& name);

// Shape of a TimeSformer (SPEC.md §2.2).
struct TimesformerConfig {
  int64_t image_size_px = 224;  // of the position table; other pictures are taken too
  int64_t patch_size_px = 16;
  int64_t frames = 8;   // of the time table; other clips are taken too. A picture becomes a clip of so many
  int64_t width = 768;  // Dv
  int64_t depth = 12;
  int64_t heads = 12;
  int64_t mlp_width = 3072;
  int64_t classes = 400;  // rows of the classification head, unused by eP-ALM but part of the parameter count; 0: none
  SpaceTime attention = SpaceTime::kDivided;
  bool space_only_for_images = false;  // a picture is one frame, without the time table

  int64_t grid() const { return image_size_px / patch_size_px; }
};

// The shape read off a file with published names. heads as in vit_config_of. A file without time attention is read as
// the kind it can serve: joint with a time table, space-only without.
TimesformerConfig timesformer_config_of(const io::TensorFile& file, int64_t heads = 0);

// Names as in the published model: "model.cls_token", "model.blocks.0.temporal_attn.qkv.weight", …
std::vector<nn::WeightSpec> timesformer_weights(const TimesformerConfig& config);

// Reads the published `.pyth`, or any file with its names, with or without the prefixes "model." and "module."
// (SPEC.md §2.2). Where the file has other sizes than the config: the position table is resized as one flat list, the
// time table over time, both to the nearest row; a head of another size becomes zeros. Where it has no time attention,
// as an image model, that is a copy of the attention over space, and what then mixes frames (temporal_fc, the time
// table) starts at zero. Throws Error naming the file and its missing, mis-shaped and unused tensors.
nn::Weights load_timesformer(const TimesformerConfig& config, const io::TensorFile& file,
                             nn::Precision precision = nn::Precision::kFloat32);

}  // namespace epalm::encoders
