#include "epalm/nn/large_pages.h"

#include <gtest/gtest.h>

namespace epalm::nn {
namespace {

constexpr int64_t kLargePage = 2 << 20;

TEST(LargePages, HoldWhatIsWrittenToTheLastByte) {
  for (const int64_t bytes :
       {int64_t{0}, int64_t{5}, kLargePage - 1, kLargePage, kLargePage + 1, 3 * kLargePage + 4095}) {
    const at::Tensor tensor = empty_in_large_pages({bytes}, at::kByte);
    EXPECT_EQ(tensor.sizes(), at::IntArrayRef({bytes}));
    tensor.fill_(7);
    EXPECT_EQ(tensor.sum().item<int64_t>(), 7 * bytes);
  }
}

TEST(LargePages, BeginWithOne) {
  const at::Tensor tensor = empty_in_large_pages({1024, 2048}, at::kHalf);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(tensor.data_ptr()) % kLargePage, 0U);
  EXPECT_EQ(tensor.scalar_type(), at::kHalf);
}

TEST(LargePages, OutliveTheirTensorInAView) {
  at::Tensor view;
  {
    const at::Tensor whole = empty_in_large_pages({4, kLargePage}, at::kByte);
    whole.fill_(3);
    view = whole.select(0, 3);
  }
  EXPECT_TRUE(view.eq(3).all().item<bool>());
}

TEST(LargePages, TakeNumbersOverRounded) {
  const at::Tensor numbers = at::randn({1024, 2048});
  EXPECT_TRUE(in_large_pages(numbers.t(), at::kBFloat16).equal(numbers.t().to(at::kBFloat16)));
  EXPECT_TRUE(in_large_pages(numbers, at::kBFloat16).is_contiguous());
  EXPECT_TRUE(in_large_pages(numbers, at::kFloat).is_alias_of(numbers));
}

}  // namespace
}  // namespace epalm::nn
