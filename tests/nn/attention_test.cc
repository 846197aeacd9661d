#include "epalm/nn/attention.h"

#include <cmath>
#include <limits>

#include "epalm/nn/dropout.h"
#include "tests/nn/rounding.h"

namespace epalm::nn {
namespace {

constexpr int64_t kBatch = 2, kQueries = 3, kKeys = 5, kHeads = 2, kHeadWidth = 4;
constexpr float kMinusInfinity = -std::numeric_limits<float>::infinity();

// Scores sum 4 products of size 1: error 5·4 u. A softmax weight w then errs by 2·20 u w and by some 10 u w of exp, sum
// and quotient; the output is a mean of values of size 1 under weights that err so, plus 6 roundings of its sum: below
// 56 u.
constexpr double kTolerance = 64 * kUnit;

struct Inputs {
  at::Tensor q = uniform({kBatch, kQueries, kHeads* kHeadWidth}, 1);
  at::Tensor k = uniform({kBatch, kKeys, kHeads* kHeadWidth}, 2);
  at::Tensor v = uniform({kBatch, kKeys, kHeads* kHeadWidth}, 3);
};

// The formula in loops, in double. mask [Tq,Tk].
at::Tensor in_loops(const Inputs& in, const at::Tensor& mask) {
  const at::Tensor out = at::zeros(in.q.sizes(), at::kDouble);
  const auto q = in.q.accessor<float, 3>(), k = in.k.accessor<float, 3>(), v = in.v.accessor<float, 3>();
  const auto m = mask.accessor<float, 2>();
  auto o = out.accessor<double, 3>();
  for (int64_t b = 0; b < kBatch; ++b) {
    for (int64_t head = 0; head < kHeads * kHeadWidth; head += kHeadWidth) {
      for (int64_t i = 0; i < kQueries; ++i) {
        std::vector<double> weights(kKeys);
        double sum = 0;
        for (int64_t j = 0; j < kKeys; ++j) {
          double score = m[i][j];
          for (int64_t c = head; c < head + kHeadWidth; ++c) score += static_cast<double>(q[b][i][c]) * k[b][j][c];
          sum += weights[j] = std::exp(score);
        }
        for (int64_t j = 0; j < kKeys; ++j) {
          for (int64_t c = head; c < head + kHeadWidth; ++c) o[b][i][c] += weights[j] / sum * v[b][j][c];
        }
      }
    }
  }
  return out;
}

TEST(Attention, EqualsTheFormulaInLoops) {
  const Inputs in;
  const at::Tensor no_mask = at::zeros({kQueries, kKeys});
  const at::Tensor mask = uniform({kQueries, kKeys}, 4);
  mask[0][1] = mask[0][4] = mask[2][0] = kMinusInfinity;
  const std::vector<std::pair<at::Tensor, at::Tensor>> masks{{at::Tensor(), no_mask}, {no_mask, no_mask}, {mask, mask}};
  for (const auto& [used, meant] : masks) {
    const at::Tensor exact = in_loops(in, meant);
    expect_within(attention(in.q, in.k, in.v, kHeads, used), exact, at::full_like(exact, kTolerance));
  }
}

TEST(Attention, KeyAtMinusInfinityHasNoWeightAtAll) {
  const Inputs in;
  const at::Tensor mask = at::zeros({kQueries, kKeys});
  mask[1][2] = kMinusInfinity;
  const at::Tensor before = attention(in.q, in.k, in.v, kHeads, mask);
  in.v.select(1, 2).fill_(1e6);
  const at::Tensor after = attention(in.q, in.k, in.v, kHeads, mask);
  EXPECT_TRUE(at::equal(after.select(1, 1), before.select(1, 1)));
  EXPECT_FALSE(at::equal(after.select(1, 0), before.select(1, 0)));
}

TEST(Attention, QueryThatSeesOneKeyReadsItsValue) {
  const Inputs in;
  const at::Tensor mask = at::zeros({kQueries, kKeys});
  mask[1].fill_(kMinusInfinity);
  mask[1][3] = 0;
  const at::Tensor out = attention(in.q, in.k, in.v, kHeads, mask);
  EXPECT_TRUE(at::equal(out.select(1, 1), in.v.select(1, 3)));
}

TEST(Attention, QueryThatSeesNothingIsNotANumberAndLeavesTheOthersAlone) {
  const Inputs in;
  const at::Tensor mask = at::zeros({kQueries, kKeys});
  const at::Tensor open = attention(in.q, in.k, in.v, kHeads, mask);
  mask[1].fill_(kMinusInfinity);
  const at::Tensor out = attention(in.q, in.k, in.v, kHeads, mask);
  EXPECT_TRUE(out.select(1, 1).isnan().all().item<bool>());
  for (const int64_t query : {0, 2}) EXPECT_TRUE(at::equal(out.select(1, query), open.select(1, query)));
}

TEST(Attention, DropsWeightsAndEnlargesTheRest) {
  const Inputs in;
  seed_dropout(5);
  // Equal weights of 1/5 and values 1: each kept weight adds 2/5 at p = 1/2, so the output is a multiple of it.
  const at::Tensor zero = at::zeros_like(in.q);
  const at::Tensor out = attention(zero, in.k, at::ones_like(in.v), kHeads, {}, 1, 0.5);
  const at::Tensor kept = out * 2.5;
  // Sums below 2 of five weights, each addition and weight rounded: 5 · (2 + 0.4) u · 2.5, and 5 u for the product.
  EXPECT_LE((kept - kept.round()).abs().max().item<double>(), 40 * kUnit);
  EXPECT_LT(kept.min().item<double>() + 0.5, kept.max().item<double>());  // not all kept the same number
}

TEST(Attention, RefusesKeysAndValuesOfAnotherShape) {
  const Inputs in;
  EXPECT_THROW(attention(in.q, in.k.slice(2, 0, 4), in.v, kHeads, {}), std::logic_error);
  EXPECT_THROW(attention(in.q, in.k, in.v.slice(1, 0, 4), kHeads, {}), std::logic_error);
  EXPECT_THROW(attention(in.q, in.k, in.v, 3, {}), std::logic_error);
}

// Sequence 1 began as sequence 0 and went on by itself; scores and weights err as above, in both paths.
TEST(Attention, OverKeptRowsIsThatOverTheRowsTheIndexNames) {
  const Inputs in;
  KeptRows kept{at::full({kKeys + 1, 3, kHeads * kHeadWidth}, 1e6), at::full({kKeys + 1, 3, kHeads * kHeadWidth}, 1e6),
                at::tensor({0, 0, 0, 0, 0, 0, 0, 0, 1, 1}, at::kLong).view({kBatch, kKeys})};
  keep(kept, in.k.slice(0, 0, 1).slice(1, 0, 3), in.v.slice(0, 0, 1).slice(1, 0, 3), 0);
  keep(kept, in.k.slice(1, 3), in.v.slice(1, 3), 3);
  const auto shared = [](const at::Tensor& x) {
    return at::cat({x.slice(0, 0, 1).slice(1, 0, 3).expand({kBatch, -1, -1}), x.slice(1, 3)}, 1);
  };
  const at::Tensor mask = uniform({kBatch, 1, kQueries, kKeys}, 4);
  mask[1][0][2][3] = kMinusInfinity;
  for (const at::Tensor& used : {at::Tensor(), mask}) {
    const at::Tensor plain = attention(in.q, shared(in.k), shared(in.v), kHeads, used);
    EXPECT_TRUE(at::equal(attention_gathered(in.q, kept, kHeads, used), plain));
    EXPECT_LE((attention(in.q, kept, kHeads, used) - plain).abs().max().item<double>(), 2 * kTolerance);
  }
}

}  // namespace
}  // namespace epalm::nn
