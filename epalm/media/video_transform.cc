#include "epalm/media/video_transform.h"

#include <algorithm>
#include <array>

#include "epalm/base/error.h"
#include "epalm/media/clip_augment.h"
#include "epalm/media/image_transform.h"
#include "epalm/media/tensor_resize.h"

namespace epalm::media {
namespace {

void check_clip(std::span<const Image> clip) {
  require(!clip.empty(), "video transform: the clip has no frames");
  const Image& first = clip.front();
  for (const Image& frame : clip) {
    require(frame.width > 0 && frame.height > 0, "video transform: a frame of the clip has no pixels");
    require(frame.width == first.width && frame.height == first.height,
            "video transform: expected all frames of {}x{} pixels as the first, got one of {}x{}", first.width,
            first.height, frame.width, frame.height);
  }
}

}  // namespace

std::vector<float> clip_to_normalised(std::span<const Image> clip, ClipLayout layout) {
  check_clip(clip);
  const size_t pixels = clip.front().rgb.size() / 3;
  std::vector<float> result(clip.size() * 3 * pixels);
  for (size_t frame = 0; frame < clip.size(); ++frame) {
    const std::vector<float> values = to_normalised(clip[frame]);  // [3,S,S]
    for (size_t c = 0; c < 3; ++c) {
      const size_t plane = layout == ClipLayout::kChannelsFirst ? c * clip.size() + frame : frame * 3 + c;
      std::copy_n(values.data() + c * pixels, pixels, result.data() + plane * pixels);
    }
  }
  return result;
}

std::vector<float> clip_eval_transform(std::span<const Image> clip, int size_px, ClipLayout layout) {
  check_clip(clip);
  std::vector<Image> resized;
  for (const Image& frame : clip) resized.push_back(resize_bicubic_unsmoothed(frame, size_px, size_px));
  return clip_to_normalised(resized, layout);
}

std::vector<Image> clip_train_augment(std::span<const Image> clip, int size_px, PythonRandom& random) {
  check_clip(clip);
  const CropBox box = random_crop_box(clip.front().width, clip.front().height, random);
  const bool flipped = random.random() < 0.5;
  const std::array changes{random_clip_augmentation(size_px, size_px, random),
                           random_clip_augmentation(size_px, size_px, random)};
  std::vector<Image> result;
  for (const Image& frame : clip) {
    Image image = resize_bicubic_unsmoothed(crop(frame, box), size_px, size_px);
    if (flipped) image = flip_horizontally(image);
    for (const ClipAugmentation& change : changes) image = augment_frame(image, change.operation, change.magnitude);
    result.push_back(std::move(image));
  }
  return result;
}

}  // namespace epalm::media
