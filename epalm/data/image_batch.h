#pragma once

#include <ATen/ATen.h>

#include <span>

#include "epalm/data/sample.h"

namespace epalm::data {

struct ImageOptions {
  int size_px = 224;         // key image_res
  bool black_image = false;  // text-only ablation: zeros after the transform, the mean colour
};

// The images of the samples as an encoder sees them in evaluation. float32 [B,3,size_px,size_px], normalised.
// Throws Error for an image that cannot be read. Source: SPEC.md §7.1, §7.4.
at::Tensor eval_image_batch(std::span<const Sample> samples, const ImageOptions& options);

}  // namespace epalm::data
