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
  expect_masks_of_every_shape_that_fits(short_attention, {3, 4, 6, 2, 16});
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
  expect_views_to_be_read_where_they_lie(short_attention, {2, 3, 3, 2, 16});
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
