#include "epalm/media/clip_augment.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "epalm/base/error.h"
#include "epalm/media/augment.h"

namespace epalm::media {
namespace {

uint8_t clipped(float value) {
  return static_cast<uint8_t>(std::clamp(value, 0.0F, 255.0F));
}

// factor * own + (1 - factor) * other, each product rounded, cut to a byte.
class Blend {
 public:
  explicit Blend(double factor) : own_(static_cast<float>(factor)), other_(static_cast<float>(1.0 - factor)) {}

  uint8_t operator()(uint8_t own, float other) const {
    const float first = own_ * static_cast<float>(own);
    const float second = other_ * other;
    return clipped(first + second);
  }

 private:
  float own_;
  float other_;
};

uint8_t gray(const uint8_t* pixel) {
  const float red = 0.2989F * static_cast<float>(pixel[0]);
  const float green = 0.587F * static_cast<float>(pixel[1]);
  const float blue = 0.114F * static_cast<float>(pixel[2]);
  return static_cast<uint8_t>(red + green + blue);
}

Image brightness_of(Image image, const Blend& blend) {
  for (uint8_t& value : image.rgb) value = blend(value, 0.0F);
  return image;
}

Image color_of(Image image, const Blend& blend) {
  for (size_t i = 0; i < image.rgb.size(); i += 3) {
    const float level = gray(image.rgb.data() + i);
    for (size_t c = 0; c < 3; ++c) image.rgb[i + c] = blend(image.rgb[i + c], level);
  }
  return image;
}

Image contrast_of(Image image, const Blend& blend) {
  int64_t sum = 0;
  for (size_t i = 0; i < image.rgb.size(); i += 3) sum += gray(image.rgb.data() + i);
  const float mean = static_cast<float>(sum) / static_cast<float>(image.rgb.size() / 3);
  for (uint8_t& value : image.rgb) value = blend(value, mean);
  return image;
}

Image sharpness_of(const Image& image, const Blend& blend) {
  if (image.width <= 2 || image.height <= 2) return image;
  const size_t row = image.row_bytes();
  Image result = image;
  for (int y = 0; y < image.height; ++y) {
    for (size_t i = 0; i < row; ++i) {
      const uint8_t* centre = image.row(y) + i;
      int blurred = centre[0];  // the border is not blurred
      if (y > 0 && y + 1 < image.height && i >= 3 && i + 3 < row) {
        int sum = 4 * centre[0];
        for (const uint8_t* middle : {centre - row, centre, centre + row}) sum += middle[-3] + middle[0] + middle[3];
        blurred = (2 * sum + 13) / 26;  // sum/13 rounded; never a tie, 13 being odd
      }
      result.row(y)[i] = blend(centre[0], static_cast<float>(blurred));
    }
  }
  return result;
}

Image autocontrast_of(Image image) {
  for (size_t c = 0; c < 3; ++c) {
    int low = 255;
    int high = 0;
    for (size_t i = c; i < image.rgb.size(); i += 3) {
      low = std::min<int>(low, image.rgb[i]);
      high = std::max<int>(high, image.rgb[i]);
    }
    if (low >= high) continue;
    const float scale = 255.0F * (1.0F / static_cast<float>(high - low));  // torch divides a number so
    for (size_t i = c; i < image.rgb.size(); i += 3)
      image.rgb[i] = clipped(static_cast<float>(image.rgb[i] - low) * scale);
  }
  return image;
}

// Row-major [2,3]: where the target point (x,y,1), counted from the image's centre, comes from.
using Affine = std::array<double, 6>;

Image warp_nearest(const Image& image, const Affine& source_of) {
  const auto width = static_cast<float>(image.width);
  const auto height = static_cast<float>(image.height);
  // Positions go through the range -1 to 1 as the published ones do.
  std::array<float, 6> scaled;
  for (size_t i = 0; i < 6; ++i) scaled[i] = static_cast<float>(source_of[i]) / (0.5F * (i < 3 ? width : height));
  const auto position = [&](const float* row, float x, float y) { return x * row[0] + y * row[1] + row[2]; };
  const auto nearest = [](float at, float size) { return std::nearbyint((at + 1.0F) * (0.5F * size) - 0.5F); };
  Image result(image.width, image.height);
  for (int y = 0; y < image.height; ++y) {
    uint8_t* to = result.row(y);
    const float from_centre_y = static_cast<float>(y) - 0.5F * (height - 1);
    for (int x = 0; x < image.width; ++x, to += 3) {
      const float from_centre_x = static_cast<float>(x) - 0.5F * (width - 1);
      const float column = nearest(position(scaled.data(), from_centre_x, from_centre_y), width);
      const float line = nearest(position(scaled.data() + 3, from_centre_x, from_centre_y), height);
      if (!(column >= 0 && line >= 0 && column < width && line < height)) continue;
      std::copy_n(image.row(static_cast<int>(line)) + 3 * static_cast<size_t>(column), 3, to);
    }
  }
  return result;
}

Image rotate_about_centre(const Image& image, double degrees) {
  const double angle = -degrees * (std::numbers::pi / 180.0);
  return warp_nearest(image, {std::cos(angle), std::sin(angle), 0, -std::sin(angle), std::cos(angle), 0});
}

// The shears leave the upper row and the left column where they are.
Image shear_rows(const Image& image, double tangent) {
  return warp_nearest(image, {1, tangent, tangent * 0.5 * image.height, 0, 1, 0});
}

Image shear_columns(const Image& image, double tangent) {
  return warp_nearest(image, {1, 0, 0, tangent, 1, tangent * 0.5 * image.width});
}

Blend blend_of(double magnitude) {
  require(magnitude >= -1, "clip augmentation: expected a change of the factor of at least -1, got {}", magnitude);
  return Blend(1.0 + magnitude);
}

}  // namespace

Image augment_frame(const Image& frame, ClipOperation operation, double magnitude) {
  require(std::isfinite(magnitude), "clip augmentation: expected a finite magnitude, got {}", magnitude);
  if (frame.rgb.empty()) return frame;
  switch (operation) {
    case ClipOperation::kIdentity:
      return frame;
    case ClipOperation::kShearX:
      return shear_rows(frame, magnitude);
    case ClipOperation::kShearY:
      return shear_columns(frame, magnitude);
    case ClipOperation::kTranslateX:
      return warp_nearest(frame, {1, 0, -std::trunc(magnitude), 0, 1, 0});
    case ClipOperation::kTranslateY:
      return warp_nearest(frame, {1, 0, 0, 0, 1, -std::trunc(magnitude)});
    case ClipOperation::kRotate:
      return rotate_about_centre(frame, magnitude);
    case ClipOperation::kBrightness:
      return brightness_of(frame, blend_of(magnitude));
    case ClipOperation::kColor:
      return color_of(frame, blend_of(magnitude));
    case ClipOperation::kContrast:
      return contrast_of(frame, blend_of(magnitude));
    case ClipOperation::kSharpness:
      return sharpness_of(frame, blend_of(magnitude));
    case ClipOperation::kPosterize:
      return posterize(frame, static_cast<int>(std::clamp(magnitude, -1.0, 9.0)));
    case ClipOperation::kSolarize:
      return solarize(frame, static_cast<int>(std::ceil(std::clamp(magnitude, 0.0, 256.0))));
    case ClipOperation::kAutoContrast:
      return autocontrast_of(frame);
    case ClipOperation::kEqualize:
      return equalize(frame);
  }
  fail("clip augmentation: {} is no operation", static_cast<int>(operation));
}

ClipAugmentation random_clip_augmentation(int width, int height, PythonRandom& random) {
  constexpr double kStrength = 9.0 / 30.0;  // magnitude 9 of 31 levels
  const auto operation = static_cast<ClipOperation>(random.randrange(kClipOperations));
  const auto signed_value = [&](double value) { return random.randrange(2) != 0 ? -value : value; };
  switch (operation) {
    case ClipOperation::kShearX:
    case ClipOperation::kShearY:
      return {operation, signed_value(0.3 * kStrength)};
    case ClipOperation::kTranslateX:
      return {operation, signed_value(150.0 / 331.0 * width * kStrength)};
    case ClipOperation::kTranslateY:
      return {operation, signed_value(150.0 / 331.0 * height * kStrength)};
    case ClipOperation::kRotate:
      return {operation, signed_value(30.0 * kStrength)};
    case ClipOperation::kBrightness:
    case ClipOperation::kColor:
    case ClipOperation::kContrast:
    case ClipOperation::kSharpness:
      return {operation, signed_value(0.9 * kStrength)};
    case ClipOperation::kPosterize:
      return {operation, 8 - std::nearbyint(4 * kStrength)};
    case ClipOperation::kSolarize:
      return {operation, 255.0 * (1 - kStrength)};
    default:
      return {operation, 0};
  }
}

}  // namespace epalm::media
