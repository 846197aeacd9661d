#include "epalm/nn/linear.h"

#include "tests/nn/rounding.h"

namespace epalm::nn {
namespace {

constexpr int64_t kIn = 6, kOut = 4;

struct Parts {
  at::Tensor weight = uniform({kOut, kIn}, 1);
  at::Tensor bias = uniform({kOut}, 2);
};

at::Tensor flat(const at::Tensor& x) {
  return x.detach().reshape({-1, x.size(-1)});
}

TEST(Linear, EqualsTheExactOneWithinRounding) {
  const Parts parts;
  const at::Tensor x = uniform({2, 3, kIn}, 3);
  const Linear linear(parts.weight, parts.bias);
  EXPECT_EQ(linear.in_features(), kIn);
  EXPECT_EQ(linear.out_features(), kOut);
  EXPECT_EQ(linear(x).sizes(), (at::IntArrayRef{2, 3, kOut}));
  expect_exact_within_float32(flat(linear(x)), ExactProduct(flat(x), parts.weight.t(), parts.bias));
  expect_exact_within_float32(flat(Linear(parts.weight, {})(x)), ExactProduct(flat(x), parts.weight.t()));
}

TEST(Linear, GradientsEqualTheExactOnesWithinRounding) {
  const Parts parts;
  parts.weight.requires_grad_();
  parts.bias.requires_grad_();
  const at::Tensor x = uniform({2, 3, kIn}, 3).requires_grad_();
  const at::Tensor dy = uniform({2, 3, kOut}, 4);
  Linear(parts.weight, parts.bias)(x).backward(dy);
  EXPECT_EQ(x.grad().sizes(), x.sizes());
  expect_exact_within_float32(flat(x.grad()), ExactProduct(flat(dy), parts.weight));
  expect_exact_within_float32(parts.weight.grad(), ExactProduct(flat(dy).t(), flat(x)));
  expect_exact_within_float32(parts.bias.grad().unsqueeze(0), ExactProduct(at::ones({1, 6}), flat(dy)));
}

TEST(Linear, GradientsEqualThoseOfAutograd) {
  const Parts ours, theirs;
  const at::Tensor x = uniform({5, kIn}, 3).requires_grad_();
  const at::Tensor same = x.detach().clone().to(at::kDouble).requires_grad_();
  const at::Tensor weight = theirs.weight.to(at::kDouble).requires_grad_(),
                   bias = theirs.bias.to(at::kDouble).requires_grad_();
  ours.weight.requires_grad_();
  ours.bias.requires_grad_();
  at::tanh(Linear(ours.weight, ours.bias)(x)).sum().backward();
  at::tanh(at::linear(same, weight, bias)).sum().backward();
  // |y| <= 7 summed from 7 terms of size 1 errs by 8·7 u, tanh' passes on at most as much, and a gradient sums up to 6
  // terms of size 1 that err so: 6 · (56 + 8) u.
  const double tolerance = 6 * 64 * kUnit;
  const std::vector<std::pair<at::Tensor, at::Tensor>> pairs{
      {x.grad(), same.grad()}, {ours.weight.grad(), weight.grad()}, {ours.bias.grad(), bias.grad()}};
  for (const auto& [got, exact] : pairs) {
    expect_within(got, exact, at::full_like(exact, tolerance));
  }
}

TEST(Linear, FrozenWeightPassesTheGradientOnAndGetsNone) {
  const Parts parts;
  const at::Tensor x = uniform({3, kIn}, 3).requires_grad_();
  const at::Tensor dy = uniform({3, kOut}, 4);
  Linear(parts.weight, parts.bias)(x).backward(dy);
  EXPECT_FALSE(parts.weight.grad().defined());
  EXPECT_FALSE(parts.bias.grad().defined());
  expect_exact_within_float32(x.grad(), ExactProduct(dy, parts.weight));
}

TEST(Linear, InputThatNeedsNoGradientGetsNone) {
  const Parts parts;
  parts.weight.requires_grad_();
  const at::Tensor x = uniform({3, kIn}, 3);
  const at::Tensor dy = uniform({3, kOut}, 4);
  Linear(parts.weight, parts.bias)(x).backward(dy);
  EXPECT_FALSE(x.grad().defined());
  EXPECT_FALSE(parts.bias.grad().defined());
  expect_exact_within_float32(parts.weight.grad(), ExactProduct(dy.t(), x));
}

TEST(Linear, TrainsItsBiasAlone) {
  const Parts parts;
  parts.bias.requires_grad_();
  const at::Tensor dy = uniform({3, kOut}, 4);
  Linear(parts.weight, parts.bias)(uniform({3, kIn}, 3)).backward(dy);
  EXPECT_FALSE(parts.weight.grad().defined());
  expect_exact_within_float32(parts.bias.grad().unsqueeze(0), ExactProduct(at::ones({1, 3}), dy));
}

TEST(Linear, OutputNeedsNoGradientWhereNothingTrains) {
  const Parts parts;
  EXPECT_FALSE(Linear(parts.weight, parts.bias)(uniform({3, kIn}, 3)).requires_grad());
}

TEST(Linear, AnswersAndGradientsDoNotDependOnStrides) {
  const Parts parts;
  const Linear linear(parts.weight, parts.bias);
  const at::Tensor base = uniform({2 * kIn, 5, 4}, 3);
  const std::vector<at::Tensor> inputs{
      base.slice(0, 0, kIn).permute({2, 1, 0}), base.slice(0, 0, {}, 2).transpose(0, 2),
      base[0].t().slice(1, 0, 1).expand({4, kIn}), uniform({4, 9}, 5).slice(1, 2, 2 + kIn)};
  for (const at::Tensor& strided : inputs) {
    const at::Tensor x = strided.detach().requires_grad_();
    const at::Tensor y = linear(x);
    expect_exact_within_float32(flat(y), ExactProduct(flat(x), parts.weight.t(), parts.bias));
    y.sum().backward();  // a gradient of one repeated number
    const at::Tensor ones = at::ones({flat(y).size(0), kOut});
    expect_exact_within_float32(flat(x.grad()), ExactProduct(ones, parts.weight));
  }
}

TEST(Linear, EmptyBatchGivesAnEmptyBatchAndZeroGradients) {
  const Parts parts;
  parts.weight.requires_grad_();
  parts.bias.requires_grad_();
  const at::Tensor x = at::zeros({0, 3, kIn}).requires_grad_();
  const at::Tensor y = Linear(parts.weight, parts.bias)(x);
  EXPECT_EQ(y.sizes(), (at::IntArrayRef{0, 3, kOut}));
  y.sum().backward();
  EXPECT_EQ(x.grad().sizes(), x.sizes());
  EXPECT_TRUE(at::equal(parts.weight.grad(), at::zeros({kOut, kIn})));
  EXPECT_TRUE(at::equal(parts.bias.grad(), at::zeros({kOut})));
}

TEST(Linear, Bfloat16WeightErrsByTheRoundingOfTheInputOnly) {
  const Parts parts;
  const at::Tensor weight = parts.weight.to(at::kBFloat16);
  const at::Tensor x = uniform({3, kIn}, 3).requires_grad_(), dy = uniform({3, kOut}, 4);
  const at::Tensor y = Linear(weight, parts.bias)(x);
  y.backward(dy);
  const ExactProduct exact(x, weight.t(), parts.bias), gradient(dy, weight);
  // The weight stands as it is, an input of size |x| moves by |x|·2^-8 when rounded: 2^-8 |x| |W|.
  const auto rounding = [&](const at::Tensor& a, const at::Tensor& b) {
    return a.detach().to(at::kDouble).abs().matmul(b.to(at::kDouble).abs()) * kBfloat16Unit;
  };
  EXPECT_EQ(y.scalar_type(), at::kFloat);
  expect_within(y, exact.value, exact.bound + rounding(x, weight.t()));
  EXPECT_EQ(x.grad().scalar_type(), at::kFloat);
  expect_within(x.grad(), gradient.value, gradient.bound + rounding(dy, weight));
}

TEST(Linear, TrainedBfloat16WeightGetsABfloat16Gradient) {
  const at::Tensor weight = Parts().weight.to(at::kBFloat16).requires_grad_();
  const at::Tensor x = uniform({3, kIn}, 3), dy = uniform({3, kOut}, 4);
  Linear(weight, {})(x).backward(dy);
  const ExactProduct exact(dy.t(), x);
  EXPECT_EQ(weight.grad().scalar_type(), at::kBFloat16);
  expect_within(weight.grad(), exact.value,
                exact.value.abs() * kBfloat16Unit + 2 * exact.bound);  // rounded once at the end
}

TEST(Linear, Float16WeightIsMultipliedInFloat32) {
  const Parts parts;
  const at::Tensor weight = parts.weight.to(at::kHalf);
  const at::Tensor x = uniform({3, kIn}, 3).requires_grad_(), dy = uniform({3, kOut}, 4);
  const at::Tensor y = Linear(weight, parts.bias)(x);
  y.backward(dy);
  expect_exact_within_float32(y, ExactProduct(x, weight.t(), parts.bias));
  expect_exact_within_float32(x.grad(), ExactProduct(dy, weight));
}

TEST(Linear, ComputesInDoubleWhatIsDouble) {
  const Parts parts;
  const at::Tensor x = uniform({3, kIn}, 3).to(at::kDouble);
  const at::Tensor y = Linear(parts.weight, parts.bias)(x);
  EXPECT_EQ(y.scalar_type(), at::kDouble);
  EXPECT_TRUE(at::equal(y, at::linear(x, parts.weight.to(at::kDouble), parts.bias.to(at::kDouble))));
}

TEST(Linear, SharesTheMemoryOfItsWeight) {
  const Parts parts;
  const Linear linear(parts.weight, parts.bias);
  const at::Tensor x = uniform({3, kIn}, 3);
  parts.weight.zero_();
  EXPECT_TRUE(at::equal(linear(x), parts.bias.expand({3, kOut})));
}

TEST(Linear, RefusesWhatDoesNotFit) {
  const Parts parts;
  EXPECT_THROW(Linear(parts.weight, at::zeros({kOut + 1})), std::logic_error);
  EXPECT_THROW(Linear(at::zeros({kOut}), {}), std::logic_error);
  EXPECT_THROW(Linear(parts.weight, parts.bias)(at::zeros({2, kIn + 1})), std::logic_error);
}

// Many rows: the product of a quantized matrix and its gradient through autograd; the matrix itself has no data.
TEST(Linear, OfAQuantizedWeightMultipliesAndPassesTheGradientOn) {
  const at::Tensor weight = uniform({8, 64}, 1), bias = uniform({8}, 2);
  for (const int bits : {8, 4}) {
    Weights weights;
    weights.add_quantized("part.weight", weight, bits);
    weights.add("part.bias", bias);
    const Linear linear(weights, "part");
    const at::Tensor dense = weights.quantized("part.weight")->rows(0, 8).to(at::kDouble);
    const at::Tensor x = uniform({4, 10, 64}, 3).requires_grad_(), dy = uniform({4, 10, 8}, 4);
    const at::Tensor y = linear(x);
    y.backward(dy);
    // To bfloat16 or, with a matrix in 8 bits, to integers; gradients once they are multiplied by its scales.
    const at::Tensor scales = bits == 8 ? weights.quantized("part.weight")->scales() : at::ones({8});
    const auto rounding = [&](const at::Tensor& a, const at::Tensor& b) {
      const at::Tensor rounded = a.abs().to(at::kDouble).matmul(b.abs()) * 2 * kBfloat16Unit;
      return bits == 8 ? rounded + moved_in_groups(a).matmul(b.abs()) : rounded;
    };
    const ExactProduct forward(flat(x), dense.t(), bias), backward(flat(dy), dense);
    expect_within(flat(y), forward.value, forward.bound + rounding(flat(x), dense.t()));
    expect_within(flat(x.grad()), backward.value,
                  backward.bound + rounding(flat(dy) * scales, dense / scales.unsqueeze(1)));
  }
}

TEST(Linear, FinishesWithinTheProductWhereNothingNeedsAGradient) {
  const Parts parts;
  const at::Tensor x = uniform({2, 30, kIn}, 3);
  const Linear frozen(parts.weight.to(at::kBFloat16), parts.bias);
  // Two roundings to bfloat16 of the same number, once summed in another order, are neighbours at most.
  const auto near = [](const at::Tensor& got, const at::Tensor& want) {
    EXPECT_EQ(got.scalar_type(), at::kBFloat16);
    expect_within(got, want.to(at::kDouble), want.abs() * (2 * kBfloat16Unit) + 1e-6);
  };
  near(frozen.rounded(x), frozen(x));
  near(frozen.gelu(x), at::gelu(frozen(x)));
  const at::Tensor rounded = x.to(at::kBFloat16);
  EXPECT_TRUE(at::equal(frozen(rounded), frozen(rounded.to(at::kFloat))));

  const at::Tensor needs = x.clone().requires_grad_();
  EXPECT_TRUE(at::equal(frozen.gelu(needs), at::gelu(frozen(x))));
  const Linear whole(parts.weight, parts.bias);
  EXPECT_TRUE(at::equal(whole.gelu(x), at::gelu(whole(x))));
  EXPECT_TRUE(at::equal(whole.rounded(x), whole(x)));
}

TEST(Linear, RoundsItsInputsIfToldToButNoGradient) {
  Weights weights;
  weights.add_quantized("part.weight", uniform({8, 64}, 1), 8);
  const QuantizedMatrix& matrix = *weights.quantized("part.weight");
  const at::Tensor x = uniform({4, 10, 64}, 3).requires_grad_(), dy = uniform({4, 10, 8}, 4);
  const at::Tensor y = Linear(weights, "part", Inputs::kInt8)(x);
  y.backward(dy);
  EXPECT_TRUE(at::equal(flat(y), matrix.times(flat(x), {}, Inputs::kInt8)));
  EXPECT_TRUE(at::equal(flat(x.grad()), matrix.gradient_times(flat(dy))));
}

}  // namespace
}  // namespace epalm::nn
