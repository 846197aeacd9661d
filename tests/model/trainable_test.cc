#include "epalm/model/trainable.h"

#include <set>

#include "tests/model/tiny_model.h"

namespace epalm::model {
namespace {

const std::string kPrompt = "prompt_module.prefix_embedding.0.weight";
const std::string kConnector = "connector.1.bias";
const std::string kTextNorm = "model_text.model.decoder.layers.3.self_attn_layer_norm.weight";
const std::string kTextFinalNorm = "model_text.model.decoder.final_layer_norm.bias";
const std::string kTextWeight = "model_text.model.decoder.layers.3.fc1.weight";
const std::string kVisionNorm = "model_vision.blocks.2.norm1.weight";
const std::string kVisionWeight = "model_vision.blocks.2.mlp.fc1.weight";

std::set<std::string> trained(const TrainableParts& parts) {
  std::set<std::string> names;
  for (const auto& name : {kPrompt, kConnector, kTextNorm, kTextFinalNorm, kTextWeight, kVisionNorm, kVisionWeight}) {
    if (is_trainable(name, parts)) names.insert(name);
  }
  return names;
}

TEST(IsTrainable, ConnectorsAndPromptByDefault) {
  EXPECT_EQ(trained({}), (std::set<std::string>{kPrompt, kConnector}));
}

TEST(IsTrainable, FreezeConnectorLeavesThePrompt) {
  EXPECT_EQ(trained({.freeze_connector = true}), (std::set<std::string>{kPrompt}));
}

TEST(IsTrainable, BottlenecksWhateverElse) {
  for (const char* name : {"self_attn.adapter_scale", "fc2.adapter.3.bias", "fc2.1.adapter.0.weight"}) {
    EXPECT_TRUE(is_trainable("model_text.model.decoder.layers.3." + std::string(name), {.freeze_connector = true}));
  }
}

TEST(IsTrainable, TextLayerNormsAreThoseOfTheLanguageModel) {
  EXPECT_EQ(trained({.unfreeze_text_layer_norm = true}),
            (std::set<std::string>{kPrompt, kConnector, kTextNorm, kTextFinalNorm}));
}

TEST(IsTrainable, VisionLayerNormsReachThoseOfTheLanguageModelToo) {
  EXPECT_EQ(trained({.unfreeze_vision_layer_norm = true}),
            (std::set<std::string>{kPrompt, kConnector, kTextNorm, kTextFinalNorm, kVisionNorm}));
}

TEST(IsTrainable, WholeModels) {
  EXPECT_EQ(trained({.unfreeze_text_model = true}),
            (std::set<std::string>{kPrompt, kConnector, kTextNorm, kTextFinalNorm, kTextWeight}));
  EXPECT_EQ(trained({.unfreeze_vision_model = true}),
            (std::set<std::string>{kPrompt, kConnector, kVisionNorm, kVisionWeight}));
}

TEST(Parameters, CarryPublishedNamesInPublishedOrder) {
  const auto parameters = tiny_model(injecting(1, 3), kCausal).parameters();
  std::vector<std::string> heads;
  for (const auto& [name, tensor] : parameters) {
    const std::string head = name.substr(0, name.find('.'));
    if (heads.empty() || heads.back() != head) heads.push_back(head);
  }
  EXPECT_EQ(heads, (std::vector<std::string>{"model_text", "model_vision", "connector", "prompt_module"}));
}

// Where the published program's wrappers put them: in front of what they hold, behind fc2 where it is a sequence.
TEST(Parameters, BottlenecksStandAmongTheLanguageModelsLayers) {
  for (const char* type : {"normal", "scaled_parallel"}) {
    const bool behind = type == std::string("normal");
    std::vector<std::string> names;
    for (const auto& [name, tensor] : tiny_model(with_bottlenecks(type), kCausal).parameters()) {
      const std::string layer = "model_text.model.decoder.layers.2.";
      if (name.starts_with(layer) && !name.ends_with("bias")) names.push_back(name.substr(layer.size()));
    }
    std::vector<std::string> expected{"self_attn.adapter.0.weight",  "self_attn.adapter.2.weight",
                                      "self_attn.k_proj.weight",     "self_attn.v_proj.weight",
                                      "self_attn.q_proj.weight",     "self_attn.out_proj.weight",
                                      "self_attn_layer_norm.weight", "fc1.weight"};
    if (!behind) expected.insert(expected.begin(), "self_attn.adapter_scale");
    const std::vector<std::string> at_fc2 =
        behind ? std::vector<std::string>{"fc2.weight", "fc2.1.adapter.0.weight", "fc2.1.adapter.2.weight"}
               : std::vector<std::string>{"fc2.adapter_scale", "fc2.adapter.0.weight", "fc2.adapter.2.weight",
                                          "fc2.weight"};
    expected.insert(expected.end(), at_fc2.begin(), at_fc2.end());
    expected.emplace_back("final_layer_norm.weight");
    EXPECT_EQ(names, expected);
  }
}

TEST(Parameters, HoldEveryTensorOnce) {
  const EPalm model = tiny_model(with_bottlenecks("parallel"), kCausal);
  std::set<std::string> names;
  for (const auto& [name, tensor] : model.parameters()) names.insert(name);
  const size_t tensors = model.encoder().weights().items().size() + model.lm().weights().items().size() +
                         model.adapter().weights().items().size();
  EXPECT_EQ(model.parameters().size(), tensors);
  EXPECT_EQ(names.size(), tensors);
}

TEST(MarkTrainable, CountsWhatTrains) {
  const EPalm model = tiny_model(injecting(1, 3), kCausal);
  mark_trainable(model, {});
  const auto counts = count_parameters(model);
  EXPECT_EQ(counts.trained, model.adapter().weights().count());
  EXPECT_EQ(counts.total, model.lm().weights().count() + model.encoder().weights().count() + counts.trained);
  EXPECT_DOUBLE_EQ(counts.trained_percent(),
                   100.0 * static_cast<double>(counts.trained) / static_cast<double>(counts.total));
}

// Tokens go in before the second and third of four layers.
TEST(LayersReached, GoDownToTheLowestPlaceThatTrains) {
  adapter::AdapterConfig config = injecting(1, 3);
  const auto reached = [&](const TrainableParts& parts = {}) {
    const EPalm model = tiny_model(config, kCausal);
    mark_trainable(model, parts);
    return layers_reached(model);
  };
  EXPECT_EQ(reached(), 4);  // the prompt stands before all layers
  config.prompt_tuning = false;
  EXPECT_EQ(reached(), 3);
  EXPECT_EQ(reached({.unfreeze_text_layer_norm = true}), 4);
  config.start_layer_idx = config.end_layer_idx = 0;
  EXPECT_EQ(reached(), 0);
  config = with_bottlenecks("normal");
  config.prompt_tuning = false;
  EXPECT_EQ(reached(), 4);
}

TEST(MarkTrainable, FreezesAgainWhatNoLongerTrains) {
  const EPalm model = tiny_model(injecting(1, 3), kCausal);
  mark_trainable(model, {.unfreeze_text_model = true, .unfreeze_vision_model = true});
  EXPECT_EQ(count_parameters(model).trained, count_parameters(model).total);
  mark_trainable(model, {});
  EXPECT_EQ(count_parameters(model).trained, model.adapter().weights().count());
}

}  // namespace
}  // namespace epalm::model
