#include "epalm/nn/quantized_matrix.h"

#include <algorithm>
#include <vector>

#include "epalm/base/shapes.h"
#include "epalm/nn/dot_products.h"
#include "epalm/nn/int8_products.h"
#include "epalm/nn/int8_rows.h"
#include "epalm/nn/int8_sums.h"
#include "epalm/nn/large_pages.h"
#include "epalm/nn/packed_matrix.h"
#include "epalm/nn/product.h"

namespace epalm::nn {
namespace {

constexpr int64_t kMostGroupedRows = 64;  // up to so many are multiplied sooner in groups with scales of their own
constexpr int64_t kTileBytes = 2 << 20;   // of bfloat16 rows in use at a time: they stay in the cache

// Scales with which the largest number of the last dimension is `most`; 1 where all are zero.
at::Tensor scales_of(const at::Tensor& weight, double most) {
  const at::Tensor largest = weight.abs().amax(-1, true);
  return at::where(largest > 0, largest / most, at::ones_like(largest));
}

// The same of the largest number 7, as float16 holds them: the next larger ones, so that no number exceeds 7.
at::Tensor half_scales_of(const at::Tensor& weight, const std::string& name) {
  const at::Tensor exact = scales_of(weight, 7), nearest = exact.to(at::kHalf);
  const at::Tensor next = (nearest.view(at::kShort) + 1).view(at::kHalf);
  const at::Tensor scales = at::where(nearest.to(at::kFloat) < exact, next, nearest).to(at::kFloat);
  require(scales.isfinite().all().item<bool>(),
          "{} holds numbers above 458,000, too large for 4 bits: keep the model in int8 or bf16", name);
  return scales;
}

// [out,in/32,32] numbers 0 … 15 -> [out,in/2] bytes
at::Tensor pack_pairs(const at::Tensor& numbers) {
  const auto halves = numbers.to(at::kByte).chunk(2, -1);
  return (halves[0] + halves[1] * 16).flatten(1).contiguous();
}

}  // namespace

QuantizedMatrix::QuantizedMatrix(const at::Tensor& weight, int bits, const std::string& name) : bits_(bits) {
  EPALM_ASSERT(bits == 8 || bits == 4);
  check_shape(weight, {kAny, kAny}, name);
  const int64_t out = weight.size(0), in = weight.size(1);
  require(in % kFewColumns == 0,
          "{} has rows of {} numbers; in {} bits they must be a multiple of {}: keep the model in bf16", name, in, bits,
          kFewColumns);
  values_ = bits == 8 ? empty_in_large_pages({out, in}, at::kChar) : empty_in_large_pages({out, in / 2}, at::kByte);
  scales_ = bits == 8 ? at::empty({out}) : empty_in_large_pages({out, in / kFewColumns}, at::kHalf);
  // Some rows at a time: float32 of a whole matrix would leave holes of several times its size in the heap.
  const int64_t count = std::max<int64_t>(1, kTileBytes / (4 * in));
  for (int64_t first = 0; first < out; first += count) {
    const int64_t rows = std::min(count, out - first);
    const at::Tensor numbers = weight.detach().narrow(0, first, rows).to(at::kFloat);
    require(numbers.isfinite().all().item<bool>(),
            "{} holds numbers that are not finite and cannot be kept in {} bits; repair the weight file, or keep "
            "the model in bf16 to see what comes of them",
            name, bits);
    const at::Tensor groups = bits == 8 ? numbers : numbers.view({rows, -1, kFewColumns});
    const at::Tensor scales = bits == 8 ? scales_of(groups, 127) : half_scales_of(groups, name);
    const at::Tensor rounded = (groups / scales).round_();
    values_.narrow(0, first, rows).copy_(bits == 8 ? rounded.to(at::kChar) : pack_pairs(rounded + 8));
    scales_.narrow(0, first, rows).copy_(scales.squeeze(-1));
  }
}

QuantizedMatrix::QuantizedMatrix(at::Tensor values, at::Tensor scales)
    : bits_(values.scalar_type() == at::kChar ? 8 : 4), values_(std::move(values)), scales_(std::move(scales)) {}

int64_t QuantizedMatrix::bytes_of(int64_t out, int64_t in, int bits) {
  return bits == 8 ? out * in + out * 4 : out * in / 2 + out * (in / kFewColumns) * 2;
}

PackedMatrix QuantizedMatrix::packed() const {
  const bool int8 = bits_ == 8;
  return {.format = int8 ? PackedMatrix::Format::kInt8 : PackedMatrix::Format::kInt4,
          .values = values_.data_ptr(),
          .scales = int8 ? scales_.data_ptr<float>() : nullptr,
          .group_scales = int8 ? nullptr : scales_.data_ptr<c10::Half>(),
          .rows = out_features(),
          .columns = in_features()};
}

at::Tensor QuantizedMatrix::rows(int64_t first, int64_t count) const {
  return dequantized(packed(), first, count);
}

at::Tensor QuantizedMatrix::times(const at::Tensor& x, const at::Tensor& bias, Inputs inputs) const {
  const PackedMatrix matrix = packed();
  const bool sums = inputs == Inputs::kInt8 && bits_ == 8 && in_features() <= kMostInt8Terms && adds_up_int8() &&
                    x.size(0) > kMostGroupedRows;
  if (!sums && x.size(0) <= most_dot_rows(matrix.format)) return dot_product(x, matrix, bias);
  if (x.size(0) <= kFewRows) return few_rows_product(x.contiguous(), matrix, bias);
  if (sums) {
    const Int8Rows rows = int8_rows(x);
    return scaled(int8_sums(rows.values, values_), rows.scales, scales_, bias);
  }
  if (bits_ == 8 && suits_int8_products()) return int8_product(x, values_, scales_, bias);
  const at::Tensor left = x.to(at::kBFloat16);
  at::Tensor out = at::empty({x.size(0), out_features()}, x.options());
  for_each_tile([&](int64_t first, const at::Tensor& tile) {
    const at::Tensor part_of_bias = bias.defined() ? bias.narrow(0, first, tile.size(0)) : bias;
    out.narrow(1, first, tile.size(0)).copy_(product(left, tile.t(), part_of_bias));
  });
  return out;
}

at::Tensor QuantizedMatrix::gradient_times(const at::Tensor& dy) const {
  if (bits_ == 8 && suits_int8_products()) return int8_gradient_product(dy, values_, scales_);
  const at::Tensor left = dy.to(at::kBFloat16);
  at::Tensor dx = at::zeros({dy.size(0), in_features()}, dy.options());
  for_each_tile([&](int64_t first, const at::Tensor& tile) {
    dx.add_(product(left.narrow(1, first, tile.size(0)).contiguous(), tile));
  });
  return dx;
}

void QuantizedMatrix::for_each_tile(const std::function<void(int64_t first, const at::Tensor& tile)>& use) const {
  const int64_t count = std::max<int64_t>(1, kTileBytes / (2 * in_features()));
  for (int64_t first = 0; first < out_features(); first += count) {
    use(first, rows(first, std::min(count, out_features() - first)));
  }
}

}  // namespace epalm::nn
