#include "epalm/nn/short_attention.h"

#include <limits>
#include <vector>

#include "tests/nn/attention_checks.h"

namespace epalm::nn {
namespace {

TEST(ShortAttention, AndItsGradientsAreThoseOfThePlainOne) {
  for (const Sizes& sizes : std::vector<Sizes>{{1, 1, 1, 1, 16},
                                               {2, 3, 5, 2, 32},
                                               {3, 35, 35, 3, 64},
                                               {2, 24, 34, 2, 64},
                                               {5, 8, 8, 2, 64},
                                               {1, 2, 128, 2, 48},
                                               {1, 128, 17, 1, 128}}) {
    SCOPED_TRACE(
        fmt::format("{} x {} queries, {} keys, {} heads", sizes.batch, sizes.queries, sizes.keys, sizes.heads));
    expect_as_exact(short_attention, of_size(sizes), {});
  }
}

TEST(ShortAttention, TakesMasksOfEveryShapeThatFits) {
  const Inputs in = of_size({3, 4, 6, 2, 16});
  for (const std::vector<int64_t>& shape :
       std::vector<std::vector<int64_t>>{{1, 1, 4, 6}, {4, 6}, {3, 1, 1, 6}, {3, 2, 4, 6}, {1, 2, 4, 1}}) {
    at::Tensor mask = uniform(shape, 5);
    mask.view({-1})[0] = -std::numeric_limits<float>::infinity();
    if (shape.back() == 1) mask.fill_(0.5);  // one number for all keys changes nothing, infinity would leave none
    expect_as_exact(short_attention, in, mask);
  }
}

// A key that a mask hides counts for nothing at all, whatever it holds; a query that sees no key gets no number.
TEST(ShortAttention, HiddenKeysCountForNothing) {
  Inputs in = of_size({1, 2, 20, 1, 16});
  at::Tensor mask = at::zeros({2, 20});
  mask[0].slice(0, 3).fill_(-std::numeric_limits<float>::infinity());
  mask[1].fill_(-std::numeric_limits<float>::infinity());
  const at::Tensor before = *short_attention(in.q, in.k, in.v, 1, mask);
  in.k.slice(1, 3).mul_(1000);
  in.v.slice(1, 3).fill_(1e30);
  const at::Tensor after = *short_attention(in.q, in.k, in.v, 1, mask);
  EXPECT_TRUE(at::equal(before[0][0], after[0][0]));
  EXPECT_TRUE(after[0][1].isnan().all().item<bool>());
}

TEST(ShortAttention, ReadsViewsWhereTheyLie) {
  const Inputs in = of_size({2, 3, 3, 2, 16});
  const at::Tensor together = at::stack({in.q, in.k, in.v}, 2);  // [B,T,3,W]
  expect_as_exact(short_attention,
                  {together.select(2, 0), together.select(2, 1), together.select(2, 2), in.d_out, in.heads}, {});
  Inputs turned = in;
  turned.q = in.q.transpose(1, 2).contiguous().transpose(1, 2);
  turned.k = in.k.narrow(0, 0, 1).expand({2, -1, -1});
  turned.v = in.v.narrow(1, 0, 1).expand({-1, 3, -1});
  turned.d_out = in.d_out.narrow(2, 0, 1).expand({-1, -1, 32});
  expect_as_exact(short_attention, turned, {});
}

TEST(ShortAttention, LeavesWhatItDoesNotSuit) {
  const auto taken = [](const Inputs& in, const at::Tensor& mask = {}) {
    return short_attention(in.q, in.k, in.v, in.heads, mask).has_value();
  };
  EXPECT_TRUE(taken(of_size({1, 2, kShortKeys, 1, 16})));
  EXPECT_FALSE(taken(of_size({1, 2, kShortKeys + 1, 1, 16})));
  EXPECT_FALSE(taken(of_size({1, 2, 3, 1, 8})));
  EXPECT_FALSE(taken(of_size({1, 2, 3, 1, 16}), at::zeros({2, 3}).requires_grad_(true)));
  EXPECT_FALSE(taken({at::zeros({1, 2, 16}, at::kDouble),
                      at::zeros({1, 2, 16}, at::kDouble),
                      at::zeros({1, 2, 16}, at::kDouble),
                      {},
                      1}));
  EXPECT_FALSE(taken({at::empty({0, 3, 16}), at::empty({0, 3, 16}), at::empty({0, 3, 16}), {}, 1}));
}

}  // namespace
}  // namespace epalm::nn
