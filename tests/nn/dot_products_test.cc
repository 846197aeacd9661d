#include "epalm/nn/dot_products.h"

#include <cmath>

#include "epalm/nn/int8_rows.h"
#include "epalm/nn/quantized_matrix.h"
#include "tests/nn/rounding.h"

namespace epalm::nn {
namespace {

using Format = PackedMatrix::Format;

constexpr int64_t kOut = 131;  // no multiple of the rows of a block

struct Case {
  Format format;
  int64_t in;  // with and without half a step at the end
};

class DotProducts : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    if (!has_dot_products(format())) GTEST_SKIP() << "this CPU adds up no products of such numbers";
  }

  Format format() const { return GetParam().format; }
  int64_t in() const { return GetParam().in; }

  PackedMatrix matrix() const {
    if (format() == Format::kBFloat16)
      return {.format = format(), .values = halves_.data_ptr(), .rows = kOut, .columns = in()};
    return {.format = format(),
            .values = integers().values().data_ptr(),
            .scales = format() == Format::kInt8 ? integers().scales().data_ptr<float>() : nullptr,
            .group_scales = format() == Format::kInt4 ? integers().scales().data_ptr<c10::Half>() : nullptr,
            .rows = kOut,
            .columns = in()};
  }

  const QuantizedMatrix& integers() const { return format() == Format::kInt8 ? bytes_ : pairs_; }

  // What the matrix says, exactly. [out,in] float64
  at::Tensor dense() const {
    if (format() == Format::kBFloat16) return halves_.to(at::kDouble);
    if (format() == Format::kInt8)
      return bytes_.values().to(at::kDouble) * bytes_.scales().to(at::kDouble).unsqueeze(1);
    const at::Tensor groups = pairs_.values().view({kOut, -1, kFewColumns / 2}).to(at::kInt);
    const at::Tensor numbers = at::cat({groups.bitwise_and(15), groups.div(16, "floor")}, 2).to(at::kDouble) - 8;
    return (numbers * pairs_.scales().to(at::kDouble).unsqueeze(2)).flatten(1);
  }

  // x as the matrix meets it.
  at::Tensor rounded(const at::Tensor& x) const {
    if (format() == Format::kBFloat16) return x.to(at::kBFloat16).to(at::kDouble);
    const int64_t groups = (in() + 63) / 64;
    const Int8Rows rows = int8_rows(at::constant_pad_nd(x, {0, groups * 64 - in()}).view({-1, 64}));
    const at::Tensor values = rows.values.to(at::kDouble) * rows.scales.to(at::kDouble).unsqueeze(1);
    return values.view({-1, groups * 64}).slice(1, 0, in());
  }

 private:
  const at::Tensor weight_ = uniform({kOut, GetParam().in}, 1);
  const at::Tensor halves_ = weight_.to(at::kBFloat16);
  const QuantizedMatrix bytes_{weight_, 8, "weight"}, pairs_{weight_, 4, "weight"};
};

// Blocks of four, two and one rows and what is left over. Sums of integers are exact, and what is done in float32
// rounds no more often than a sum of so many products.
TEST_P(DotProducts, EqualTheExactProductOfRoundedRowsWithinFloat32) {
  const at::Tensor bias = uniform({kOut}, 2);
  for (const int64_t rows : {1, 2, 3, 4, 7, 8, 13, 16, 17, 40, 64}) {
    const at::Tensor x = uniform({rows, in()}, static_cast<uint64_t>(rows));
    expect_exact_within_float32(dot_product(x, matrix(), bias), ExactProduct(rounded(x), dense().t(), bias));
    expect_exact_within_float32(dot_product(x, matrix(), {}), ExactProduct(rounded(x), dense().t(), at::zeros({kOut})));
  }
}

// A single row may be computed in another way, where a CPU has one that is faster with more.
TEST_P(DotProducts, GiveARowTheSameInAnyBatch) {
  const at::Tensor x = uniform({64, in()}, 3), y = dot_product(x, matrix(), {});
  for (const int64_t rows : {2, 3, 7, 17, 33}) {
    EXPECT_TRUE(at::equal(dot_product(x.narrow(0, 5, rows), matrix(), {}), y.narrow(0, 5, rows)));
  }
  const at::Tensor one = dot_product(x.narrow(0, 5, 1), matrix(), {});
  EXPECT_TRUE(at::equal(one, dot_product(x.narrow(0, 5, 1).clone(), matrix(), {})));
}

// A number a thousand times as large as the others of a row costs those of its group their precision, no others.
TEST_P(DotProducts, KeepThePrecisionOfGroupsWithoutALargeNumber) {
  at::Tensor x = uniform({3, in()}, 4);
  x.select(1, 0).fill_(1000);
  const at::Tensor moved = (rounded(x) - x).abs().slice(1, 64);
  EXPECT_TRUE((moved <= 1.0 / 127).all().item<bool>());
  expect_exact_within_float32(dot_product(x, matrix(), {}), ExactProduct(rounded(x), dense().t(), at::zeros({kOut})));
}

TEST_P(DotProducts, TakeRowsOfZerosAndNoRows) {
  EXPECT_TRUE(at::equal(dot_product(at::zeros({5, in()}), matrix(), {}), at::zeros({5, kOut})));
  EXPECT_EQ(dot_product(at::empty({0, in()}), matrix(), {}).size(0), 0);
}

TEST_P(DotProducts, PassOnThatAnInputIsNotFinite) {
  at::Tensor x = uniform({6, in()}, 5);
  x[2][1] = std::nanf("");
  x[3][in() - 1] = INFINITY;
  const at::Tensor y = dot_product(x, matrix(), {});
  EXPECT_FALSE(y.slice(0, 2, 4).isfinite().any().item<bool>());
  EXPECT_TRUE(y.slice(0, 0, 2).isfinite().all().item<bool>());
  EXPECT_TRUE(y.slice(0, 4).isfinite().all().item<bool>());
}

INSTANTIATE_TEST_SUITE_P(Formats, DotProducts,
                         testing::Values(Case{Format::kInt8, 128}, Case{Format::kInt8, 96}, Case{Format::kInt8, 32},
                                         Case{Format::kInt4, 128}, Case{Format::kInt4, 96}, Case{Format::kInt4, 32},
                                         Case{Format::kInt4, 2208},  // more groups than have their scales at a time
                                         Case{Format::kBFloat16, 128}, Case{Format::kBFloat16, 96},
                                         Case{Format::kBFloat16, 32}),
                         [](const testing::TestParamInfo<Case>& test) {
                           const auto name = [&] {
                             return test.param.format == Format::kInt8   ? "Int8"
                                    : test.param.format == Format::kInt4 ? "Int4"
                                                                         : "BFloat16";
                           };
                           return std::string(name()) + "of" + std::to_string(test.param.in);
                         });

}  // namespace
}  // namespace epalm::nn
