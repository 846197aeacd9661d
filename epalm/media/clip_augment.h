#pragma once

#include <span>
#include <vector>

#include "epalm/base/python_random.h"
#include "epalm/media/image.h"

// The augmentations of the published video transform: torchvision 0.14's RandAugment on uint8 tensors (SPEC.md §7.2).
// They differ from those for pictures (augment.h) in order of arithmetic, sampling and strengths.
namespace epalm::media {

enum class ClipOperation {
  kIdentity,
  kShearX,
  kShearY,
  kTranslateX,
  kTranslateY,
  kRotate,
  kBrightness,
  kColor,
  kContrast,
  kSharpness,
  kPosterize,
  kSolarize,
  kAutoContrast,
  kEqualize,
};
inline constexpr int kClipOperations = 14;

// magnitude: the tangent of a shear; pixels of a translation (to the right or down), cut to an integer; degrees of a
// rotation, positive counter-clockwise; what is added to the factor 1 of brightness, color, contrast and sharpness, at
// least -1; bits kept, 0 to 8; the value from which solarize inverts; without meaning for the other three. Shears,
// translations and rotations take the nearest pixel, and black from outside. Throws Error outside these ranges.
Image augment_frame(const Image& frame, ClipOperation operation, double magnitude);

// An operation and its strength, drawn for frames of this size.
struct ClipAugmentation {
  ClipOperation operation = ClipOperation::kIdentity;
  double magnitude = 0;
};

// One of the 14, at magnitude 9 of 0 to 30; the sign of those that have one is drawn.
ClipAugmentation random_clip_augmentation(int width, int height, PythonRandom& random);

}  // namespace epalm::media
