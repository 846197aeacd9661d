#include "epalm/encoders/load_encoder.h"

#include <gmock/gmock.h>

#include <fstream>

#include "epalm/encoders/ast.h"
#include "epalm/encoders/timesformer.h"
#include "epalm/encoders/vit.h"
#include "epalm/io/safetensors.h"
#include "tests/encoders/refusal.h"
#include "tests/encoders/weight_edits.h"

namespace epalm::encoders {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

fs::path folder_with(const std::string& json, const std::vector<nn::WeightSpec>& table) {
  const auto* info = testing::UnitTest::GetInstance()->current_test_info();
  const fs::path folder = fs::path(testing::TempDir()) / (std::string("load_encoder_") + info->name());
  fs::create_directories(folder);
  std::ofstream(folder / "config.json") << json;
  io::write_safetensors(folder / "model.safetensors", nn::random_weights(table, 1, 0.3).items());
  return folder;
}

TimesformerConfig tiny_timesformer() {
  TimesformerConfig config;
  config.image_size_px = 8;
  config.patch_size_px = 4;
  config.frames = 2;
  config.width = 12;
  config.depth = 2;
  config.heads = 3;
  config.mlp_width = 16;
  config.classes = 0;
  return config;
}

AstConfig tiny_ast() {
  AstConfig config;
  config.mel_bins = 16;
  config.frames = 40;
  config.patch_size = 4;
  config.stride = 3;
  config.width = 12;
  config.depth = 2;
  config.heads = 3;
  config.mlp_width = 16;
  config.image_classes = 0;
  config.sound_classes = 0;
  return config;
}

TEST(EncoderConfig, KnowsThePublishedShapesByName) {
  EncoderRequest request;
  EXPECT_EQ(numbers(encoder_weights(encoder_config(request))), 86'567'656);
  request.name = "timesformer";
  request.frames = 8;
  EXPECT_EQ(numbers(encoder_weights(encoder_config(request))), 121'566'352);
  request.name = "ast";
  EXPECT_EQ(numbers(encoder_weights(encoder_config(request))), 88'132'063);
  EXPECT_EQ(encoder_width(encoder_config(request)), 768);
}

TEST(LoadEncoder, LoadsAVitFromAFolder) {
  VitConfig vit;
  vit.image_size_px = 8;
  vit.patch_size_px = 4;
  vit.width = 12;
  vit.depth = 2;
  vit.heads = 3;
  vit.mlp_width = 16;
  vit.classes = 0;
  EncoderRequest request;
  request.weights = folder_with(R"({"heads": 3})", vit_weights(vit));
  request.image_size_px = 12;  // the position table is resized
  EXPECT_EQ(load_encoder(request)->cls_states(at::zeros({1, 3, 12, 12}), 2).sizes(), (at::IntArrayRef{1, 2, 12}));
  request.image_size_px = 13;
  EXPECT_THAT(refusal([&] { load_encoder(request); }), AllOf(HasSubstr("image_res 13"), HasSubstr("4")));
}

TEST(LoadEncoder, LoadsATimesformerFromAFolderForTheFramesAndSizeOfTheRun) {
  EncoderRequest request;  // the name says vit; the folder knows better
  request.weights =
      folder_with(R"({"architecture": "timesformer", "heads": 3})", timesformer_weights(tiny_timesformer()));
  request.image_size_px = 16;
  request.frames = 4;
  const auto encoder = load_encoder(request);
  const auto* timesformer = dynamic_cast<const Timesformer*>(encoder.get());
  ASSERT_NE(timesformer, nullptr);
  EXPECT_EQ(timesformer->config().heads, 3);
  EXPECT_EQ(timesformer->config().attention, SpaceTime::kDivided);
  EXPECT_EQ(encoder->weights().at("model.time_embed").size(1), 4);
  EXPECT_EQ(encoder->weights().at("model.pos_embed").size(1), 1 + 16);
  EXPECT_EQ(encoder->cls_states(at::zeros({1, 3, 4, 16, 16}), 2).sizes(), (at::IntArrayRef{1, 2, 12}));
}

TEST(LoadEncoder, ReadsTheKindOfAttentionFromTheFolder) {
  TimesformerConfig joint = tiny_timesformer();
  joint.attention = SpaceTime::kJoint;
  EncoderRequest request;
  request.image_size_px = 8;
  request.weights = folder_with(R"({"architecture": "timesformer", "heads": 3, "attention": "joint_space_time"})",
                                timesformer_weights(joint));
  const auto encoder = load_encoder(request);
  EXPECT_EQ(dynamic_cast<const Timesformer&>(*encoder).config().attention, SpaceTime::kJoint);
}

TEST(LoadEncoder, LoadsAnAstFromAFolderForTheSpectrogramsOfTheRun) {
  EncoderRequest request;
  request.weights = folder_with(R"({"architecture": "ast", "heads": 3, "mel_bins": 16, "frames": 40, "stride": 3})",
                                ast_weights(tiny_ast()));
  request.mel_bins = 16;
  request.spectrogram_frames = 28;
  EXPECT_EQ(load_encoder(request)->cls_states(at::zeros({1, 28, 16}), 2).sizes(), (at::IntArrayRef{1, 2, 12}));
  request.mel_bins = 3;
  EXPECT_THAT(refusal([&] { load_encoder(request); }), HasSubstr("melbins 3"));
}

TEST(LoadEncoder, NamesTheFileAndKeyOfABadFolder) {
  const auto table = timesformer_weights(tiny_timesformer());
  const std::vector<std::pair<std::string, std::string>> cases{
      {R"([])", "heads"},
      {R"({})", "heads"},
      {R"({"heads": 0})", "heads"},
      {R"({"heads": "3"})", "heads"},
      {R"({"heads": 3, "frames": -1})", "frames"},
      {R"({"heads": 3, "architecture": 3})", "architecture"},
      {R"({"heads": 3, "architecture": "resnet"})", "'resnet'"},
      {R"({"heads": 3, "architecture": "timesformer", "attention": "sideways"})", "'sideways'"}};
  for (const auto& [json, expected] : cases) {
    EncoderRequest request;
    request.weights = folder_with(json, table);
    EXPECT_THAT(refusal([&] { load_encoder(request); }), AllOf(HasSubstr("config.json"), HasSubstr(expected))) << json;
  }
  EncoderRequest five_heads;
  five_heads.weights = folder_with(R"({"heads": 5, "architecture": "timesformer"})", table);
  EXPECT_THAT(refusal([&] { load_encoder(five_heads); }), AllOf(HasSubstr("12"), HasSubstr("5 heads")));
  EncoderRequest nowhere;
  nowhere.weights = "no/such/folder";
  EXPECT_THAT(refusal([&] { load_encoder(nowhere); }), HasSubstr("no/such/folder"));
}

}  // namespace
}  // namespace epalm::encoders
