#include "epalm/lm/opt_config.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "epalm/base/error.h"

namespace epalm::lm {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;

std::string refusal(const json& config) {
  try {
    opt_config_from_json(config, "some/config.json");
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

TEST(OptConfigFromJson, ReadsTheKeysAndIgnoresOthers) {
  const auto config = opt_config_from_json({{"model_type", "opt"},
                                            {"hidden_size", 64},
                                            {"num_attention_heads", 4},
                                            {"layerdrop", 0.25},
                                            {"unknown", {1, 2}}},
                                           "c");
  EXPECT_EQ(config.hidden_size, 64);
  EXPECT_EQ(config.layerdrop, 0.25);
  EXPECT_EQ(config.vocab_size, 50272);
  EXPECT_EQ(config.word_embed_proj_dim, 64);  // follows hidden_size where absent
  EXPECT_FALSE(config.has_projection());
}

TEST(OptConfigFromJson, SurvivesWritingAndReading) {
  OptConfig config = opt_shape("350m");
  config.eos_token_id = 50118;
  config.dropout = 0;
  const json written = to_json(config);
  EXPECT_EQ(to_json(opt_config_from_json(written, "c")), written);
  EXPECT_TRUE(opt_config_from_json(written, "c").has_projection());
}

TEST(OptConfigFromJson, RefusesOtherModelsAndActivations) {
  EXPECT_THAT(refusal({{"model_type", "gpt2"}}), AllOf(HasSubstr("some/config.json"), HasSubstr("gpt2")));
  EXPECT_THAT(refusal({{"activation_function", "gelu"}}), HasSubstr("gelu"));
  EXPECT_THAT(refusal(json::array()), HasSubstr("JSON object"));
}

TEST(OptConfigFromJson, RefusesWrongTypesAndNamesTheKey) {
  EXPECT_THAT(refusal({{"hidden_size", "wide"}}), AllOf(HasSubstr("hidden_size"), HasSubstr("wide")));
  EXPECT_THAT(refusal({{"do_layer_norm_before", nullptr}}), HasSubstr("do_layer_norm_before"));
}

TEST(OptConfigFromJson, RefusesSizesThatCannotBe) {
  for (const char* key : {"vocab_size", "hidden_size", "word_embed_proj_dim", "num_hidden_layers", "ffn_dim",
                          "num_attention_heads", "max_position_embeddings"}) {
    for (const int64_t size : {int64_t{0}, int64_t{-1}, int64_t{1} << 40}) {
      EXPECT_THAT(refusal({{key, size}}), HasSubstr("some/config.json")) << key << " " << size;
    }
  }
  EXPECT_THAT(refusal({{"hidden_size", 10}, {"num_attention_heads", 4}}), HasSubstr("not a multiple"));
}

TEST(OptConfig, HasAFinalNormBeforeTheHeadOnlyInPreNormModelsThatKeepIt) {
  EXPECT_TRUE(opt_shape("125m").has_final_layer_norm());
  EXPECT_FALSE(opt_shape("350m").has_final_layer_norm());
  OptConfig config = opt_shape("125m");
  config.remove_final_layer_norm = true;
  EXPECT_FALSE(config.has_final_layer_norm());
}

int64_t numbers(const std::vector<nn::WeightSpec>& table) {
  int64_t total = 0;
  for (const auto& spec : table) {
    int64_t size = 1;
    for (const int64_t extent : spec.shape) size *= extent;
    total += size;
  }
  return total;
}

TEST(OptShape, HasThePublishedNumberOfParameters) {
  const std::vector<std::pair<std::string, int64_t>> published{{"125m", 125'239'296},
                                                               {"350m", 331'196'416},
                                                               {"1.3b", 1'315'758'080},
                                                               {"2.7b", 2'651'596'800},
                                                               {"6.7b", 6'658'473'984}};
  for (const auto& [size, count] : published) EXPECT_EQ(numbers(opt_weights(opt_shape(size))), count) << size;
}

TEST(OptShape, RefusesAnUnknownSizeAndListsTheKnown) {
  try {
    opt_shape("7b");
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("7b"), HasSubstr("6.7b")));
  }
}

TEST(OptLoadOptions, AcceptBothPrefixesTheTiedHeadAndVersions) {
  const auto options = opt_load_options(nn::Precision::kFloat32);
  EXPECT_THAT(options.file_names("model.decoder.embed_tokens.weight"),
              testing::ElementsAre("model.decoder.embed_tokens.weight", "decoder.embed_tokens.weight"));
  EXPECT_TRUE(options.may_be_unused("lm_head.weight"));
  EXPECT_TRUE(options.may_be_unused("decoder.version"));
  EXPECT_FALSE(options.may_be_unused("model.decoder.layers.9.fc1.weight"));
}

}  // namespace
}  // namespace epalm::lm
