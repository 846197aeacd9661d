#include "epalm/bench/plain_epalm.h"

#include <gtest/gtest.h>

#include "epalm/encoders/vit.h"
#include "epalm/model/epalm_model.h"
#include "epalm/model/loss.h"

namespace epalm::bench {
namespace {

// States are layer-normalised and logits sum 32 products of them: below 32 here. Each of the three layers rounds each
// of its numbers some 32 times, and two runs may round differently: 2 · 3 · 32 · 32 · 2^-24.
constexpr double kTolerance = 3.7e-4;

model::EPalm small_model() {
  lm::OptConfig lm;
  lm.vocab_size = 40;
  lm.hidden_size = lm.word_embed_proj_dim = 32;
  lm.num_hidden_layers = 3;
  lm.ffn_dim = 64;
  lm.num_attention_heads = 2;
  lm.max_position_embeddings = 12;
  encoders::VitConfig vit;
  vit.image_size_px = 8;
  vit.patch_size_px = 4;
  vit.width = 12;
  vit.depth = 2;
  vit.heads = 2;
  vit.mlp_width = 16;
  vit.classes = 0;
  adapter::AdapterConfig config;
  config.injected_hidden_states = 2;
  config.shared_connector = true;
  config.start_layer_idx = 1;
  config.end_layer_idx = 3;
  config.prompt_tuning = true;
  config.prompt_len = 4;
  config.mlp = false;
  return {lm::Opt(lm, nn::random_weights(lm::opt_weights(lm), 1, 0.3)),
          std::make_shared<encoders::Vit>(vit, nn::random_weights(encoders::vit_weights(vit), 2, 0.3)),
          adapter::Adapter(config, adapter::random_adapter(config, model::frozen_sizes(lm, vit.width), 3)), kCausal};
}

const at::Tensor kIds = at::tensor({2, 7, 9, 11, 13, 2, 30, 31, 3, 5}, at::kLong).view({2, 5});

TEST(PlainEPalm, ComputesTheLogitsOfTheModel) {
  const at::NoGradGuard no_gradients;
  const model::EPalm model = small_model();
  at::manual_seed(1);
  const at::Tensor features = at::randn({2, 2, 12});
  const nn::Weights& weights = model.lm().weights();
  const at::Tensor ours = model.logits(features, kIds, at::ones_like(kIds));
  for (const PlainLinear& linear : {libtorch_linear(weights), onednn_linear(weights)}) {
    const at::Tensor plain =
        plain_logits(model.lm().config(), weights, linear, model.slots(features), model.adapter().prompts(), kIds);
    ASSERT_EQ(plain.sizes(), ours.sizes());
    EXPECT_LT((plain - ours).abs().max().item<double>(), kTolerance);
  }
}

// Of every text token but the first, as the model's loss with labels everywhere, which sums where this averages.
TEST(PlainEPalm, ComputesTheLossOfTheModel) {
  const at::NoGradGuard no_gradients;
  const model::EPalm model = small_model();
  at::manual_seed(1);
  const at::Tensor features = at::randn({2, 2, 12}), mask = at::ones_like(kIds);
  const double ours = model.loss(features, kIds, mask, model::labels_of(kIds, mask)).sum().item<double>();
  EXPECT_NEAR(plain_loss(model.logits(features, kIds, mask), kIds).item<double>(), ours / 8, kTolerance);
}

}  // namespace
}  // namespace epalm::bench
