#pragma once

#include <span>
#include <vector>

#include "epalm/base/python_random.h"
#include "epalm/media/image.h"

// From the frames of a clip, all of one size, to what an encoder takes (SPEC.md §7.2). F frames of S x S pixels. Every
// function throws Error for a clip without frames, with an empty frame or with frames of different sizes.
namespace epalm::media {

enum class ClipLayout {
  kChannelsFirst,  // [3,F,S,S], what video encoders take
  kFramesFirst,    // [F,3,S,S], each frame a picture of its own (`as_images`)
};

// to_normalised() of each frame.
std::vector<float> clip_to_normalised(std::span<const Image> clip, ClipLayout layout = ClipLayout::kChannelsFirst);

// Each frame resized by resize_bicubic_unsmoothed to size_px x size_px without keeping the aspect, then normalised.
std::vector<float> clip_eval_transform(std::span<const Image> clip, int size_px,
                                       ClipLayout layout = ClipLayout::kChannelsFirst);

// One random_crop_box() resized to size_px x size_px, one flip with probability 1/2 and two random_clip_augmentation(),
// each the same for all frames. The distribution is the published one; the single draws are not, those being torch's.
std::vector<Image> clip_train_augment(std::span<const Image> clip, int size_px, PythonRandom& random);

}  // namespace epalm::media
