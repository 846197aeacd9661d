#include "epalm/nn/bfloat16_products.h"

#include <array>
#include <cmath>
#include <functional>

#include "epalm/nn/cpu_isa.h"
#include "epalm/nn/tile_kernels.h"
#include "epalm/nn/tile_products.h"
#include "tests/nn/rounding.h"

namespace epalm::nn {
namespace {

using Product = at::Tensor (*)(const at::Tensor&, const at::Tensor&, const at::Tensor&, Finish, const at::Tensor&);

struct Way {
  const char* name;
  Product product;
  bool (*is_there)();
};

// Rows, depth and columns: parts of a tile, of a pair and of a panel and what is left over; many rows, and so deep
// that sums wait in memory.
constexpr std::array<std::array<int64_t, 3>, 9> kSizes{{{1, 1, 1},
                                                        {5, 7, 3},
                                                        {16, 32, 32},
                                                        {17, 33, 65},
                                                        {20, 2112, 96},
                                                        {40, 600, 70},
                                                        {70, 256, 300},
                                                        {530, 96, 40},
                                                        {600, 1500, 50}}};

class RoundedProducts : public testing::TestWithParam<Way> {
 protected:
  void SetUp() override {
    if (!GetParam().is_there())
      GTEST_SKIP() << GetParam().name << " need instructions that this CPU lacks: AVX-512 BF16 or, for tiles, AMX";
  }

  static at::Tensor multiply(const at::Tensor& a, const at::Tensor& b, const at::Tensor& bias = {},
                             Finish finish = Finish::kNone, const at::Tensor& positive = {}) {
    return GetParam().product(a, b, bias, finish, positive);
  }

  static void for_each_problem(
      const std::function<void(const at::Tensor& a, const at::Tensor& b, const at::Tensor& bias)>& check) {
    for (const auto& [rows, depth, columns] : kSizes) {
      SCOPED_TRACE(std::to_string(rows) + " x " + std::to_string(depth) + " x " + std::to_string(columns));
      const at::Tensor a = uniform({rows, depth}, 1).to(at::kBFloat16), bias = uniform({columns}, 3);
      const at::Tensor b = uniform({depth, columns}, 2).to(at::kBFloat16);
      check(a, b, bias);
      check(a, b.t().contiguous().t(), bias);
      // Of wider matrices.
      const auto within = [](const at::Tensor& t) {
        at::Tensor wide = at::ones({t.size(0), t.size(1) + 3}, t.options()).slice(1, 2, t.size(1) + 2);
        return wide.copy_(t);
      };
      check(within(a), within(b), bias);
      check(within(a), within(b.t()).t(), bias);
    }
  }
};

TEST_P(RoundedProducts, EqualTheExactOneWithinFloat32) {
  for_each_problem([](const at::Tensor& a, const at::Tensor& b, const at::Tensor& bias) {
    expect_exact_within_float32(multiply(a, b), ExactProduct(a, b));
    expect_exact_within_float32(multiply(a, b, bias), ExactProduct(a, b, bias));
  });
}

TEST_P(RoundedProducts, RoundAFloat32LeftSide) {
  for_each_problem([](const at::Tensor& a, const at::Tensor& b, const at::Tensor&) {
    const at::Tensor wide = uniform(a.sizes(), 4);
    EXPECT_TRUE(at::equal(multiply(wide, b), multiply(wide.to(at::kBFloat16), b)));
  });
}

// As ProductOf…FinishedIsRoundedOnce of product().
TEST_P(RoundedProducts, FinishedAreRoundedOnce) {
  for_each_problem([](const at::Tensor& a, const at::Tensor& b, const at::Tensor& bias) {
    const ExactProduct exact(a, b, bias);
    for (const auto& [finish, value] :
         {std::pair{Finish::kRound, exact.value}, std::pair{Finish::kGeluAndRound, at::gelu(exact.value)},
          std::pair{Finish::kReluAndRound, at::relu(exact.value)}}) {
      const at::Tensor got = multiply(a, b, bias, finish);
      EXPECT_EQ(got.scalar_type(), at::kBFloat16);
      // Its erf is off by up to 1.5e-7, which half of x multiplies.
      const at::Tensor erf = exact.value.abs() * 1.5e-7 + 4 * 1.5e-7;
      expect_within(got, value, 1.13 * exact.bound + erf + kBfloat16Unit * value.abs());
    }
  });
}

TEST_P(RoundedProducts, AreZeroWhereAnotherMatrixIsNotPositive) {
  for_each_problem([](const at::Tensor& a, const at::Tensor& b, const at::Tensor& bias) {
    at::Tensor positive = uniform({a.size(0), b.size(1)}, 5).to(at::kBFloat16);
    positive[0][0] = 0;
    const at::Tensor all = multiply(a, b, bias, Finish::kRound);
    const at::Tensor some = multiply(a, b, bias, Finish::kRound, positive);
    EXPECT_TRUE(at::equal(some, at::where(positive > 0, all, at::zeros_like(all))));
  });
}

TEST_P(RoundedProducts, PassOnWhatIsNotFinite) {
  at::Tensor a = uniform({40, 96}, 1);
  a[3][95] = std::nanf("");
  a[38][0] = INFINITY;
  const at::Tensor y = multiply(a, uniform({96, 64}, 2).to(at::kBFloat16));
  EXPECT_FALSE(y[3].isfinite().any().item<bool>());
  EXPECT_FALSE(y[38].isfinite().any().item<bool>());
  EXPECT_TRUE(y.slice(0, 4, 38).isfinite().all().item<bool>());
}

TEST(SuitBfloat16Products, RoundedMatricesInRows) {
  const at::Tensor a = at::ones({64, 256}), b = at::ones({256, 256}).to(at::kBFloat16);
  EXPECT_EQ(suits_bfloat16_products(a, b), has_tile_kernels());
  EXPECT_EQ(suits_bfloat16_products(a.to(at::kBFloat16), b.t().contiguous().t()), has_tile_kernels());
  EXPECT_FALSE(suits_bfloat16_products(a, b.to(at::kFloat)));
  EXPECT_FALSE(suits_bfloat16_products(a.to(at::kDouble), b));
  EXPECT_FALSE(
      suits_bfloat16_products(a, at::ones({512, 512}).to(at::kBFloat16).slice(0, 0, {}, 2).slice(1, 0, {}, 2)));
  EXPECT_FALSE(suits_bfloat16_products(a, at::ones({256, 64}).to(at::kBFloat16))) << "small products go another way";
}

INSTANTIATE_TEST_SUITE_P(All, RoundedProducts,
                         testing::Values(Way{"tiles", tile_product, has_tile_kernels},
                                         Way{"panels", panel_product, cpu_adds_up_bfloat16}),
                         [](const auto& way) { return std::string(way.param.name); });

}  // namespace
}  // namespace epalm::nn
