#include "epalm/media/image_transform.h"

#include <algorithm>
#include <cmath>

#include "epalm/base/error.h"
#include "epalm/media/augment.h"
#include "epalm/media/resize.h"

namespace epalm::media {
namespace {

constexpr double kMinAspect = 3.0 / 4.0;
constexpr double kMaxAspect = 4.0 / 3.0;

int rounded(double value) {
  return static_cast<int>(std::nearbyint(value));
}  // half to even, as Python

}  // namespace

std::vector<float> to_normalised(const Image& image) {
  const size_t pixels = image.rgb.size() / 3;
  std::vector<float> result(image.rgb.size());
  for (size_t c = 0; c < 3; ++c) {
    std::array<float, 256> table;
    for (size_t i = 0; i < table.size(); ++i) table[i] = (static_cast<float>(i) / 255.0F - kClipMean[c]) / kClipStd[c];
    for (size_t i = 0; i < pixels; ++i) result[c * pixels + i] = table[image.rgb[3 * i + c]];
  }
  return result;
}

std::vector<float> eval_transform(const Image& image, int size_px) {
  return to_normalised(resize_bicubic(image, size_px, size_px));
}

Image crop(const Image& image, const CropBox& box) {
  require(box.left >= 0 && box.top >= 0 && box.width > 0 && box.height > 0 && box.width <= image.width - box.left &&
              box.height <= image.height - box.top,
          "crop: the box of {}x{} pixels at ({},{}) does not lie within the image of {}x{}", box.width, box.height,
          box.left, box.top, image.width, image.height);
  Image result(box.width, box.height);
  for (int y = 0; y < box.height; ++y) {
    std::copy_n(image.row(box.top + y) + 3 * static_cast<size_t>(box.left), result.row_bytes(), result.row(y));
  }
  return result;
}

Image flip_horizontally(const Image& image) {
  Image result = image;
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      std::copy_n(image.row(y) + 3 * static_cast<size_t>(image.width - 1 - x), 3,
                  result.row(y) + 3 * static_cast<size_t>(x));
    }
  }
  return result;
}

CropBox random_crop_box(int width, int height, PythonRandom& random) {
  const double area = static_cast<double>(width) * height;
  for (int attempt = 0; attempt < 10; ++attempt) {
    const double target = area * random.uniform(0.5, 1.0);
    const double aspect = std::exp(random.uniform(std::log(kMinAspect), std::log(kMaxAspect)));
    const int w = rounded(std::sqrt(target * aspect));
    const int h = rounded(std::sqrt(target / aspect));
    if (w > 0 && w <= width && h > 0 && h <= height) {
      const auto top = static_cast<int>(random.randint(0, height - h));
      const auto left = static_cast<int>(random.randint(0, width - w));
      return {left, top, w, h};
    }
  }
  const double aspect = static_cast<double>(width) / height;
  const int w = aspect > kMaxAspect ? rounded(height * kMaxAspect) : width;
  const int h = aspect < kMinAspect ? rounded(width / kMinAspect) : height;
  return {(width - w) / 2, (height - h) / 2, w, h};
}

Image random_augment(const Image& image, PythonRandom& random, const AugmentQuirks& quirks) {
  // Level 7 of 10 over the ranges of the operations: 0.7 of a shear of 0.3, of 10 pixels and of 30 degrees.
  constexpr double kFactor = 0.7 * 1.8 + 0.1;
  constexpr double kShear = 0.21;
  constexpr double kTranslate_px = 7.0;
  constexpr double kRotate_degrees = 21.0;
  constexpr int kOperations = 2;
  const auto signed_value = [&](double value) { return random.random() > 0.5 ? -value : value; };

  std::array<int64_t, kOperations> chosen{};
  for (int64_t& operation : chosen) operation = random.randrange(10);
  Image result = image;
  for (const int64_t operation : chosen) {
    if (random.random() > 0.5) continue;
    switch (operation) {
      case 0:
        break;
      case 1:
        result = autocontrast(result, quirks.autocontrast_wraps);
        break;
      case 2:
        result = equalize(result);
        break;
      case 3:
        result = brightness(result, kFactor);
        break;
      case 4:
        result = sharpness(result, kFactor, quirks.sharpness_wraps);
        break;
      case 5:
        result = shear_x(result, signed_value(kShear));
        break;
      case 6:
        result = shear_y(result, signed_value(kShear));
        break;
      case 7:
        result = translate_x(result, signed_value(kTranslate_px));
        break;
      case 8:
        result = translate_y(result, signed_value(kTranslate_px));
        break;
      default:
        result = rotate(result, signed_value(kRotate_degrees));
    }
  }
  return result;
}

Image train_augment(const Image& image, int size_px, PythonRandom& random, const AugmentQuirks& quirks) {
  require(image.width > 0 && image.height > 0, "train_augment: the image has no pixels");
  Image result = resize_bicubic(crop(image, random_crop_box(image.width, image.height, random)), size_px, size_px);
  if (random.random() < 0.5) result = flip_horizontally(result);
  return random_augment(result, random, quirks);
}

}  // namespace epalm::media
