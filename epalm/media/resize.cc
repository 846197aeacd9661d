#include "epalm/media/resize.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "epalm/base/error.h"

namespace epalm::media {
namespace {

constexpr int kWeightBits = 22;
constexpr int32_t kHalf = 1 << (kWeightBits - 1);

double cubic(double x) {
  constexpr double a = -0.5;
  x = std::abs(x);
  if (x < 1.0) return ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0;
  if (x < 2.0) return (((x - 5.0) * x + 8.0) * x - 4.0) * a;
  return 0.0;
}

// The source samples that make one output sample: weights[i] belongs to sample first + i. The weights sum to about
// 2^22 and their magnitudes to less than twice that, so 255 * sum stays within 32 bits.
struct Taps {
  int first;
  std::vector<int32_t> weights;
};

std::vector<Taps> make_taps(int in, int out) {
  const double scale = static_cast<double>(in) / out;
  const double stretch = std::max(scale, 1.0);
  const double support = 2.0 * stretch;
  std::vector<Taps> taps(static_cast<size_t>(out));
  std::vector<double> exact;
  for (int i = 0; i < out; ++i) {
    const double centre = (i + 0.5) * scale;
    const int first = std::max(static_cast<int>(centre - support + 0.5), 0);
    const int end = std::min(static_cast<int>(centre + support + 0.5), in);
    exact.clear();
    double sum = 0.0;
    for (int k = first; k < end; ++k) {
      exact.push_back(cubic((k - centre + 0.5) * (1.0 / stretch)));
      sum += exact.back();
    }
    Taps& tap = taps[static_cast<size_t>(i)];
    tap.first = first;
    for (const double weight : exact) {
      tap.weights.push_back(static_cast<int32_t>(std::round(weight / sum * (1 << kWeightBits))));
    }
  }
  return taps;
}

uint8_t to_byte(int32_t sum) {
  return static_cast<uint8_t>(std::clamp(sum >> kWeightBits, 0, 255));
}

Image resize_rows(const Image& image, int width) {
  const auto taps = make_taps(image.width, width);
  Image result(width, image.height);
  for (int y = 0; y < image.height; ++y) {
    const uint8_t* from = image.row(y);
    uint8_t* to = result.row(y);
    for (const Taps& tap : taps) {
      const uint8_t* pixel = from + 3 * static_cast<size_t>(tap.first);
      int32_t red = kHalf;
      int32_t green = kHalf;
      int32_t blue = kHalf;
      for (const int32_t weight : tap.weights) {
        red += pixel[0] * weight;
        green += pixel[1] * weight;
        blue += pixel[2] * weight;
        pixel += 3;
      }
      *to++ = to_byte(red);
      *to++ = to_byte(green);
      *to++ = to_byte(blue);
    }
  }
  return result;
}

Image resize_columns(const Image& image, int height) {
  const auto taps = make_taps(image.height, height);
  Image result(image.width, height);
  std::vector<int32_t> sums(image.row_bytes());
  for (int y = 0; y < height; ++y) {
    const Taps& tap = taps[static_cast<size_t>(y)];
    std::fill(sums.begin(), sums.end(), kHalf);
    for (size_t k = 0; k < tap.weights.size(); ++k) {
      const uint8_t* from = image.row(tap.first + static_cast<int>(k));
      const int32_t weight = tap.weights[k];
      for (size_t i = 0; i < sums.size(); ++i) sums[i] += from[i] * weight;
    }
    std::transform(sums.begin(), sums.end(), result.row(y), to_byte);
  }
  return result;
}

}  // namespace

Image resize_bicubic(const Image& image, int width, int height) {
  require(image.width > 0 && image.height > 0, "resize: the image has no pixels");
  require(width > 0 && height > 0, "resize: expected a size of at least 1x1 pixels, got {}x{}", width, height);
  if (image.width == width) return image.height == height ? image : resize_columns(image, height);
  Image wide = resize_rows(image, width);  // rows first: the intermediate is rounded to bytes, so the order shows
  return wide.height == height ? wide : resize_columns(wide, height);
}

}  // namespace epalm::media
