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
  const Inputs in = of_size({3, 4, 6, 2, 3});
  for (const std::vector<int64_t>& shape :
       std::vector<std::vector<int64_t>>{{1, 1, 4, 6}, {4, 6}, {3, 1, 1, 6}, {3, 2, 4, 6}, {1, 2, 4, 1}}) {
    at::Tensor mask = uniform(shape, 5);
    mask.view({-1})[0] = -std::numeric_limits<float>::infinity();
    if (shape.back() == 1) mask.fill_(0.5);  // one number for all keys changes nothing, infinity would leave none
    expect_as_exact(attention_in_blocks, in, mask);
  }
}

TEST(AttentionInBlocks, ReadsViewsWhereTheyLie) {
  const Inputs in = of_size({2, 3, 3, 2, 4});
  const at::Tensor together = at::stack({in.q, in.k, in.v}, 2);  // [B,T,3,W]
  const Inputs views{together.select(2, 0), together.select(2, 1), together.select(2, 2), in.d_out, in.heads};
  expect_as_exact(attention_in_blocks, views, {});
  Inputs turned = in;
  turned.q = in.q.transpose(1, 2).contiguous().transpose(1, 2);
  turned.k = in.k.narrow(0, 0, 1).expand({2, -1, -1});
  turned.v = in.v.narrow(1, 0, 1).expand({-1, 3, -1});
  turned.d_out = in.d_out.narrow(2, 0, 1).expand({-1, -1, 8});
  expect_as_exact(attention_in_blocks, turned, {});
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
