#include "epalm/adapter/adapter_config.h"

#include <gmock/gmock.h>

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

TEST(AdapterConfig, AllTokensAreThoseOfOneState) {
  AdapterConfig config = injecting(1, 0, 1);
  config.encoder_tokens = "all";
  EXPECT_EQ(refusal(config), "accepted");
  config.injected_hidden_states = 2;
  EXPECT_THAT(refusal(config), HasSubstr("injected_hidden_states: 1"));
  config.encoder_tokens = "every";
  EXPECT_THAT(refusal(config), HasSubstr("'every'"));
}

}  // namespace
}  // namespace epalm::adapter
