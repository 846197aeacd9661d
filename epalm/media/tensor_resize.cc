#include "epalm/media/tensor_resize.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

#include "epalm/base/error.h"

namespace epalm::media {
namespace {

constexpr size_t kTaps = 4;

// The source lines of one output line; beyond the edge its line repeats.
struct Tap {
  std::array<size_t, kTaps> lines;
  std::array<float, kTaps> weights;
};

// These three functions are compiled twice, for processors with and without fused multiply-add: torch's own kernel has
// that choice, and the last bit decides how one value in 100,000 is rounded.
#define EPALM_INLINE [[gnu::always_inline]] inline

EPALM_INLINE std::vector<Tap> make_taps(int in, int out) {
  constexpr float a = -0.75F;
  const auto near = [](float x) { return ((a + 2) * x - (a + 3)) * x * x + 1; };
  const auto far = [](float x) { return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a; };
  const float scale = static_cast<float>(in) / static_cast<float>(out);
  std::vector<Tap> taps(static_cast<size_t>(out));
  for (int i = 0; i < out; ++i) {
    const double centre = static_cast<double>(scale) * (i + 0.5) - 0.5;
    const int base = static_cast<int>(std::floor(centre));
    const auto part = static_cast<float>(centre - base);
    Tap& tap = taps[static_cast<size_t>(i)];
    tap.weights = {far(part + 1), near(part), near(1 - part), far(1 - part + 1)};
    for (int k = 0; k < static_cast<int>(kTaps); ++k) {
      tap.lines[static_cast<size_t>(k)] = static_cast<size_t>(std::clamp(base + k - 1, 0, in - 1));
    }
  }
  return taps;
}

// row: [in,3] bytes, wide: [taps.size(),3].
EPALM_INLINE void resize_row(const uint8_t* row, const std::vector<Tap>& taps, float* wide) {
  for (const Tap& tap : taps) {
    for (size_t c = 0; c < 3; ++c) {
      float sum = static_cast<float>(row[3 * tap.lines[0] + c]) * tap.weights[0];
      for (size_t k = 1; k < kTaps; ++k) sum = static_cast<float>(row[3 * tap.lines[k] + c]) * tap.weights[k] + sum;
      *wide++ = sum;
    }
  }
}

EPALM_INLINE void resize_image(const Image& image, Image& result) {
  constexpr float kRound = 12582912.0F;  // 1.5 * 2^23: adding it leaves no bits below 1
  const auto across = make_taps(image.width, result.width);
  const auto down = make_taps(image.height, result.height);
  // The wide rows in use, each at its number modulo their count.
  std::array<std::vector<float>, kTaps> wide;
  std::array<size_t, kTaps> held;
  held.fill(SIZE_MAX);
  for (auto& row : wide) row.resize(result.row_bytes());
  for (int y = 0; y < result.height; ++y) {
    const Tap& tap = down[static_cast<size_t>(y)];
    std::array<const float*, kTaps> rows;
    for (size_t k = 0; k < kTaps; ++k) {
      const size_t place = tap.lines[k] % kTaps;
      if (held[place] != tap.lines[k])
        resize_row(image.row(static_cast<int>(tap.lines[k])), across, wide[place].data());
      held[place] = tap.lines[k];
      rows[k] = wide[place].data();
    }
    uint8_t* to = result.row(y);
    for (size_t i = 0; i < result.row_bytes(); ++i) {
      float sum = rows[0][i] * tap.weights[0];
      sum = rows[1][i] * tap.weights[1] + sum;
      sum = rows[2][i] * tap.weights[2] + sum;
      sum = rows[3][i] * tap.weights[3] + sum;
      sum = std::min(std::max(sum, 0.0F), 255.0F);
      to[i] = static_cast<uint8_t>(static_cast<int>(sum + kRound - kRound));
    }
  }
}

#if defined(__x86_64__)
[[gnu::target("avx2,fma")]] void resize_image_fused(const Image& image, Image& result) {
  resize_image(image, result);
}

bool can_fuse() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
#else
void resize_image_fused(const Image& image, Image& result) {
  resize_image(image, result);
}

bool can_fuse() {
  return false;
}
#endif

}  // namespace

Image resize_bicubic_unsmoothed(const Image& image, int width, int height) {
  require(image.width > 0 && image.height > 0, "resize: the image has no pixels");
  require(width > 0 && height > 0, "resize: expected a size of at least 1x1 pixels, got {}x{}", width, height);
  if (image.width == width && image.height == height) return image;
  Image result(width, height);
  if (can_fuse()) {
    resize_image_fused(image, result);
  } else {
    resize_image(image, result);
  }
  return result;
}

}  // namespace epalm::media
