#include "epalm/train/parameter_groups.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace epalm::train {
namespace {

using testing::ElementsAre;

const std::vector<Parameter> kParameters{{"model_vision.norm.weight", 1, {}},
                                         {"model_text.decoder.fc2.1.adapter.0.weight", 2, {}},
                                         {"model_text.decoder.fc2.1.adapter.0.bias", 1, {}},
                                         {"connector.0.weight", 2, {}},
                                         {"connector.0.bias", 1, {}},
                                         {"prompt_module.prefix_embedding.0.weight", 2, {}},
                                         {"scale", 1, {}}};

std::vector<std::string> names(const ParameterGroup& group) {
  std::vector<std::string> names;
  for (const Parameter& parameter : group.parameters) names.push_back(parameter.name);
  return names;
}

std::vector<double> rates(const std::vector<ParameterGroup>& groups) {
  std::vector<double> rates;
  for (const ParameterGroup& group : groups) rates.push_back(group.lr);
  return rates;
}

std::vector<double> decays(const std::vector<ParameterGroup>& groups) {
  std::vector<double> decays;
  for (const ParameterGroup& group : groups) decays.push_back(group.weight_decay);
  return decays;
}

std::vector<size_t> sizes(const std::vector<ParameterGroup>& groups) {
  std::vector<size_t> sizes;
  for (const ParameterGroup& group : groups) sizes.push_back(group.parameters.size());
  return sizes;
}

TEST(ParameterGroups, CustomizedRatesGiveFiveGroupsByTheFirstNameComponent) {
  GroupKeys keys{.customized_lr = true, .connector_lr = 0.5};
  keys.vis_lr = 0.0;
  const auto groups = make_groups(kParameters, 1, 0.1, keys);
  EXPECT_THAT(sizes(groups), ElementsAre(2, 1, 2, 1, 1));
  EXPECT_THAT(rates(groups), ElementsAre(0.5, 0.0, 1, 1, 1));
  EXPECT_THAT(decays(groups), ElementsAre(0.1, 0.1, 0.1, 0.1, 0.1));
  EXPECT_THAT(names(groups[4]), ElementsAre("scale"));
}

TEST(ParameterGroups, PromptAndAdapterRatesSplitThemOffAndDecayEverything) {
  const auto both = make_groups(kParameters, 1, 0.1, {.prompt_lr = 3, .adapter_lr = 2});
  EXPECT_THAT(sizes(both), ElementsAre(4, 2, 1));
  EXPECT_THAT(rates(both), ElementsAre(1, 2, 3));
  EXPECT_THAT(decays(both), ElementsAre(0.1, 0.1, 0.1));
  const auto adapter = make_groups(kParameters, 1, 0.1, {.adapter_lr = 2});
  EXPECT_THAT(sizes(adapter), ElementsAre(5, 2));
  const auto prompt = make_groups(kParameters, 1, 0.1, {.prompt_lr = 3});
  EXPECT_THAT(sizes(prompt), ElementsAre(6, 1));
  EXPECT_THAT(rates(prompt), ElementsAre(1, 3));
  EXPECT_THAT(names(prompt[1]), ElementsAre("prompt_module.prefix_embedding.0.weight"));
}

// What the published captioning programs do: no key is found, so prompt_lr has no effect and vectors are not decayed.
TEST(ParameterGroups, WithoutKeysVectorsAndBiasesAreNotDecayed) {
  const auto groups = make_groups(kParameters, 1, 0.1, {});
  EXPECT_THAT(names(groups[0]), ElementsAre("model_vision.norm.weight", "model_text.decoder.fc2.1.adapter.0.bias",
                                            "connector.0.bias", "scale"));
  EXPECT_THAT(decays(groups), ElementsAre(0, 0.1));
  EXPECT_THAT(rates(groups), ElementsAre(1, 1));
  EXPECT_THAT(sizes(make_groups({{"matrix.bias", 2, {}}}, 1, 0.1, {})), ElementsAre(1, 0));
}

TEST(ParameterGroups, WithoutKeysAndDecayThereIsOneGroup) {
  const auto groups = make_groups(kParameters, 1, 0, {.prompt_lr = 0.0});
  EXPECT_THAT(sizes(groups), ElementsAre(7));
  EXPECT_THAT(decays(groups), ElementsAre(0));
}

TEST(ParameterGroups, IndicesRunOverAllParametersGroupByGroup) {
  const auto indices = state_indices(make_groups(kParameters, 1, 0.1, {.prompt_lr = 3}));
  EXPECT_EQ(indices.at("model_vision.norm.weight"), 0);
  EXPECT_EQ(indices.at("connector.0.bias"), 4);
  EXPECT_EQ(indices.at("scale"), 5);
  EXPECT_EQ(indices.at("prompt_module.prefix_embedding.0.weight"), 6);
}

}  // namespace
}  // namespace epalm::train
