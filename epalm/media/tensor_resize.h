#pragma once

#include "epalm/media/image.h"

namespace epalm::media {

// Bicubic (a = -0.75) over the four nearest lines each way, whatever the scale: the published video transform shrinks
// tensors, where nothing smooths (SPEC.md §7.2), while pictures go through resize_bicubic. Rounded to bytes, half to
// even. Equal to torch's interpolate in float32, with fused multiply-adds where the processor has them, as there.
// width, height >= 1. Throws Error for an image without pixels or a size below 1.
Image resize_bicubic_unsmoothed(const Image& image, int width, int height);

}  // namespace epalm::media
