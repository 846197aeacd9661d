#include "epalm/train/world_models.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "epalm/base/error.h"
#include "epalm/encoders/load_encoder.h"
#include "epalm/infer/bundle.h"
#include "epalm/train/labelled_media.h"
#include "tests/train/tiny_run.h"

namespace epalm::train {
namespace {

using world::Medium;

TEST(ReadingTests, AskEveryMediumInItsOwnWords) {
  for (const Medium medium : {Medium::kImage, Medium::kVideo, Medium::kAudio}) {
    const auto tests = reading_tests(medium, world::Split::kTest, 20, 3);
    ASSERT_EQ(tests.size(), 20U);
    for (const ReadingTest& test : tests) {
      EXPECT_FALSE(test.description.empty());
      EXPECT_GE(test.questions.size(), 3U);
    }
  }
  const auto sounds = reading_tests(Medium::kAudio, world::Split::kTest, 5, 3);
  EXPECT_THAT(sounds[0].questions[0].text, testing::Not(testing::HasSubstr("circle")));
}

TEST(DrawLabelled, GivesWhatTheEncoderTakesAndOneLabelForEachHead) {
  encoders::VitConfig vit;
  vit.image_size_px = 32;
  encoders::TimesformerConfig timesformer;
  timesformer.image_size_px = 32;
  timesformer.frames = 4;
  encoders::AstConfig ast;
  ast.mel_bins = 32;
  ast.frames = 100;
  const std::pair<encoders::EncoderConfig, std::vector<int64_t>> cases[] = {
      {vit, {2, 3, 32, 32}}, {timesformer, {2, 3, 4, 32, 32}}, {ast, {2, 100, 32}}};
  for (const auto& [config, shape] : cases) {
    PythonRandom random(1);
    const LabelledBatch batch = draw_labelled(config, world::Split::kTrain, 2, random);
    EXPECT_EQ(batch.media.sizes().vec(), shape);
    const auto& heads = heads_of(medium_of(config));
    ASSERT_EQ(batch.labels.size(1), static_cast<int64_t>(heads.size()));
    for (size_t i = 0; i < heads.size(); ++i) {
      const at::Tensor labels = batch.labels.select(1, static_cast<int64_t>(i));
      EXPECT_TRUE(((labels >= 0) | (labels == kUnknownLabel)).all().item<bool>()) << heads[i].name;
      EXPECT_LT(labels.max().item<int64_t>(), heads[i].classes) << heads[i].name;
    }
    EXPECT_FALSE(at::equal(batch.media[0], batch.media[1]));
  }
}

// Both trainings from scratch run, lower their loss, and leave files that load as the parts of a run.
TEST(WorldModels, AreWrittenSoThatARunLoadsThem) {
  const TemporaryFolder scratch("world_models");
  WorldModelOptions options;
  options.folder = scratch.path();
  options.models = {WorldModel::kOpt, WorldModel::kAst};
  options.steps = 3;
  options.gate_scenes = 4;
  std::map<std::string, int64_t> last_step;
  options.progress = [&](const std::string& stage, int64_t, const PretrainProgress& progress) {
    last_step[stage] = progress.step;
  };
  const WorldGates gates = make_world_models(options);
  EXPECT_EQ(last_step, (std::map<std::string, int64_t>{{"opt", 3}, {"ast", 3}}));
  EXPECT_EQ(gates.text.size(), 3U);
  ASSERT_TRUE(gates.probes.contains(WorldModel::kAst));
  EXPECT_FALSE(gates.probes.at(WorldModel::kAst).by_kind.empty());
  EXPECT_FALSE(std::filesystem::exists(scratch.path() / "vit"));

  const auto config = infer::run_config_from_json(nlohmann::json{{"task", "audio_qa"},
                                                                 {"semantics", "causal"},
                                                                 {"vision_model_name", "ast"},
                                                                 {"text_model", (scratch.path() / "opt").string()},
                                                                 {"encoder_weights", (scratch.path() / "ast").string()},
                                                                 {"melbins", 64},
                                                                 {"target_length", 256},
                                                                 {"end_layer_idx", 4},
                                                                 {"special_answer_token", "</a>"}},
                                                  "test");
  const infer::Bundle bundle = infer::load_bundle(config);
  EXPECT_EQ(bundle.model.encoder().depth(), 4);
  EXPECT_EQ(bundle.model.lm().config().num_hidden_layers, 6);
  const auto once = bundle.tokenizer.encode("what sound is first?</a>");
  EXPECT_EQ(once.size(), 7U) << "every word of the world is one token";
}

TEST(WorldModels, OfClipsNeedsThatOfPictures) {
  const TemporaryFolder scratch("world_models");
  WorldModelOptions options;
  options.folder = scratch.path();
  options.models = {WorldModel::kTimesformer};
  options.steps = 1;
  EXPECT_THROW(make_world_models(options), Error);
}

TEST(WorldModels, StopWhenAskedAndLeaveNoHalfModel) {
  const TemporaryFolder scratch("world_models");
  WorldModelOptions options;
  options.folder = scratch.path();
  options.models = {WorldModel::kAst};
  options.steps = 2;
  options.interrupted = [] { return true; };
  EXPECT_THROW(make_world_models(options), Interrupted);
  EXPECT_FALSE(std::filesystem::exists(scratch.path() / "ast/model.safetensors"));
}

}  // namespace
}  // namespace epalm::train
