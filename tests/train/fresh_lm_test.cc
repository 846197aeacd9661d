#include "epalm/train/fresh_lm.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "epalm/base/error.h"
#include "epalm/base/python_random.h"
#include "epalm/lm/opt.h"

namespace epalm::train {
namespace {

lm::OptConfig shape() {
  lm::OptConfig config;
  config.vocab_size = 200;
  config.hidden_size = config.word_embed_proj_dim = 128;
  config.num_hidden_layers = 3;
  config.num_attention_heads = 4;
  config.ffn_dim = 64;
  config.max_position_embeddings = 60;
  config.dropout = 0;
  config.init_std = 0.08;
  return config;
}

// Sines and cosines: the inner product of two positions depends on their distance alone.
TEST(FreshLmWeights, PositionsDifferByTheirDistanceAlone) {
  const nn::Weights weights = fresh_lm_weights(shape(), 1);
  const at::Tensor positions = weights.at("model.decoder.embed_positions.weight").to(at::kDouble);  // [rows,D]
  const at::Tensor products = positions.matmul(positions.t());
  for (int64_t i = 0; i + 5 < positions.size(0); ++i) {
    // Values of at most 0.1, stored in float32: products of 32 of them are off by less than 32 * 2 * 0.01 * 2^-24.
    EXPECT_NEAR(products[i][i + 3].item<double>(), products[0][3].item<double>(), 4e-8) << i;
    EXPECT_GT(products[i][i].item<double>(), products[i][i + 5].item<double>()) << i;
  }
}

// "a b c d … c": before any training the second layer finds the earlier c and fetches what stands three and four behind
// it, and from the later one what stands one and two before; more of these four than of any other token of the text.
TEST(FreshLmWeights, FindTheSameTokenEarlierAndFetchWhatStandsAround) {
  const lm::OptConfig config = shape();
  const nn::Weights weights = fresh_lm_weights(config, 1);
  const lm::Opt lm(config, weights);
  const at::Tensor embeddings = weights.at("model.decoder.embed_tokens.weight");
  PythonRandom random(1);
  double fetched = 0;  // mean score of the four
  double others = 0;
  constexpr int kTexts = 50;
  constexpr int64_t kLength = 16;
  for (int text = 0; text < kTexts; ++text) {
    auto ids = random.sample_indices(config.vocab_size, kLength);
    const int64_t asked = 3 + random.randrange(7);
    ids.push_back(ids[static_cast<size_t>(asked)]);
    lm::OptInput input;
    input.ids = at::tensor(ids).unsqueeze(0);
    std::vector<at::Tensor> states;
    input.observe = [&](const at::Tensor& x) { states.push_back(x[0][kLength]); };
    const at::NoGradGuard no_grad;
    lm.hidden(input);
    const at::Tensor written = states[2] - states[1];  // by the second layer at the last token
    const at::Tensor scores = embeddings.matmul(written).index_select(0, input.ids[0].slice(0, 0, kLength));
    const std::set<int64_t> around{asked + 3, asked + 4, kLength - 2, kLength - 1};
    for (int64_t place = 0; place < kLength; ++place) {
      const double score = scores[place].item<double>();
      if (around.contains(place)) {
        fetched += score / (4 * kTexts);
      } else {
        others += score / ((kLength - 4) * kTexts);
      }
    }
  }
  EXPECT_GT(fetched, 5 * std::abs(others));
}

TEST(FreshLmWeights, ComeFromTheSeedAlone) {
  const nn::Weights first = fresh_lm_weights(shape(), 1);
  const nn::Weights again = fresh_lm_weights(shape(), 1);
  const nn::Weights other = fresh_lm_weights(shape(), 2);
  const std::string name = "model.decoder.layers.1.self_attn.q_proj.weight";
  EXPECT_TRUE(at::equal(first.at(name), again.at(name)));
  EXPECT_FALSE(at::equal(first.at(name), other.at(name)));
}

TEST(FreshLmWeights, NeedFourHeadsAndThreeLayers) {
  lm::OptConfig config = shape();
  config.num_attention_heads = 8;
  EXPECT_THROW(fresh_lm_weights(config, 1), Error);
  config = shape();
  config.num_hidden_layers = 2;
  EXPECT_THROW(fresh_lm_weights(config, 1), Error);
}

// What is added writes next to nothing, so what the model says stays about what it was.
TEST(LargerLmWeights, TakeOverEveryTensorAndChangeLittle) {
  const auto config = shape();
  const lm::Opt model(config, fresh_lm_weights(config, 1));
  auto larger = config;
  larger.num_hidden_layers = 5;
  larger.ffn_dim = config.ffn_dim + 40;
  const nn::Weights grown = larger_lm_weights(larger, model, 2);
  for (const auto& [name, tensor] : model.weights().items()) {
    at::Tensor place = grown.at(name);
    for (int64_t i = 0; i < tensor.dim(); ++i) place = place.narrow(i, 0, tensor.size(i));
    EXPECT_TRUE(at::equal(tensor, place)) << name;
  }
  lm::OptInput input;
  input.ids = at::arange(4, 24).view({1, -1});
  const at::Tensor before = model.hidden(input);
  const at::Tensor after = lm::Opt(larger, grown).hidden(input);
  EXPECT_LT(((after - before).norm() / before.norm()).item<double>(), 0.5);
}

TEST(LargerLmWeights, WiderStatesChangeLittleToo) {
  const auto config = shape();
  const lm::Opt model(config, fresh_lm_weights(config, 1));
  auto larger = config;
  larger.hidden_size = larger.word_embed_proj_dim = 192;
  larger.num_attention_heads = 6;  // of the same width
  const nn::Weights grown = larger_lm_weights(larger, model, 2);
  lm::OptInput input;
  input.ids = at::arange(4, 24).view({1, -1});
  const at::Tensor before = model.hidden(input);
  const at::Tensor after = lm::Opt(larger, grown).hidden(input).slice(2, 0, config.hidden_size);
  EXPECT_LT(((after - before).norm() / before.norm()).item<double>(), 0.5);
}

TEST(LargerLmWeights, RefuseOtherDifferencesAndSmallerModels) {
  const auto config = shape();
  const lm::Opt model(config, fresh_lm_weights(config, 1));
  auto larger = config;
  larger.num_hidden_layers = 5;
  const nn::Weights grown = larger_lm_weights(larger, model, 2);
  EXPECT_THROW(larger_lm_weights(config, lm::Opt(larger, grown), 2), Error);
  larger.hidden_size = larger.word_embed_proj_dim = 192;
  larger.num_attention_heads = 8;  // narrower heads
  EXPECT_THROW(larger_lm_weights(larger, model, 2), Error);
  larger = config;
  larger.ffn_dim = config.ffn_dim / 2;
  EXPECT_THROW(larger_lm_weights(larger, model, 2), Error);
  larger = config;
  larger.vocab_size += 10;  // words that nothing is known of
  EXPECT_THROW(larger_lm_weights(larger, model, 2), Error);
}

}  // namespace
}  // namespace epalm::train
