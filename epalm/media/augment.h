#pragma once

#include <cstdint>
#include <string_view>

#include "epalm/media/image.h"

// The operations of the published RandomAugment (SPEC.md §7.1), equal in every bit to its NumPy and OpenCV results.
// An image without pixels comes back as it is.
namespace epalm::media {

// Stretches each channel to 0..255; a channel of one value stays. `wraps`: as published, a channel whose minimum is
// above 0 becomes all 255, because the negated minimum wraps around in 8 bits (§10.20).
Image autocontrast(const Image& image, bool wraps);
Image equalize(const Image& image);
// Blends by `factor`: 1 keeps the image, 0 gives black, gray of its mean, gray per pixel, or blur.
Image brightness(const Image& image, double factor);
Image contrast(const Image& image, double factor);
Image color(const Image& image, double factor);
// `wraps`: as published, results outside 0..255 wrap modulo 256 rather than being clipped (§10.20).
Image sharpness(const Image& image, double factor, bool wraps);
// Inverts values at or above `threshold`.
Image solarize(const Image& image, int threshold);
// Keeps the highest `bits` (0..8) of each value.
Image posterize(const Image& image, int bits);

// Bilinear, in OpenCV's 5-bit fixed point; pixels from outside are `fill`.
inline constexpr uint8_t kAugmentFill = 128;
Image shear_x(const Image& image, double factor, uint8_t fill = kAugmentFill);
Image shear_y(const Image& image, double factor, uint8_t fill = kAugmentFill);
// Positive: to the left, or up.
Image translate_x(const Image& image, double offset_px, uint8_t fill = kAugmentFill);
Image translate_y(const Image& image, double offset_px, uint8_t fill = kAugmentFill);
// About the centre, counter-clockwise.
Image rotate(const Image& image, double degrees, uint8_t fill = kAugmentFill);

}  // namespace epalm::media
