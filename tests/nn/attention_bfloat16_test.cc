#include "epalm/nn/attention_bfloat16.h"

#include <vector>

#include "epalm/nn/attention.h"
#include "tests/nn/rounding.h"

namespace epalm::nn {
namespace {

constexpr double kScale = 0.5;

// The attention of the rounded q, k and v is exact in float64. Weights, rounded once more, err by 2^-8 of themselves
// and their sum is 1; v stays below 1. The rest is float32 as in attention_blocks_test.cc.
TEST(AttentionBfloat16, IsThatOfRoundedOperands) {
  for (const auto& [batch, queries, keys, heads, head_width] :
       std::vector<std::array<int64_t, 5>>{{1, 1, 1, 1, 1},
                                           {2, 3, 5, 2, 4},
                                           {3, 120, 120, 5, 4},
                                           {1, 40, 3000, 2, 4},
                                           {1, 20, 5000, 1, 2},
                                           {2, 70, 67, 3, 32},
                                           {1, 33, 64, 2, 64},
                                           {2, 1, 200, 1, 96},
                                           {1, 100, 1000, 2, 64}}) {  // in tiles
    SCOPED_TRACE(fmt::format("{} x {} queries, {} keys, {} heads", batch, queries, keys, heads));
    const int64_t width = heads * head_width;
    const at::Tensor q = uniform({batch, queries, width}, 1), k = uniform({batch, keys, width}, 2),
                     v = uniform({batch, keys, width}, 3);
    const auto rounded = [](const at::Tensor& x) { return x.to(at::kBFloat16).to(at::kDouble); };
    const at::Tensor want = attention_plain(rounded(q) * kScale, rounded(k), rounded(v), heads, {});
    const double bound = kBfloat16Unit + static_cast<double>(60 + 2 * keys + 4 * head_width) * kUnit;
    expect_within(attention_bfloat16(q, k, v, heads, kScale), want, at::full_like(want, bound));
  }
}

TEST(AttentionBfloat16, ReadsViewsWhereTheyLie) {
  for (const int64_t width : {8, 64}) {
    const at::Tensor together = uniform({2, 70, 3 * width}, 4);
    const auto parts = together.chunk(3, -1);
    EXPECT_TRUE(
        at::equal(attention_bfloat16(parts[0], parts[1], parts[2], 2, kScale),
                  attention_bfloat16(parts[0].contiguous(), parts[1].contiguous(), parts[2].contiguous(), 2, kScale)));
  }
}

}  // namespace
}  // namespace epalm::nn
