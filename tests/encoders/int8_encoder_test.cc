// The three encoders with their matrices in 8 bits, beside float32.
#include <gmock/gmock.h>

#include <cmath>

#include "epalm/encoders/load_encoder.h"
#include "tests/encoders/refusal.h"

namespace epalm::encoders {
namespace {

struct Case {
  std::string name;
  EncoderConfig config;
  std::vector<int64_t> media;  // of one
  int products;                // one after the other, with matrices in 8 bits
};

constexpr int64_t kWidth = 64, kDepth = 3;

template <typename Config>
Config small() {
  Config config;
  config.width = kWidth;
  config.depth = kDepth;
  config.heads = 4;
  config.mlp_width = 4 * kWidth;
  return config;
}

Case vit() {
  auto config = small<VitConfig>();
  config.image_size_px = 24;
  config.patch_size_px = 4;
  config.classes = 0;
  return {"vit", config, {3, 24, 24}, 4 * kDepth};
}

Case timesformer() {
  auto config = small<TimesformerConfig>();
  config.image_size_px = 16;
  config.patch_size_px = 4;
  config.frames = 3;
  config.classes = 0;
  return {"timesformer", config, {3, 3, 16, 16}, 7 * kDepth};
}

Case ast() {
  auto config = small<AstConfig>();
  config.mel_bins = 16;
  config.frames = 40;
  config.patch_size = 4;
  config.stride = 3;
  config.image_classes = config.sound_classes = 0;
  return {"ast", config, {40, 16}, 4 * kDepth};
}

class Int8Encoder : public testing::TestWithParam<Case> {
 protected:
  // Without the zeros of a start from scratch, with which whole parts compute nothing.
  static std::vector<nn::WeightSpec> table() {
    auto specs = encoder_weights(GetParam().config);
    for (auto& spec : specs) {
      if (spec.init == nn::Init::kZeros) spec.init = nn::Init::kNormal;
    }
    return specs;
  }
  static std::shared_ptr<const Encoder> encoder(nn::Precision precision, const nn::Weights& weights) {
    return make_encoder(GetParam().config, nn::in_precision(weights, table(), precision));
  }
  static at::Tensor media(int64_t count) {
    at::manual_seed(2);
    std::vector<int64_t> shape = GetParam().media;
    shape.insert(shape.begin(), count);
    return at::randn(shape);
  }
  // Of 64 numbers: rows of x of size 1 keep that size.
  const nn::Weights weights_ = nn::random_weights(table(), 1, 1 / std::sqrt(kWidth));

  // An integer of 8 bits errs by the square root of a twelfth of a step, a 127th of the largest of its row: four
  // deviations where a few hundred numbers are normal. Weights and inputs of each product err so, independently.
  static double bound() { return std::sqrt(2.0 * GetParam().products) * 4.0 / 127 / std::sqrt(12); }
  static double off(const at::Tensor& got, const at::Tensor& exact) {
    return (got - exact).norm().item<double>() / exact.norm().item<double>();
  }
};

TEST_P(Int8Encoder, KeepsItsStates) {
  const auto exact = encoder(nn::Precision::kFloat32, weights_), rounded = encoder(nn::Precision::kInt8, weights_);
  EXPECT_LT(rounded->weights().bytes(), exact->weights().bytes() / 2);
  const at::Tensor expected = exact->cls_states(media(4), kDepth), states = rounded->cls_states(media(4), kDepth);
  ASSERT_EQ(states.sizes(), expected.sizes());
  EXPECT_GT(off(states, expected), 0);
  EXPECT_LE(off(states, expected), bound());
  EXPECT_GE(at::cosine_similarity(states, expected, -1).min().item<double>(), 0.99);
  EXPECT_LE(off(rounded->last_tokens(media(4)), exact->last_tokens(media(4))), bound());
}

TEST_P(Int8Encoder, SeesEachMediumOfABatchAlone) {
  const auto rounded = encoder(nn::Precision::kInt8, weights_);
  const at::Tensor both = rounded->cls_states(media(2), kDepth);
  for (int64_t i = 0; i < 2; ++i) {
    EXPECT_LE(off(rounded->cls_states(media(2).narrow(0, i, 1), kDepth), both.narrow(0, i, 1)), bound());
  }
  EXPECT_GT(off(both[0], both[1]), 3 * bound());
}

// Matrices and media of zeros have no largest number to take a scale from.
TEST_P(Int8Encoder, ComputesWithDeadChannelsAndBlankMedia) {
  for (const auto& [name, tensor] : weights_.items()) {
    if (name.ends_with("attn.qkv.weight")) tensor.narrow(0, 5, 2).zero_();
    if (name.ends_with("mlp.fc1.weight")) tensor.zero_();
  }
  const auto exact = encoder(nn::Precision::kFloat32, weights_), rounded = encoder(nn::Precision::kInt8, weights_);
  for (const at::Tensor& shown : {media(2), at::zeros_like(media(2))}) {
    const at::Tensor states = rounded->cls_states(shown, kDepth);
    EXPECT_TRUE(states.isfinite().all().item<bool>());
    EXPECT_LE(off(states, exact->cls_states(shown, kDepth)), bound());
  }
}

TEST_P(Int8Encoder, NamesTheMatrixThatHoldsANumberThatIsNotFinite) {
  for (const auto& [name, tensor] : weights_.items()) {
    if (!name.ends_with("blocks.1.mlp.fc2.weight")) continue;
    tensor[3][7] = std::nanf("");
    EXPECT_THAT(refusal([&] { encoder(nn::Precision::kInt8, weights_); }),
                testing::AllOf(testing::HasSubstr(name), testing::HasSubstr("not finite")));
    return;
  }
  FAIL() << "no such matrix";
}

INSTANTIATE_TEST_SUITE_P(Of, Int8Encoder, testing::Values(vit(), timesformer(), ast()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace epalm::encoders
