#include "epalm/nn/attention_blocks.h"

#include <string>
#include <utility>
#include <vector>

#include "epalm/nn/attention.h"
#include "tests/nn/attention_checks.h"

namespace epalm::nn {
namespace {

TEST(AttentionInBlocks, AndItsGradientsAreThoseOfThePlainOne) {
  for (const Sizes& sizes : std::vector<Sizes>{{1, 1, 1, 1, 1},
                                               {2, 3, 5, 2, 4},
                                               {2, 1, 7, 2, 4},
                                               {3, 120, 120, 5, 4},     // four heads at a time, then one
                                               {1, 40, 3000, 2, 4},     // 21 queries at a time
                                               {1, 20, 5000, 1, 2}}) {  // 16 although that is more than is meant
    SCOPED_TRACE(
        fmt::format("{} x {} queries, {} keys, {} heads", sizes.batch, sizes.queries, sizes.keys, sizes.heads));
    expect_as_exact(attention_in_blocks, of_size(sizes), {});
  }
}

TEST(AttentionInBlocks, TakesMasksOfEveryShapeThatFits) {
  expect_masks_of_every_shape_that_fits(attention_in_blocks, {3, 4, 6, 2, 3});
}

TEST(AttentionInBlocks, ReadsViewsWhereTheyLie) {
  expect_views_to_be_read_where_they_lie(attention_in_blocks, {2, 3, 3, 2, 4});
}

TEST(AttentionInBlocks, LeavesOtherTensorsToThePlainOne) {
  const Inputs in = of_size({1, 2, 3, 1, 4});
  const at::Tensor mask = at::zeros({2, 3}).requires_grad_(true);
  EXPECT_FALSE(attention_in_blocks(in.q, in.k, in.v, 1, mask).has_value());
  const auto wide = [](const at::Tensor& x) { return x.to(at::kDouble); };
  EXPECT_FALSE(attention_in_blocks(wide(in.q), wide(in.k), wide(in.v), 1, {}).has_value());
  const at::Tensor none = at::empty({0, 3, 4});
  EXPECT_EQ(attention(none, none, none, 1, {}).sizes(), none.sizes());
}

}  // namespace
}  // namespace epalm::nn
