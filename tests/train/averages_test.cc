#include "epalm/train/averages.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "epalm/base/error.h"

namespace epalm::train {
namespace {

TEST(Averages, KeepTheirShareAtEveryUpdate) {
  const at::Tensor p = torch::full({2}, 1.0).requires_grad_(true);
  Averages averages({{"p", 1, p}}, 0.75);
  p.detach().fill_(5);
  averages.update();
  EXPECT_TRUE(averages.tensors().at("p").equal(torch::full({2}, 2.0)));  // 0.75 + 0.25 · 5
  p.detach().fill_(6);
  averages.update();
  EXPECT_TRUE(averages.tensors().at("p").equal(torch::full({2}, 3.0)));  // 1.5 + 1.5
}

TEST(Averages, SwapIntoTheModelAndBack) {
  const at::Tensor p = torch::zeros({2}).requires_grad_(true);
  Averages averages({{"p", 1, p}}, 0.5);
  p.detach().fill_(4);
  {
    const WithAverages with_averages(&averages);
    EXPECT_TRUE(p.equal(torch::zeros({2})));
    EXPECT_TRUE(averages.tensors().at("p").equal(torch::full({2}, 4.0)));
  }
  EXPECT_TRUE(p.equal(torch::full({2}, 4.0)));
}

TEST(Averages, RefuseOthersThanTheirs) {
  const at::Tensor p = torch::zeros({2}).requires_grad_(true);
  Averages averages({{"p", 1, p}}, 0.5);
  EXPECT_THROW(averages.set({}), Error);
  EXPECT_THROW(averages.set({{"p", torch::zeros({3})}}), Error);
  EXPECT_THROW(averages.set({{"p", torch::ones({2})}, {"q", torch::ones({2})}}), Error);
  averages.set({{"p", torch::ones({2})}});
  EXPECT_TRUE(averages.tensors().at("p").equal(torch::ones({2})));
  EXPECT_THROW(Averages({}, 1.0), Error);
}

}  // namespace
}  // namespace epalm::train
