#include "epalm/media/tensor_resize.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include "epalm/base/error.h"

namespace epalm::media {
namespace {

constexpr size_t kTaps = 4;
constexpr float kSharpness = -0.75F;  // `a` of the cubic kernel

// The source lines of one output line; beyond the edge its line repeats.
struct Tap {
  std::array<size_t, kTaps> lines;
  std::array<float, kTaps> weights;
};

// These functions are compiled twice, for processors with and without fused multiply-add, as torch's own kernel is: the
// last bit decides how one value in 100,000 is rounded. Where a step is fused stands here, not in the compiler's
// choice.
#define EPALM_INLINE [[gnu::always_inline]] inline

template <bool kFused>
EPALM_INLINE float multiply_add(float a, float b, float c) {
  return kFused ? __builtin_fmaf(a, b, c) : a * b + c;
}

// Four products summed, the first two in the order in which compilers fuse `a * w + b * v`.
template <bool kFused>
EPALM_INLINE float weighted_sum(float a, float b, float c, float d, const std::array<float, kTaps>& weights) {
  const float sum = multiply_add<kFused>(a, weights[0], b * weights[1]);
  return multiply_add<kFused>(d, weights[3], multiply_add<kFused>(c, weights[2], sum));
}

template <bool kFused>
EPALM_INLINE float weight_within_one(float x) {
  return multiply_add<kFused>(kSharpness + 2, x, -(kSharpness + 3)) * x * x + 1;
}

template <bool kFused>
EPALM_INLINE float weight_beyond_one(float x) {
  const float inner = multiply_add<kFused>(kSharpness, x, -5 * kSharpness);
  return multiply_add<kFused>(inner, x, 8 * kSharpness) * x - 4 * kSharpness;
}

template <bool kFused>
EPALM_INLINE std::vector<Tap> make_taps(int in, int out) {
  const float scale = static_cast<float>(in) / static_cast<float>(out);
  std::vector<Tap> taps(static_cast<size_t>(out));
  for (int i = 0; i < out; ++i) {
    const double centre = static_cast<double>(scale) * (i + 0.5) - 0.5;
    const int base = static_cast<int>(std::floor(static_cast<float>(centre)));  // may lie just above the centre
    const auto part = static_cast<float>(centre - base);
    Tap& tap = taps[static_cast<size_t>(i)];
    tap.weights = {weight_beyond_one<kFused>(part + 1), weight_within_one<kFused>(part),
                   weight_within_one<kFused>(1 - part), weight_beyond_one<kFused>(1 - part + 1)};
    for (int k = 0; k < static_cast<int>(kTaps); ++k) {
      tap.lines[static_cast<size_t>(k)] = static_cast<size_t>(std::clamp(base + k - 1, 0, in - 1));
    }
  }
  return taps;
}

// What resizing rows across needs, laid out so that a loop runs over all numbers of a row at once: the source bytes and
// the weight of each tap side by side.
struct AcrossRow {
  AcrossRow(std::vector<Tap> row_taps, size_t in) : taps(std::move(row_taps)), source(3 * in + 1) {
    for (size_t k = 0; k < kTaps; ++k) {
      bytes[k].resize(3 * taps.size() + 1);
      for (const Tap& tap : taps) weights[k].insert(weights[k].end(), 3, tap.weights[k]);
    }
  }

  std::vector<Tap> taps;
  std::vector<uint8_t> source;                    // [in,3] and one more
  std::array<std::vector<uint8_t>, kTaps> bytes;  // [out,3] and one more
  std::array<std::vector<float>, kTaps> weights;  // [out,3]
};

// The same for every byte: the sum of four products, with the rounding of torch's kernel.
template <bool kFused, typename From, typename Weight>
EPALM_INLINE float sum_of_taps(const std::array<const From*, kTaps>& from, size_t i, const Weight& weight) {
  float sum = static_cast<float>(from[0][i]) * weight(0);
  sum = multiply_add<kFused>(static_cast<float>(from[1][i]), weight(1), sum);
  sum = multiply_add<kFused>(static_cast<float>(from[2][i]), weight(2), sum);
  return multiply_add<kFused>(static_cast<float>(from[3][i]), weight(3), sum);
}

// row: [in,3] bytes, wide: [out,3].
template <bool kFused>
EPALM_INLINE void resize_row(std::span<const uint8_t> row, AcrossRow& across, float* __restrict wide) {
  std::copy(row.begin(), row.end(), across.source.begin());
  for (size_t i = 0; i < across.taps.size(); ++i) {
    for (size_t k = 0; k < kTaps; ++k) {  // four bytes move faster than three; the next pixel overwrites the last
      std::memcpy(across.bytes[k].data() + 3 * i, across.source.data() + 3 * across.taps[i].lines[k], 4);
    }
  }
  std::array<const uint8_t*, kTaps> from;
  std::array<const float*, kTaps> weights;
  for (size_t k = 0; k < kTaps; ++k) {
    from[k] = across.bytes[k].data();
    weights[k] = across.weights[k].data();
  }
  const size_t count = 3 * across.taps.size();
  for (size_t i = 0; i < count; ++i) {
    wide[i] = sum_of_taps<kFused>(from, i, [&](size_t k) { return weights[k][i]; });
  }
}

// rows: [out,3] each. Rounded before it is cut to a byte, in whole numbers: that is the same, and vectorised.
template <bool kFused>
EPALM_INLINE void blend_rows(const std::array<const float*, kTaps> rows, const std::array<float, kTaps> weights,
                             size_t count, uint8_t* __restrict to) {
  constexpr float kRound = 12582912.0F;  // 1.5 * 2^23: adding it leaves no bits below 1
  for (size_t i = 0; i < count; ++i) {
    const float sum = sum_of_taps<kFused>(rows, i, [&](size_t k) { return weights[k]; });
    to[i] = static_cast<uint8_t>(std::clamp(static_cast<int>(sum + kRound - kRound), 0, 255));
  }
}

template <bool kFused>
EPALM_INLINE void resize_image(const Image& image, Image& result) {
  AcrossRow across(make_taps<kFused>(image.width, result.width), static_cast<size_t>(image.width));
  const auto down = make_taps<kFused>(image.height, result.height);
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
      if (held[place] != tap.lines[k]) {
        resize_row<kFused>({image.row(static_cast<int>(tap.lines[k])), image.row_bytes()}, across, wide[place].data());
      }
      held[place] = tap.lines[k];
      rows[k] = wide[place].data();
    }
    blend_rows<kFused>(rows, tap.weights, result.row_bytes(), result.row(y));
  }
}

#if defined(__x86_64__)
[[gnu::target("avx2,fma")]] void resize_image_fused(const Image& image, Image& result) {
  resize_image<true>(image, result);
}

bool can_fuse() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
#else
void resize_image_fused(const Image& image, Image& result) {
  resize_image<false>(image, result);
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
    resize_image<false>(image, result);
  }
  return result;
}

}  // namespace epalm::media
