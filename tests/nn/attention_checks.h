#pragma once

#include <limits>
#include <optional>
#include <vector>

#include "epalm/nn/attention.h"
#include "tests/nn/rounding.h"

// Ways to compute nn::attention against the plain one in float64.
namespace epalm::nn {

struct Sizes {
  int64_t batch, queries, keys, heads, head_width;
};

struct Inputs {
  at::Tensor q, k, v, d_out;
  int64_t heads;
};

inline Inputs of_size(const Sizes& s) {
  const int64_t width = s.heads * s.head_width;
  return {uniform({s.batch, s.queries, width}, 1), uniform({s.batch, s.keys, width}, 2),
          uniform({s.batch, s.keys, width}, 3), uniform({s.batch, s.queries, width}, 4), s.heads};
}

struct Results {
  at::Tensor out, d_q, d_k, d_v;
};

template <typename Attention>
Results results(const Inputs& in, Attention attention) {
  const auto leaf = [](const at::Tensor& x) { return x.detach().requires_grad_(true); };
  const at::Tensor q = leaf(in.q), k = leaf(in.k), v = leaf(in.v);
  const at::Tensor out = attention(q, k, v);
  out.backward(in.d_out);
  return {out.detach(), q.grad(), k.grad(), v.grad()};
}

using Attention = std::optional<at::Tensor> (*)(const at::Tensor&, const at::Tensor&, const at::Tensor&, int64_t,
                                                const at::Tensor&);

inline Results results_of(Attention attention, const Inputs& in, const at::Tensor& mask) {
  return results(in, [&](const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) {
    const auto out = attention(q, k, v, in.heads, mask);
    EXPECT_TRUE(out.has_value());
    return *out;
  });
}

// The same in float64, which serves as exact.
inline Results exact(const Inputs& in, const at::Tensor& mask) {
  const auto wide = [](const at::Tensor& x) { return x.defined() ? x.to(at::kDouble) : x; };
  return results({wide(in.q), wide(in.k), wide(in.v), wide(in.d_out), in.heads},
                 [&](const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) {
                   return attention_plain(q, k, v, in.heads, wide(mask));
                 });
}

// A weight P errs by 50 u P (attention_test.cc) and by Tk u P of its sum; what multiplies it by up to 4·d u; sums over
// keys or queries by Tk u or Tq u: c in all. All inputs stay below 1, so out errs by c, d_v by c Σ_q P, d_scores =
// P (dP - δ) by 2 d c P, d_q by 2 d c and d_k by 2 d c Σ_q P.
inline void expect_as_exact(Attention attention, const Inputs& in, const at::Tensor& mask) {
  const int64_t queries = in.q.size(1), keys = in.k.size(1), width = in.q.size(2), head_width = width / in.heads;
  const double c = static_cast<double>(60 + 2 * keys + queries + 4 * head_width) * kUnit;
  const Results got = results_of(attention, in, mask), want = exact(in, mask);
  const auto split = [&](const at::Tensor& x) {
    return x.to(at::kDouble).reshape({x.size(0), x.size(1), in.heads, -1}).transpose(1, 2);
  };
  at::Tensor scores = split(in.q).matmul(split(in.k).transpose(2, 3));
  if (mask.defined()) scores = scores + mask;
  const at::Tensor read = scores.softmax(-1).sum(2);  // [B,H,Tk]
  const at::Tensor read_by_column = read.transpose(1, 2).repeat_interleave(head_width, 2);
  expect_within(got.out, want.out, at::full_like(want.out, c));
  expect_within(got.d_q, want.d_q, at::full_like(want.d_q, 2 * static_cast<double>(head_width) * c));
  expect_within(got.d_k, want.d_k, read_by_column * (2 * static_cast<double>(head_width) * c));
  expect_within(got.d_v, want.d_v, read_by_column * c);
}

// sizes: 3 sequences of 4 queries and 6 keys, 2 heads.
inline void expect_masks_of_every_shape_that_fits(Attention attention, const Sizes& sizes) {
  const Inputs in = of_size(sizes);
  for (const std::vector<int64_t>& shape :
       std::vector<std::vector<int64_t>>{{1, 1, 4, 6}, {4, 6}, {3, 1, 1, 6}, {3, 2, 4, 6}, {1, 2, 4, 1}}) {
    at::Tensor mask = uniform(shape, 5);
    mask.view({-1})[0] = -std::numeric_limits<float>::infinity();
    if (shape.back() == 1) mask.fill_(0.5);  // one number for all keys changes nothing, infinity would leave none
    expect_as_exact(attention, in, mask);
  }
}

// sizes: 2 sequences of 3 queries and 3 keys.
inline void expect_views_to_be_read_where_they_lie(Attention attention, const Sizes& sizes) {
  const Inputs in = of_size(sizes);
  const at::Tensor together = at::stack({in.q, in.k, in.v}, 2);  // [B,T,3,W]
  const Inputs views{together.select(2, 0), together.select(2, 1), together.select(2, 2), in.d_out, in.heads};
  expect_as_exact(attention, views, {});
  Inputs turned = in;
  turned.q = in.q.transpose(1, 2).contiguous().transpose(1, 2);
  turned.k = in.k.narrow(0, 0, 1).expand({2, -1, -1});
  turned.v = in.v.narrow(1, 0, 1).expand({-1, 3, -1});
  turned.d_out = in.d_out.narrow(2, 0, 1).expand({-1, -1, in.q.size(2)});
  expect_as_exact(attention, turned, {});
}

}  // namespace epalm::nn
