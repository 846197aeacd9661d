#include "epalm/bench/training_step.h"

#include <gtest/gtest.h>

#include <cmath>

#include "epalm/bench/arithmetic.h"
#include "epalm/bench/generating.h"
#include "epalm/bench/large_model.h"
#include "epalm/model/trainable.h"
#include "epalm/nn/int8_products.h"
#include "epalm/nn/int8_sums.h"

namespace epalm::bench {
namespace {

model::EPalm tiny_model(int64_t prompt_tokens = kPromptTokens) {
  lm::OptConfig lm;
  lm.vocab_size = 64;
  lm.hidden_size = lm.word_embed_proj_dim = 32;
  lm.num_hidden_layers = 8;
  lm.ffn_dim = 64;
  lm.num_attention_heads = 2;
  const model::EPalm model =
      large_model(lm, large_lm_weights(lm, nn::Precision::kBFloat16), "vit_tiny_patch16_224", prompt_tokens);
  model::mark_trainable(model, {});
  return model;
}

TEST(TrainingStep, ReachesWhatTrainsAndBeginsWithoutGradients) {
  const model::EPalm model = tiny_model();
  const TrainBatch batch = random_batch(model, 2, 5);
  EXPECT_EQ(batch.predicted(), 2 * 4);
  const at::Tensor features = random_features(model, 2);
  const double loss = training_step(model, batch, features);
  EXPECT_NEAR(loss, std::log(64), 0.5);  // random weights know nothing
  for (const auto& [name, tensor] : model.adapter().weights().items()) {
    ASSERT_TRUE(tensor.grad().defined()) << name;
    const at::Tensor first = tensor.grad().clone();
    training_step(model, batch, features);
    EXPECT_TRUE(at::equal(tensor.grad(), first)) << name << " gathers the gradients of two steps";
  }
  forget_gradients(model);
  for (const auto& [name, tensor] : model.parameters()) EXPECT_FALSE(tensor.grad().defined()) << name;
}

// Of eight layers the sixth and seventh have an injected token: without a prompt gradients end in the sixth, and until
// there both texts share its rows and those of their first token. Each text's last token is no row; what is overwritten
// before the seventh is not read, and behind the last layer only tokens are.
TEST(TrainingStep, WorkCountsPromptAndPerceptualRowsAndTheLayersThatGradientsReach) {
  for (const int64_t prompt : {0, 10}) {
    const model::EPalm model = tiny_model(prompt);
    const Work work = training_work(model, random_batch(model, 2, 5), 1.5);
    const auto before = static_cast<double>(prompt > 0 ? prompt + 1 + 2 * 3 : 2 * 4);
    const auto each = static_cast<double>(2 * (1 + prompt + 4));
    const LayerRows shared{before, before};
    const std::vector<LayerRows> rows{shared, shared,           shared,       shared,
                                      shared, {each, each - 2}, {each, each}, {each, 8}};
    EXPECT_EQ(work.flop, training_flop(model.lm().config(), rows, 8, prompt > 0 ? 8 : 3));
    EXPECT_EQ(work.bytes, 2 * static_cast<double>(model.lm().weights().bytes()));
    EXPECT_EQ(work.precision, nn::Precision::kBFloat16);
    EXPECT_EQ(work.seconds, 1.5);
  }
}

// In which precision a row's peak is measured.
TEST(PrecisionOfProducts, IsThatOfTheMatricesOrOfIntegersWhereTheCpuMultipliesThem) {
  const std::string name = "model.decoder.layers.0.fc1.weight";
  const auto of = [&](const at::Tensor& matrix, int bits, bool many_rows) {
    nn::Weights weights;
    bits > 0 ? weights.add_quantized(name, matrix, bits) : weights.add(name, matrix);
    return precision_of_products(weights, many_rows);
  };
  const at::Tensor matrix = at::ones({64, 64});
  for (const bool many_rows : {false, true}) {
    EXPECT_EQ(of(matrix, 0, many_rows), nn::Precision::kFloat32);
    EXPECT_EQ(of(matrix.to(at::kBFloat16), 0, many_rows), nn::Precision::kBFloat16);
  }
  const auto where = [](bool integers) { return integers ? nn::Precision::kInt8 : nn::Precision::kBFloat16; };
  EXPECT_EQ(of(matrix, 8, true), where(nn::suits_int8_products()));
  EXPECT_EQ(of(matrix, 4, true), nn::Precision::kBFloat16);
  EXPECT_EQ(of(matrix, 8, false), where(nn::adds_up_int8()));
  EXPECT_EQ(of(matrix, 4, false), where(nn::adds_up_int8()));
}

TEST(Generating, CaptionsHaveTheirFullLength) {
  const at::NoGradGuard no_gradients;
  const model::EPalm model = tiny_model();
  const at::Tensor features = random_features(model, 2), ids = random_ids(model, 2, kKnownTokens);
  for (const int64_t beams : {1, 3}) {
    const auto captions = generate_captions(model, features, ids, caption_options(beams));
    EXPECT_EQ(captions.ids.sizes(), (std::vector<int64_t>{2, kKnownTokens + kNewTokens}));
  }
  const auto text = generate_captions(model, {}, random_ids(model, 2, 4), caption_options(1, 4));
  EXPECT_EQ(text.ids.sizes(), (std::vector<int64_t>{2, 4 + kNewTokens}));
  EXPECT_EQ(token_seconds(model, 4, 3).size(), 3u);
}

// Of the tables only the positions are not read whole: 2050 rows of 32 bfloat16.
TEST(Generating, ATokenReadsAllWeightsButThePositions) {
  const model::EPalm model = tiny_model();
  EXPECT_EQ(token_bytes(model), static_cast<double>(model.lm().weights().bytes() - 2050 * 32 * 2));
}

}  // namespace
}  // namespace epalm::bench
