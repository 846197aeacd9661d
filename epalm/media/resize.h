#pragma once

#include "epalm/media/image.h"

namespace epalm::media {

// Pillow's antialiased bicubic (a = -0.5) in its 22-bit fixed point, equal to it in every bit (SPEC.md §7.1).
// width, height >= 1. Throws Error for an image without pixels or a size below 1.
Image resize_bicubic(const Image& image, int width, int height);

}  // namespace epalm::media
