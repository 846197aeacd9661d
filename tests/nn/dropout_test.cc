#include "epalm/nn/dropout.h"

#include <gtest/gtest.h>

#include <thread>

namespace epalm::nn {
namespace {

TEST(Dropout, DrawsAsLibtorchDoesWithTheSameSeed) {
  const at::Tensor x = at::arange(1, 401, at::kFloat).view({20, 20});
  at::manual_seed(11);
  const at::Tensor first = at::dropout(x, 0.3, true), second = at::dropout(x, 0.6, true);
  seed_dropout(11);
  EXPECT_TRUE(at::equal(dropout(x, 0.3), first));
  EXPECT_TRUE(at::equal(dropout(x, 0.6), second));
  EXPECT_TRUE(dropout(x, 0).is_same(x));
  EXPECT_FALSE(dropout(x, 1).any().item<bool>());
}

TEST(Dropout, OfOneThreadDoesNotDependOnAnother) {
  const at::Tensor x = at::ones({1000});
  seed_dropout(3);
  const at::Tensor first = dropout(x, 0.5), second = dropout(x, 0.5);
  seed_dropout(3);
  EXPECT_TRUE(at::equal(dropout(x, 0.5), first));
  std::thread([&] {
    seed_dropout(4);
    EXPECT_FALSE(at::equal(dropout(x, 0.5), second));
  }).join();
  EXPECT_TRUE(at::equal(dropout(x, 0.5), second));
}

TEST(Dropout, SomethingHappensAsOftenAsItIsLikely) {
  seed_dropout(5);
  int often = 0;
  for (int i = 0; i < 10'000; ++i) often += happens(0.2) ? 1 : 0;
  EXPECT_NEAR(often, 2000, 200);  // five standard deviations of 40
  EXPECT_FALSE(happens(0));
  EXPECT_TRUE(happens(1));
}

}  // namespace
}  // namespace epalm::nn
