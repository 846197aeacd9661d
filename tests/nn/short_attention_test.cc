#include "epalm/nn/short_attention.h"

#include <array>
#include <limits>
#include <vector>

#include "tests/nn/attention_checks.h"

namespace epalm::nn {
namespace {

std::optional<at::Tensor> attend(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, int64_t heads,
                                 const at::Tensor& mask) {
  return short_attention(q, k, v, heads, mask);
}

// Hides what comes after each of the last queries.
at::Tensor causal(int64_t queries, int64_t keys) {
  return at::full({queries, keys}, -std::numeric_limits<float>::infinity()).triu(keys - queries + 1);
}

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
    expect_as_exact(attend, of_size(sizes), {});
    if (sizes.queries <= sizes.keys) expect_as_exact(attend, of_size(sizes), causal(sizes.queries, sizes.keys));
  }
}

// What is skipped is found for the queries of a part together, whichever of them see much.
TEST(ShortAttention, OfQueriesThatSeeDifferentNumbersOfKeysIsThePlainOne) {
  at::Tensor mask = causal(35, 35);
  mask[0].zero_();  // as a perceptual row that sees all
  mask[17].slice(0, 1).fill_(-std::numeric_limits<float>::infinity());
  mask.slice(1, 5, 11).slice(0, 20, 24).fill_(-std::numeric_limits<float>::infinity());
  expect_as_exact(attend, of_size({2, 35, 35, 2, 32}), mask);
}

TEST(ShortAttention, MultipliesScoresByTheScale) {
  const Inputs in = of_size({2, 20, 20, 2, 16});
  const at::Tensor mask = causal(20, 20);
  const auto scaled = [](const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, int64_t heads,
                         const at::Tensor& m) { return short_attention(q, k, v, heads, m, 0.25); };
  const Results got = results_of(scaled, in, mask);
  // A quarter is exact.
  Inputs quarter = in;
  quarter.q = in.q * 0.25;
  const Results want = results_of(attend, quarter, mask);
  EXPECT_TRUE(at::equal(got.out, want.out));
  EXPECT_TRUE(at::equal(got.d_q, want.d_q * 0.25));
  EXPECT_TRUE(at::equal(got.d_k, want.d_k));
  EXPECT_TRUE(at::equal(got.d_v, want.d_v));
}

// The bounds of expect_as_exact(), whose sums over queries are here those over all queries of all sequences.
TEST(ShortAttention, OfSequencesWithOneBeginningIsThatOfEachWithTheBeginningRepeated) {
  constexpr int64_t kHeads = 2, kWidth = 32;
  for (const auto& [rows, sequences, own] :
       std::vector<std::array<int64_t, 3>>{{1, 1, 1}, {3, 2, 1}, {10, 3, 24}, {17, 5, 7}}) {
    const int64_t all = rows + own, packed = rows + sequences * own;
    const SharedBeginning beginning{rows, sequences};
    at::Tensor mask = causal(all, all).expand({sequences, 1, all, all}).clone();
    mask.slice(3, all - 1).slice(0, 0, 1).fill_(std::numeric_limits<float>::lowest());  // as of padding
    Inputs in = of_size({1, packed, packed, kHeads, kWidth / kHeads});
    const Results got = results(in, [&](const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) {
      return *short_attention(q, k, v, kHeads, mask, 0.5, beginning);
    });
    for (at::Tensor* x : {&in.q, &in.k, &in.v, &in.d_out}) *x = x->to(at::kDouble);
    const Results want = results(in, [&](const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) {
      return attention_repeating(q, k, v, kHeads, mask.to(at::kDouble), 0.5, beginning);
    });
    const auto head_width = static_cast<double>(kWidth / kHeads);
    const double c = (60 + 2 * static_cast<double>(all + packed) + 4 * head_width) * kUnit;
    const auto queries = static_cast<double>(packed);
    const auto all_within = [](const at::Tensor& x, const at::Tensor& y, double bound) {
      expect_within(x, y, at::full_like(y, bound));
    };
    all_within(got.out, want.out, c);
    all_within(got.d_q, want.d_q, 2 * head_width * c);
    all_within(got.d_k, want.d_k, 2 * head_width * c * queries);
    all_within(got.d_v, want.d_v, c * queries);
  }
}

TEST(ShortAttention, TakesMasksOfEveryShapeThatFits) {
  expect_masks_of_every_shape_that_fits(attend, {3, 4, 6, 2, 16});
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
  expect_views_to_be_read_where_they_lie(attend, {2, 3, 3, 2, 16});
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
