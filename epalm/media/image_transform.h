#pragma once

#include <array>
#include <vector>

#include "epalm/base/python_random.h"
#include "epalm/media/image.h"

namespace epalm::media {

// CLIP's pixel statistics; the published system uses them for every encoder (SPEC.md §7.1).
inline constexpr std::array<float, 3> kClipMean{0.48145466F, 0.4578275F, 0.40821073F};
inline constexpr std::array<float, 3> kClipStd{0.26862954F, 0.26130258F, 0.27577711F};

// [3,height,width]: (x/255 - mean)/std, each step rounded to float32 as the tensor operations do.
std::vector<float> to_normalised(const Image& image);

// Resizes to size_px x size_px without keeping the aspect, then normalises. [3,size_px,size_px]
std::vector<float> eval_transform(const Image& image, int size_px);

// A part of an image, in pixels.
struct CropBox {
  int left = 0;
  int top = 0;
  int width = 0;
  int height = 0;
};

Image crop(const Image& image, const CropBox& box);
Image flip_horizontally(const Image& image);

// A box of 50 to 100 % of the area and an aspect of 3/4 to 4/3; after ten misses the largest centred one of such
// aspect.
CropBox random_crop_box(int width, int height, PythonRandom& random);

// Where the published augmentations differ from what they mean (SPEC.md §10.20); false is the meaning.
struct AugmentQuirks {
  bool autocontrast_wraps = true;
  bool sharpness_wraps = true;
};

// Two operations of ten, drawn with replacement and each applied with probability 1/2 at level 7 of 10.
Image random_augment(const Image& image, PythonRandom& random, const AugmentQuirks& quirks);

// Random crop resized to size_px x size_px, a flip with probability 1/2, then random_augment. The distribution is the
// published one; the single draws are not, since those come from torch's and NumPy's generators.
Image train_augment(const Image& image, int size_px, PythonRandom& random, const AugmentQuirks& quirks = {});

}  // namespace epalm::media
