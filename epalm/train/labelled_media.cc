#include "epalm/train/labelled_media.h"

#include <ATen/ATen.h>

#include "epalm/media/audio_transform.h"
#include "epalm/media/frame_sampling.h"
#include "epalm/media/image_transform.h"
#include "epalm/media/video_transform.h"
#include "epalm/train/strange_objects.h"
#include "epalm/train/world_text.h"
#include "epalm/world/audio_labels.h"
#include "epalm/world/audio_synth.h"
#include "epalm/world/render.h"
#include "epalm/world/video_labels.h"
#include "epalm/world/video_render.h"

namespace epalm::train {
namespace {

using encoders::AstConfig;
using encoders::TimesformerConfig;
using encoders::VitConfig;

struct Example {
  std::vector<float> medium;
  std::vector<int64_t> labels;
};

// The labels that tell of the attribute, by their heads' names.
void forget(const std::string& attribute, std::vector<int64_t>& labels) {
  const auto& heads = world::label_heads();
  for (size_t i = 0; i < heads.size(); ++i) {
    if (heads[i].name.find(attribute) != std::string::npos) labels[i] = kUnknownLabel;
  }
}

Example draw(const VitConfig& encoder, world::Split split, PythonRandom& random) {
  world::Scene scene = world::random_scene(random, split);
  std::vector<int64_t> labels = world::labels(scene);
  if (split == world::Split::kTrain) {
    const Strange strange = make_strange(scene, random);
    if (strange == Strange::kColours) forget("colour", labels);
    if (strange == Strange::kShapes) forget("shape", labels);
  }
  return {media::to_normalised(world::render(scene, static_cast<int>(encoder.image_size_px), random)), labels};
}

// The frames that evaluation takes from a clip of the world.
Example draw(const TimesformerConfig& encoder, world::Split split, PythonRandom& random) {
  const auto scene = world::random_video_scene(random, split);
  world::ClipSize size;
  size.size_px = static_cast<int>(encoder.image_size_px);
  std::vector<int> frames;
  for (const int64_t frame : media::sample_middle(size.frames, encoder.frames)) {
    frames.push_back(static_cast<int>(frame));
  }
  return {media::clip_to_normalised(world::render(scene, size, frames, random)), world::labels(scene)};
}

Example draw(const AstConfig& encoder, world::Split split, PythonRandom& random) {
  const auto scene = world::random_audio_scene(random, split);
  media::AudioFeatureConfig features;
  features.mel_bins = static_cast<int>(encoder.mel_bins);
  features.target_frames = static_cast<int>(encoder.frames);
  return {media::audio_eval_features(world::synthesize(scene, random), features), world::labels(scene)};
}

std::vector<int64_t> medium_shape(const VitConfig& encoder) {
  return {3, encoder.image_size_px, encoder.image_size_px};
}
std::vector<int64_t> medium_shape(const TimesformerConfig& encoder) {
  return {3, encoder.frames, encoder.image_size_px, encoder.image_size_px};
}
std::vector<int64_t> medium_shape(const AstConfig& encoder) {
  return {encoder.frames, encoder.mel_bins};
}

}  // namespace

const std::vector<world::LabelHead>& heads_of(world::Medium medium) {
  return medium == world::Medium::kImage   ? world::label_heads()
         : medium == world::Medium::kVideo ? world::video_label_heads()
                                           : world::audio_label_heads();
}

LabelledBatch draw_labelled(const encoders::EncoderConfig& encoder, world::Split split, int64_t size,
                            PythonRandom& random) {
  return std::visit(
      [&](const auto& config) {
        const std::vector<int64_t> shape = medium_shape(config);
        std::vector<at::Tensor> media;
        std::vector<at::Tensor> labels;
        for (int64_t i = 0; i < size; ++i) {
          Example example = draw(config, split, random);
          media.push_back(at::tensor(example.medium).view(shape));
          labels.push_back(at::tensor(example.labels));
        }
        return LabelledBatch{at::stack(media), at::stack(labels)};
      },
      encoder);
}

world::Medium medium_of(const encoders::EncoderConfig& encoder) {
  static_assert(std::is_same_v<encoders::EncoderConfig, std::variant<VitConfig, TimesformerConfig, AstConfig>>);
  return kMedia[encoder.index()];
}

}  // namespace epalm::train
