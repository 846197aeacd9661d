// A training step whose blocks are computed anew in the backward pass gives the gradients of one that keeps them.
#include "epalm/nn/recompute.h"

#include "epalm/model/loss.h"
#include "epalm/model/trainable.h"
#include "epalm/nn/dropout.h"
#include "tests/model/tiny_model.h"

namespace epalm::model {
namespace {

struct Case {
  std::string name;
  adapter::AdapterConfig adapter = injecting(1, 3);
  TrainableParts parts = {};
};

adapter::AdapterConfig without_prompt() {
  adapter::AdapterConfig config = injecting(1, 3);
  config.prompt_tuning = false;
  return config;
}

std::map<std::string, at::Tensor> gradients(const Case& c, const Semantics& semantics, bool recomputed) {
  const EPalm model = tiny_model(c.adapter, semantics);
  mark_trainable(model, c.parts);
  const at::Tensor ids = at::cat({row({2, 5, 9, 4, 7}), row({2, 8, 3, 1, 1})}), mask = (ids != 1).to(at::kLong);
  nn::seed_dropout(7);
  at::Tensor loss;
  {
    const nn::RecomputedBlocks blocks(recomputed);
    loss = model.loss(model.features(image(2), true), ids, mask, labels_of(ids, mask), true).sum();
  }
  loss.backward();
  std::map<std::string, at::Tensor> result{{"loss", loss.detach()}};
  for (const auto& [name, tensor] : model.parameters()) {
    EXPECT_TRUE(tensor.grad().defined() || !model.adapter().weights().contains(name)) << name;
    if (tensor.grad().defined()) result[name] = tensor.grad();
  }
  return result;
}

TEST(EPalmRecomputed, HasTheSameGradientsBitForBit) {
  for (const Case& c :
       {Case{"prompt"}, Case{"no prompt", without_prompt()}, Case{"adapters behind", with_bottlenecks("normal")},
        Case{"adapters beside", with_bottlenecks("scaled_parallel")},
        Case{"norms of the LM", injecting(1, 3), {.unfreeze_text_layer_norm = true}},
        Case{"the LM", without_prompt(), {.unfreeze_text_model = true}},
        Case{"the encoder", injecting(1, 3), {.unfreeze_vision_model = true}}}) {
    for (const Semantics& semantics : {kCausal, kReference}) {
      SCOPED_TRACE(c.name + (semantics.frozen_parts_drop_out ? ", dropping out" : ""));
      const auto kept = gradients(c, semantics, false), anew = gradients(c, semantics, true);
      ASSERT_EQ(anew.size(), kept.size());
      for (const auto& [name, gradient] : kept) EXPECT_TRUE(at::equal(anew.at(name), gradient)) << name;
    }
  }
}

}  // namespace
}  // namespace epalm::model
