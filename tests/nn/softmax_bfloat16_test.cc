#include "epalm/nn/softmax_bfloat16.h"

#include "tests/nn/rounding.h"

namespace epalm::nn {
namespace {

// A weight is e^x over a sum of numbers like it. e^x errs by 2^-22 and, since its argument of up to 80 is rounded four
// times in float32, by 4 · 80 u; the sum by K u more and, with what is below e^-87, by K e^-87; then comes bfloat16.
void expect_as_exact(const at::Tensor& scores, float scale) {
  const at::Tensor want = (scores.to(at::kDouble) * scale).softmax(-1);
  const auto keys = static_cast<double>(scores.size(1));
  const double relative = kBfloat16Unit + 2 * (0x1p-22 + 320 * kUnit) + keys * kUnit;
  expect_within(softmax_bfloat16(scores.clone(), scale), want, want * relative + keys * 1e-37);
}

TEST(SoftmaxBfloat16, IsTheExactOneRounded) {
  for (const int64_t keys : {1, 2, 15, 16, 17, 50, 1000}) {
    SCOPED_TRACE(keys);
    expect_as_exact(uniform({3, keys}, 1), 1);
    expect_as_exact(uniform({3, keys}, 2) * 320, 0.125F);
  }
}

TEST(SoftmaxBfloat16, OfScoresFarApartOrAllAlike) {
  const at::Tensor scores = at::full({2, 20}, -500.0);
  expect_as_exact(scores, 1);
  scores[0][7] = 500;
  const at::Tensor weights = softmax_bfloat16(scores.clone(), 1);
  EXPECT_EQ(weights[0][7].item<float>(), 1);
  EXPECT_LT(weights[0][0].item<float>(), 1e-37);
}

TEST(SoftmaxBfloat16, ANumberThatIsNoneShows) {
  const at::Tensor scores = at::zeros({2, 20});
  scores[1][3] = std::numeric_limits<float>::quiet_NaN();
  const at::Tensor weights = softmax_bfloat16(scores, 1);
  EXPECT_TRUE(weights[1].isnan().all().item<bool>());
  EXPECT_FALSE(weights[0].isnan().any().item<bool>());
}

}  // namespace
}  // namespace epalm::nn
