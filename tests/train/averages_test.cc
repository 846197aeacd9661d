#include "epalm/train/averages.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "epalm/base/error.h"

namespace epalm::train {
namespace {

TEST(Averages, KeepTheirShareAtEveryUpdate) {
  const at::Tensor p = at::full({2}, 1.0).requires_grad_(true);
  Averages averages({{"p", 1, p}}, 0.75);
  p.detach().fill_(5);
  averages.update();
  EXPECT_TRUE(averages.tensors().at("p").equal(at::full({2}, 2.0)));  // 0.75 + 0.25 · 5
  p.detach().fill_(6);
  averages.update();
  EXPECT_TRUE(averages.tensors().at("p").equal(at::full({2}, 3.0)));  // 1.5 + 1.5
}

TEST(Averages, SwapIntoTheModelAndBack) {
  const at::Tensor p = at::zeros({2}).requires_grad_(true);
  Averages averages({{"p", 1, p}}, 0.5);
  p.detach().fill_(4);
  {
    const WithAverages with_averages(&averages);
    EXPECT_TRUE(p.equal(at::zeros({2})));
    EXPECT_TRUE(averages.tensors().at("p").equal(at::full({2}, 4.0)));
  }
  EXPECT_TRUE(p.equal(at::full({2}, 4.0)));
}

TEST(Averages, RefuseOthersThanTheirs) {
  const at::Tensor p = at::zeros({2}).requires_grad_(true);
  Averages averages({{"p", 1, p}}, 0.5);
  EXPECT_THROW(averages.set({}), Error);
  EXPECT_THROW(averages.set({{"p", at::zeros({3})}}), Error);
  EXPECT_THROW(averages.set({{"p", at::ones({2})}, {"q", at::ones({2})}}), Error);
  averages.set({{"p", at::ones({2})}});
  EXPECT_TRUE(averages.tensors().at("p").equal(at::ones({2})));
  EXPECT_THROW(Averages({}, 1.0), Error);
}

}  // namespace
}  // namespace epalm::train
