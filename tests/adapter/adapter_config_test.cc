#include "epalm/adapter/adapter_config.h"

#include <gmock/gmock.h>

#include <cmath>
#include <map>

#include "epalm/base/error.h"

namespace epalm::adapter {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr int64_t kNone = -1;

AdapterConfig injecting(int64_t states, int64_t start, int64_t end) {
  AdapterConfig config;
  config.injected_hidden_states = states;
  config.start_layer_idx = start;
  config.end_layer_idx = end;
  return config;
}

TEST(InjectionPlan, OfThePublishedConfigsPutsEachOfSixStatesBeforeTwoLayers) {
  const auto plan = injection_plan(injecting(6, 19, 31), 32);
  std::vector<int64_t> expected(32, kNone);
  for (int64_t layer = 19; layer < 31; ++layer) expected[static_cast<size_t>(layer)] = (layer - 19) / 2;
  EXPECT_EQ(plan, expected);
  EXPECT_EQ(plan[31], kNone);
}

TEST(InjectionPlan, RepeatsASingleStateBeforeEveryLayer) {
  EXPECT_THAT(injection_plan(injecting(1, 1, 4), 5), ElementsAre(kNone, 0, 0, 0, kNone));
}

TEST(InjectionPlan, GivesTheLastStateWhatDoesNotDivide) {
  EXPECT_THAT(injection_plan(injecting(3, 0, 8), 8), ElementsAre(0, 0, 1, 1, 2, 2, 2, 2));
}

TEST(InjectionPlan, UsesTheOldestStatesWhereLayersAreFewer) {
  EXPECT_THAT(injection_plan(injecting(6, 1, 4), 5), ElementsAre(kNone, 0, 1, 2, kNone));
  EXPECT_THAT(injection_plan(injecting(3, 1, 4), 5), ElementsAre(kNone, 0, 1, 2, kNone));
}

TEST(InjectionPlan, CountsTextStepsFromLayerZero) {
  AdapterConfig config = injecting(3, 1, 7);  // two layers per state
  config.text_step = 2;
  EXPECT_THAT(injection_plan(config, 7), ElementsAre(kNone, kNone, 0, kNone, 1, kNone, 2));
  config.text_step = 5;
  EXPECT_THAT(injection_plan(config, 7), ElementsAre(kNone, kNone, kNone, kNone, kNone, 2, kNone));
  config.text_step = 7;
  EXPECT_THAT(injection_plan(config, 7), Each(kNone));
}

TEST(InjectionPlan, SelectHigherStepTakesTheLargerOfBothSteps) {
  AdapterConfig config = injecting(2, 0, 6);  // three layers per state
  config.select_higher_step = true;
  EXPECT_THAT(injection_plan(config, 6), ElementsAre(0, kNone, kNone, 1, kNone, kNone));
  config.text_step = 4;
  EXPECT_THAT(injection_plan(config, 6), ElementsAre(0, kNone, kNone, kNone, 1, kNone));
}

TEST(InjectionPlan, MeasuresLayersPerStateUpToAnEndBeyondTheModel) {
  // 12 layers for 3 states are 4 per state, although only 6 of them exist.
  EXPECT_THAT(injection_plan(injecting(3, 0, 12), 6), ElementsAre(0, 0, 0, 0, 1, 1));
}

TEST(InjectionPlan, IsEmptyWhereNoLayerQualifies) {
  EXPECT_THAT(injection_plan(injecting(2, 4, 8), 4), Each(kNone));
  EXPECT_THAT(injection_plan(injecting(1, 0, 0), 4), Each(kNone));
  EXPECT_THAT(injection_plan(injecting(1, 3, 3), 4), Each(kNone));
}

std::string refusal(const AdapterConfig& config) {
  try {
    validate(config);
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

TEST(AdapterConfig, RefusesValuesThatCannotBeAndNamesTheField) {
  const AdapterConfig good = injecting(2, 1, 3);
  EXPECT_EQ(refusal(good), "accepted");
  EXPECT_THAT(refusal(injecting(0, 1, 3)), HasSubstr("injected_hidden_states"));
  EXPECT_THAT(refusal(injecting(2, -1, 3)), HasSubstr("start_layer_idx"));
  EXPECT_THAT(refusal(injecting(2, 4, 3)), HasSubstr("end_layer_idx"));
  AdapterConfig bad = good;
  bad.text_step = 0;
  EXPECT_THAT(refusal(bad), HasSubstr("text_step"));
  bad = good;
  bad.prompt_tuning = true;
  for (const int64_t length : {0, -1, 100'001}) {
    bad.prompt_len = length;
    EXPECT_THAT(refusal(bad), HasSubstr("prompt_len"));
  }
  bad.prompt_tuning = false;
  EXPECT_EQ(refusal(bad), "accepted");
}

int64_t trained_count(const AdapterConfig& config, int64_t encoder_width, int64_t lm_width, int64_t embed_width) {
  int64_t count = 0;
  for (const auto& spec : adapter_weights(config, encoder_width, lm_width, embed_width)) {
    int64_t size = 1;
    for (const int64_t extent : spec.shape) size *= extent;
    count += size;
  }
  return count;
}

// SPEC.md §11: rows of OPT-350m (D 1024, W 512), OPT-1.3b and OPT-6.7b.
TEST(AdapterWeights, HoldAsManyNumbersAsPublished) {
  AdapterConfig with_mlp = injecting(6, 19, 31);
  with_mlp.prompt_tuning = true;
  AdapterConfig light = with_mlp;
  light.shared_connector = true;
  light.mlp = false;
  EXPECT_EQ(trained_count(with_mlp, 768, 1024, 512), 5'255'168);
  EXPECT_EQ(trained_count(light, 768, 1024, 512), 792'576);
  EXPECT_EQ(trained_count(with_mlp, 1024, 2048, 2048), 21'008'384);
  EXPECT_EQ(trained_count(light, 768, 4096, 4096), 3'190'784);
}

TEST(RandomAdapter, StartsAsTorchStartsLinearLayersAndPromptRows) {
  AdapterConfig config = injecting(2, 0, 2);
  config.prompt_tuning = true;
  config.prompt_len = 50;
  const auto weights = random_adapter(config, 16, 100, 64, 3);
  EXPECT_EQ(weights.items().size(), adapter_weights(config, 16, 100, 64).size());
  for (const auto& [name, tensor] : weights.items()) {
    if (name.ends_with("embedding.0.weight")) continue;
    const double limit = name.starts_with("connector") ? 1 / 4.0 : 1 / 8.0;  // 1/sqrt(inputs)
    EXPECT_LE(tensor.abs().max().item<double>(), limit) << name;
    EXPECT_GT(tensor.abs().max().item<double>(), 0.9 * limit) << name;  // of at least 64 draws: fails once in 800 seeds
  }
  // 3'200 draws of N(0,1): their standard deviation errs by 1/sqrt(6'400), five times that.
  EXPECT_NEAR(weights.at("prompt_module.prefix_embedding.0.weight").std().item<double>(), 1, 5 / 80.0);
  EXPECT_TRUE(
      at::equal(weights.at("connector.1.weight"), random_adapter(config, 16, 100, 64, 3).at("connector.1.weight")));
  EXPECT_FALSE(
      at::equal(weights.at("connector.1.weight"), random_adapter(config, 16, 100, 64, 4).at("connector.1.weight")));
}

}  // namespace
}  // namespace epalm::adapter
