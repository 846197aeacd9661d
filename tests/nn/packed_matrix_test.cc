#include "epalm/nn/packed_matrix.h"

#include "tests/nn/rounding.h"

namespace epalm::nn {
namespace {

constexpr int64_t kOut = 130, kIn = 96;  // no multiple of a block of rows, three groups of columns

// Every number of rows up to the limit: blocks of 1, 2, 4 and 8 and what is left over.
template <typename Check>
void for_each_row_count(Check check) {
  for (int64_t rows = 1; rows <= kFewRows + 1; ++rows) check(uniform({rows, kIn}, static_cast<uint64_t>(rows)));
}

TEST(FewRows, EqualTheExactProductWithinRounding) {
  const at::Tensor weight = uniform({kOut, kIn}, 1), bias = uniform({kOut}, 2);
  const PackedMatrix matrix{.values = weight.data_ptr(), .rows = kOut, .columns = kIn};
  for_each_row_count([&](const at::Tensor& x) {
    expect_exact_within_float32(few_rows_product(x, matrix, bias), ExactProduct(x, weight.t(), bias));
    expect_exact_within_float32(few_rows_product(x, matrix, {}), ExactProduct(x, weight.t()));
  });
}

TEST(FewRows, OfBfloat16EqualTheExactProductWithinRounding) {
  const at::Tensor weight = uniform({kOut, kIn}, 1).to(at::kBFloat16), bias = uniform({kOut}, 2);
  const PackedMatrix matrix{
      .format = PackedMatrix::Format::kBFloat16, .values = weight.data_ptr(), .rows = kOut, .columns = kIn};
  for_each_row_count([&](const at::Tensor& x) {
    expect_exact_within_float32(few_rows_product(x, matrix, bias), ExactProduct(x, weight.t(), bias));
  });
}

TEST(FewRows, OfInt8EqualTheExactProductWithinRounding) {
  at::manual_seed(1);
  const at::Tensor values = at::randint(-127, 128, {kOut, kIn}, at::kChar), scales = at::rand({kOut});
  const PackedMatrix matrix{.format = PackedMatrix::Format::kInt8,
                            .values = values.data_ptr(),
                            .scales = scales.data_ptr<float>(),
                            .rows = kOut,
                            .columns = kIn};
  const at::Tensor weight = values.to(at::kDouble) * scales.to(at::kDouble).unsqueeze(1);
  for_each_row_count([&](const at::Tensor& x) {
    // The bias of ExactProduct's bound also covers the rounding of the product with the scale: K + 1 of them in all.
    expect_exact_within_float32(few_rows_product(x, matrix, {}), ExactProduct(x, weight.t(), at::zeros({kOut})));
  });
}

TEST(FewRows, OfInt4EqualTheExactProductWithinRounding) {
  at::manual_seed(1);
  const at::Tensor bytes = at::randint(0, 256, {kOut, kIn / 2}, at::kByte),
                   scales = at::rand({kOut, kIn / kFewColumns}).to(at::kHalf);
  const PackedMatrix matrix{.format = PackedMatrix::Format::kInt4,
                            .values = bytes.data_ptr(),
                            .group_scales = scales.data_ptr<c10::Half>(),
                            .rows = kOut,
                            .columns = kIn};
  at::Tensor weight = at::empty({kOut, kIn}, at::kDouble);
  for (int64_t row = 0; row < kOut; ++row) {
    for (int64_t column = 0; column < kIn; ++column) {
      const int64_t group = column / kFewColumns, place = column % kFewColumns;
      const int byte = bytes[row][group * kFewColumns / 2 + place % 16].item<int>();
      const int number = (place < 16 ? byte & 15 : byte >> 4) - 8;
      weight[row][column] = number * static_cast<double>(scales[row][group].item<float>());
    }
  }
  for_each_row_count([&](const at::Tensor& x) {
    expect_exact_within_float32(few_rows_product(x, matrix, {}), ExactProduct(x, weight.t(), at::zeros({kOut})));
  });
}

}  // namespace
}  // namespace epalm::nn
