#include "epalm/nn/softmax_bfloat16.h"

#include "epalm/base/error.h"
#include "epalm/nn/vectors.h"

namespace epalm::nn {
namespace {

// Calls step(column, count) for all columns, kLanes at a time and then for those that are left.
template <typename Step>
EPALM_INLINE void by_lanes(int64_t columns, Step step) {
  int64_t column = 0;
  for (; column + kLanes <= columns; column += kLanes) step(column, kLanes);
  if (column < columns) step(column, columns - column);
}

// The first `count` numbers; the others are so low that they count for nothing.
EPALM_INLINE void read(Floats& numbers, const float* from, int64_t count) {
  numbers = Floats{} - 1e30F;
  std::memcpy(&numbers, from, static_cast<size_t>(count) * sizeof(float));
}

#define EPALM_STEP [&](int64_t column, int64_t count) __attribute__((always_inline))

EPALM_CPU_CLONES void softmax_rows(float* scores, int64_t rows, int64_t columns, float scale, uint16_t* out) {
  for (int64_t n = 0; n < rows; ++n, scores += columns, out += columns) {
    Floats numbers, highest = Floats{} - 1e30F, sums = {};
    by_lanes(
        columns, EPALM_STEP {
          read(numbers, scores + column, count);
          highest = numbers > highest ? numbers : highest;
        });
    float top = highest[0];
    for (int64_t lane = 1; lane < kLanes; ++lane) top = highest[lane] > top ? highest[lane] : top;
    by_lanes(
        columns, EPALM_STEP {
          read(numbers, scores + column, count);
          numbers = (numbers - top) * scale;
          raise(numbers);
          std::memcpy(scores + column, &numbers, static_cast<size_t>(count) * sizeof(float));
          sums += numbers;
        });
    const float share = 1 / sum_of(sums);
    by_lanes(
        columns, EPALM_STEP {
          read(numbers, scores + column, count);
          Halves halves;
          round_to(halves, numbers * share);
          std::memcpy(out + column, &halves, static_cast<size_t>(count) * sizeof(uint16_t));
        });
  }
}

#undef EPALM_STEP

}  // namespace

at::Tensor softmax_bfloat16(const at::Tensor& scores, float scale) {
  EPALM_ASSERT(scores.dim() == 2 && scores.is_contiguous() && scores.scalar_type() == at::kFloat && scale > 0);
  at::Tensor out = at::empty(scores.sizes(), at::kBFloat16);
  softmax_rows(scores.data_ptr<float>(), scores.size(0), scores.size(1), scale, static_cast<uint16_t*>(out.data_ptr()));
  return out;
}

}  // namespace epalm::nn
