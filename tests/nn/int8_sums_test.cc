#include "epalm/nn/int8_sums.h"

#include <gtest/gtest.h>

#include <array>

namespace epalm::nn {
namespace {

at::Tensor exact_sums(const at::Tensor& a, const at::Tensor& b) {
  return a.to(at::kDouble).mm(b.to(at::kDouble).t()).to(at::kInt);  // below 2^31: exact in float64
}

TEST(Int8Sums, AreExact) {
  at::manual_seed(1);
  for (const auto& [rows, terms, columns] : std::vector<std::array<int64_t, 3>>{
           {1, 1, 1}, {1, 33, 5}, {17, 64, 96}, {40, 131, 70}, {197, 160, 480}, {3, 4096, 2}}) {
    const at::Tensor a = at::randint(-127, 128, {rows, terms}, at::kChar),
                     b = at::randint(-127, 128, {columns, terms}, at::kChar);
    const at::Tensor sums = int8_sums(a, b);
    EXPECT_EQ(sums.scalar_type(), at::kInt);
    EXPECT_TRUE(at::equal(sums, exact_sums(a, b))) << rows << " x " << terms << " x " << columns;
  }
}

// What pairs of products, or an offset of 128 that makes numbers positive, could make overflow.
TEST(Int8Sums, OfTheLargestNumbersAreExact) {
  for (const int64_t terms : {int64_t{2}, int64_t{64}, kMostInt8Terms}) {
    for (const int sign : {1, -1}) {
      const at::Tensor a = at::full({18, terms}, 127, at::kChar), b = at::full({3, terms}, sign * 127, at::kChar);
      EXPECT_TRUE(at::equal(int8_sums(a, b), at::full({18, 3}, sign * 127 * 127 * terms, at::kInt))) << terms;
      EXPECT_TRUE(at::equal(int8_sums(b, a), at::full({3, 18}, sign * 127 * 127 * terms, at::kInt))) << terms;
    }
  }
}

TEST(Int8Sums, OfNothingAreZeros) {
  EXPECT_TRUE(
      at::equal(int8_sums(at::zeros({2, 0}, at::kChar), at::zeros({3, 0}, at::kChar)), at::zeros({2, 3}, at::kInt)));
  EXPECT_EQ(int8_sums(at::zeros({0, 4}, at::kChar), at::ones({3, 4}, at::kChar)).sizes(), (at::IntArrayRef{0, 3}));
}

TEST(Int8Sums, RefuseWhatDoesNotFit) {
  EXPECT_THROW(int8_sums(at::ones({2, 3}, at::kChar), at::ones({2, 4}, at::kChar)), std::logic_error);
  const at::Tensor wide = at::ones({1, kMostInt8Terms + 1}, at::kChar);
  EXPECT_THROW(int8_sums(wide, wide), std::logic_error);
}

}  // namespace
}  // namespace epalm::nn
