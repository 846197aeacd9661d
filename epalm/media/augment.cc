#include "epalm/media/augment.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "epalm/base/error.h"

namespace epalm::media {
namespace {

using Table = std::array<uint8_t, 256>;

// Truncates, as NumPy's cast to uint8 after a clip.
uint8_t clipped(double value) {
  return static_cast<uint8_t>(std::clamp(value, 0.0, 255.0));
}

template <typename Function>
Table make_table(Function function) {
  Table table;
  for (size_t i = 0; i < table.size(); ++i) table[i] = function(static_cast<int>(i));
  return table;
}

Image look_up(Image image, const Table& table) {
  for (uint8_t& value : image.rgb) value = table[value];
  return image;
}

using Histogram = std::array<int64_t, 256>;

// One table a channel, made from the channel's histogram.
template <typename Function>
Image look_up_by_histogram(Image image, Function make) {
  for (size_t c = 0; c < 3; ++c) {
    Histogram histogram{};
    for (size_t i = c; i < image.rgb.size(); i += 3) ++histogram[image.rgb[i]];
    const Table table = make(histogram);
    for (size_t i = c; i < image.rgb.size(); i += 3) image.rgb[i] = table[image.rgb[i]];
  }
  return image;
}

uint8_t same(int value) {
  return static_cast<uint8_t>(value);
}

int highest_used(const Histogram& histogram) {
  int value = 255;
  while (value > 0 && histogram[static_cast<size_t>(value)] == 0) --value;
  return value;
}

// Row-major [2,3]: where a source point (x,y,1) lands.
using Affine = std::array<double, 6>;

Affine inverse(const Affine& m) {
  const double determinant = m[0] * m[4] - m[1] * m[3];
  const double scale = determinant != 0.0 ? 1.0 / determinant : 0.0;
  const double a = m[4] * scale;
  const double b = -m[1] * scale;
  const double c = -m[3] * scale;
  const double d = m[0] * scale;
  return {a, b, -a * m[2] - b * m[5], c, d, -c * m[2] - d * m[5]};
}

// Source positions are kept in 1/32 pixel, from sums in 1/1024 pixel; weights in 1/32768.
Image warp(const Image& image, const Affine& forward, uint8_t fill) {
  const Affine back = inverse(forward);
  const auto fixed = [](double position) { return static_cast<int64_t>(std::rint(position * 1024.0)); };
  const auto tap = [&](int64_t x, int64_t y, size_t c) -> int {
    if (x < 0 || y < 0 || x >= image.width || y >= image.height) return fill;
    return image.row(static_cast<int>(y))[3 * static_cast<size_t>(x) + c];
  };
  Image result(image.width, image.height);
  for (int y = 0; y < image.height; ++y) {
    uint8_t* to = result.row(y);
    const int64_t row_x = fixed(back[1] * y + back[2]) + 16;
    const int64_t row_y = fixed(back[4] * y + back[5]) + 16;
    for (int x = 0; x < image.width; ++x) {
      const int64_t from_x = (row_x + fixed(back[0] * x)) >> 5;
      const int64_t from_y = (row_y + fixed(back[3] * x)) >> 5;
      const int64_t left = from_x >> 5;
      const int64_t top = from_y >> 5;
      const int right_part = static_cast<int>(from_x & 31);
      const int bottom_part = static_cast<int>(from_y & 31);
      for (size_t c = 0; c < 3; ++c) {
        const int upper = (32 - right_part) * tap(left, top, c) + right_part * tap(left + 1, top, c);
        const int lower = (32 - right_part) * tap(left, top + 1, c) + right_part * tap(left + 1, top + 1, c);
        *to++ = static_cast<uint8_t>((32 * ((32 - bottom_part) * upper + bottom_part * lower) + 16384) >> 15);
      }
    }
  }
  return result;
}

// The published shear and translation matrices are float32.
double as_float(double value) {
  return static_cast<double>(static_cast<float>(value));
}

}  // namespace

Image autocontrast(const Image& image, bool wraps) {
  return look_up_by_histogram(image, [&](const Histogram& histogram) {
    const int high = highest_used(histogram);
    int low = 0;
    while (low < high && histogram[static_cast<size_t>(low)] == 0) ++low;
    if (high <= low) return make_table(same);
    const double scale = 255.0 / (high - low);
    const double offset = (wraps ? (256 - low) % 256 : -low) * scale;
    return make_table([&](int i) { return clipped(i * scale + offset); });
  });
}

Image equalize(const Image& image) {
  return look_up_by_histogram(image, [](const Histogram& histogram) {
    int64_t pixels = 0;
    for (const int64_t count : histogram) pixels += count;
    const int64_t step = (pixels - histogram[static_cast<size_t>(highest_used(histogram))]) / 255;
    if (step == 0) return make_table(same);
    int64_t sum = step / 2;
    return make_table([&](int i) {
      const auto value = static_cast<uint8_t>(std::min<int64_t>(sum / step, 255));
      sum += histogram[static_cast<size_t>(i)];
      return value;
    });
  });
}

Image brightness(const Image& image, double factor) {
  const auto scale = static_cast<float>(factor);
  return look_up(image, make_table([&](int i) { return clipped(static_cast<float>(i) * scale); }));
}

Image contrast(const Image& image, double factor) {
  if (image.rgb.empty()) return image;
  std::array<int64_t, 3> sums{};
  for (size_t i = 0; i < image.rgb.size(); ++i) sums[i % 3] += image.rgb[i];
  constexpr std::array kWeights{0.114, 0.587, 0.299};  // luma of blue, green, red on red, green, blue: as published
  double mean = 0.0;
  for (size_t c = 0; c < 3; ++c) {
    mean += static_cast<double>(sums[c]) / static_cast<double>(image.rgb.size() / 3) * kWeights[c];
  }
  return look_up(image, make_table([&](int i) { return clipped((i - mean) * factor + mean); }));
}

Image color(const Image& image, double factor) {
  constexpr std::array<float, 3> kLuma{0.114F, 0.587F, 0.299F};
  constexpr std::array<float, 3> kOwn{0.886F, 0.413F, 0.701F};  // 1 - luma
  const auto scale = static_cast<float>(factor);
  float matrix[3][3];  // [in,out]
  for (size_t in = 0; in < 3; ++in) {
    for (size_t out = 0; out < 3; ++out) matrix[in][out] = (in == out ? kOwn[in] : -kLuma[in]) * scale + kLuma[in];
  }
  Image result = image;
  for (size_t i = 0; i < image.rgb.size(); i += 3) {
    for (size_t out = 0; out < 3; ++out) {
      float sum = 0.0F;  // fused multiply-add, as in NumPy's matrix product
      for (size_t in = 0; in < 3; ++in) sum = std::fma(static_cast<float>(image.rgb[i + in]), matrix[in][out], sum);
      result.rgb[i + out] = clipped(sum);
    }
  }
  return result;
}

Image sharpness(const Image& image, double factor, bool wraps) {
  const auto scale = static_cast<float>(factor);
  const size_t row = image.row_bytes();
  Image result = image;
  for (int y = 1; y + 1 < image.height; ++y) {
    for (size_t i = 3; i + 3 < row; ++i) {
      const uint8_t* centre = image.row(y) + i;
      int sum = 4 * centre[0];
      for (const uint8_t* middle : {centre - row, centre, centre + row}) sum += middle[-3] + middle[0] + middle[3];
      const auto blurred = static_cast<float>((2 * sum + 13) / 26);  // sum/13 rounded; never a tie, 13 being odd
      const float value = blurred + scale * (static_cast<float>(centre[0]) - blurred);
      result.row(y)[i] = wraps ? static_cast<uint8_t>(static_cast<int>(value)) : clipped(value);
    }
  }
  return result;
}

Image solarize(const Image& image, int threshold) {
  return look_up(image, make_table([&](int i) { return static_cast<uint8_t>(i < threshold ? i : 255 - i); }));
}

Image posterize(const Image& image, int bits) {
  require(bits >= 0 && bits <= 8, "posterize: expected 0 to 8 bits, got {}", bits);
  return look_up(image, make_table([&](int i) { return static_cast<uint8_t>(i & (0xff << (8 - bits))); }));
}

Image shear_x(const Image& image, double factor, uint8_t fill) {
  return warp(image, {1, as_float(factor), 0, 0, 1, 0}, fill);
}

Image shear_y(const Image& image, double factor, uint8_t fill) {
  return warp(image, {1, 0, 0, as_float(factor), 1, 0}, fill);
}

Image translate_x(const Image& image, double offset_px, uint8_t fill) {
  return warp(image, {1, 0, -as_float(offset_px), 0, 1, 0}, fill);
}

Image translate_y(const Image& image, double offset_px, uint8_t fill) {
  return warp(image, {1, 0, 0, 0, 1, -as_float(offset_px)}, fill);
}

Image rotate(const Image& image, double degrees, uint8_t fill) {
  const double radians = degrees * (3.14159265358979323846 / 180.0);
  const double cosine = std::cos(radians);
  const double sine = std::sin(radians);
  const double x = image.width / 2.0;
  const double y = image.height / 2.0;
  return warp(image, {cosine, sine, (1 - cosine) * x - sine * y, -sine, cosine, sine * x + (1 - cosine) * y}, fill);
}

}  // namespace epalm::media
