#include "epalm/encoders/timesformer.h"

#include <gmock/gmock.h>

#include "epalm/encoders/vit.h"
#include "epalm/nn/dropout.h"
#include "tests/encoders/refusal.h"
#include "tests/encoders/weight_edits.h"
#include "tests/nn/memory_file.h"

namespace epalm::encoders {
namespace {

using testing::HasSubstr;

constexpr double kUnit = 1.0 / (1 << 24);

// States are layer-normalised: below 4 here. A block rounds each of its numbers some 24 times, those of the mean over
// frames included: 3 blocks · 24 · 4 u.
constexpr double kTolerance = 288 * kUnit;

TimesformerConfig tiny(SpaceTime attention = SpaceTime::kDivided) {
  TimesformerConfig config;
  config.image_size_px = 8;
  config.patch_size_px = 4;
  config.frames = 4;
  config.width = 12;
  config.depth = 3;
  config.heads = 2;
  config.mlp_width = 16;
  config.classes = 0;
  config.attention = attention;
  return config;
}

nn::Weights random_weights(const TimesformerConfig& config) {
  return nn::random_weights(timesformer_weights(config), 1, 0.3);
}

// As random_weights, and what starts at zero is random too.
nn::Weights lively_weights(const TimesformerConfig& config) {
  const nn::Weights weights = random_weights(config);
  at::manual_seed(3);
  for (const auto& [name, tensor] : weights.items()) {
    if (name.find("temporal_fc") != std::string::npos || name == "model.time_embed") tensor.normal_(0, 0.3);
  }
  return weights;
}

Timesformer lively(const TimesformerConfig& config) {
  return {config, lively_weights(config)};
}

at::Tensor clip(int64_t batch, int64_t frames, int64_t height = 8, int64_t width = 8) {
  at::manual_seed(2);
  return at::randn({batch, 3, frames, height, width});
}

double difference(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).abs().max().item<double>();
}

Vit same_vit(const TimesformerConfig& config, const nn::Weights& weights) {
  VitConfig vit;
  vit.image_size_px = config.image_size_px;
  vit.patch_size_px = config.patch_size_px;
  vit.width = config.width;
  vit.depth = config.depth;
  vit.heads = config.heads;
  vit.mlp_width = config.mlp_width;
  vit.classes = 0;
  const nn::MemoryFile file(renamed(without(without(weights.items(), "temporal_"), "time_embed"), "model.", ""));
  return {vit, load_vit(vit, file)};
}

constexpr SpaceTime kAll[] = {SpaceTime::kDivided, SpaceTime::kJoint, SpaceTime::kSpaceOnly};

TEST(Timesformer, EqualFramesWithSpaceOnlyAttentionAreOnePictureToAVit) {
  const TimesformerConfig config = tiny(SpaceTime::kSpaceOnly);
  const nn::Weights weights = lively_weights(config);
  const at::Tensor picture = clip(2, 1);
  const at::Tensor seen = Timesformer(config, weights).cls_states(picture.expand({-1, -1, 5, -1, -1}), 3);
  EXPECT_LE(difference(seen, same_vit(config, weights).cls_states(picture.squeeze(2), 3)), kTolerance);
}

TEST(Timesformer, DividedAttentionStartsAsAVitOnEqualFrames) {
  // temporal_fc and the time table start at zero, so frames do not mix over time yet.
  const TimesformerConfig config = tiny();
  const nn::Weights weights = random_weights(config);
  const at::Tensor picture = clip(2, 1);
  const at::Tensor seen = Timesformer(config, weights).cls_states(picture.expand({-1, -1, 4, -1, -1}), 3);
  EXPECT_LE(difference(seen, same_vit(config, weights).cls_states(picture.squeeze(2), 3)), kTolerance);
}

TEST(Timesformer, HandsOverTheClsAndThenAllFramesOfEveryPlace) {
  for (const SpaceTime attention : kAll) {
    const Timesformer model = lively(tiny(attention));
    for (const int64_t frames : {1, 3, 8, 16}) {
      int64_t blocks = 0;
      model.run(clip(2, frames), [&](const at::Tensor& state) {
        const int64_t rows = attention == SpaceTime::kSpaceOnly ? 4 : 4 * frames;
        EXPECT_EQ(state.sizes(), (at::IntArrayRef{2, 1 + rows, 12}));
        ++blocks;
      });
      EXPECT_EQ(blocks, 3);
    }
  }
}

// Of the last block only the CLS is computed, and paths are dropped as of all rows.
TEST(Timesformer, ClsStatesAreTheNormalisedFirstRows) {
  for (const SpaceTime attention : kAll) {
    const Timesformer model = lively(tiny(attention));
    for (const bool training : {false, true}) {
      std::vector<at::Tensor> rows;
      nn::seed_dropout(3);
      model.run(
          clip(2, 4), [&](const at::Tensor& state) { rows.push_back(state.select(1, 0)); }, training);
      nn::seed_dropout(3);
      EXPECT_LE(difference(model.cls_states(clip(2, 4), 3, training), model.normalise(at::stack(rows, 1))), kTolerance);
    }
  }
}

TEST(Timesformer, SeesEachClipOfABatchAlone) {
  for (const SpaceTime attention : kAll) {
    const Timesformer model = lively(tiny(attention));
    const at::Tensor both = model.cls_states(clip(2, 4), 3);
    for (int64_t i = 0; i < 2; ++i) {
      EXPECT_LE(difference(both.slice(0, i, i + 1), model.cls_states(clip(2, 4).slice(0, i, i + 1), 3)), kTolerance);
    }
    EXPECT_GT(difference(both[0], both[1]), 1e-2);
  }
}

TEST(Timesformer, OnlyTheTimeTableTellsTheOrderOfFrames) {
  for (const SpaceTime attention : kAll) {
    const at::Tensor forwards = clip(1, 4);
    const at::Tensor backwards = forwards.flip({2});
    const Timesformer with_times = lively(tiny(attention));
    const bool sees_order = attention != SpaceTime::kSpaceOnly;
    const double change = difference(with_times.cls_states(forwards, 3), with_times.cls_states(backwards, 3));
    if (sees_order) {
      EXPECT_GT(change, 1e-2);
      const nn::Weights weights = lively_weights(tiny(attention));
      weights.at("model.time_embed").zero_();
      const Timesformer model(tiny(attention), weights);
      EXPECT_LE(difference(model.cls_states(forwards, 3), model.cls_states(backwards, 3)), kTolerance);
    } else {
      EXPECT_LE(change, kTolerance);
    }
  }
}

TEST(Timesformer, ReadsTheTimeTableAtTheNearestRowForOtherNumbersOfFrames) {
  const nn::MemoryFile file(lively_weights(tiny()).items());
  const Timesformer four(tiny(), load_timesformer(tiny(), file));
  for (const int64_t frames : {1, 2, 3, 7, 8, 16}) {
    TimesformerConfig other = tiny();
    other.frames = frames;
    const Timesformer resized(other, load_timesformer(other, file));
    EXPECT_TRUE(at::equal(four.cls_states(clip(1, frames), 3), resized.cls_states(clip(1, frames), 3))) << frames;
  }
}

TEST(Timesformer, ReadsThePositionTableAtTheNearestPlaceForOtherPictures) {
  // A picture of twice the size reads every row of the 2x2 table four times. Black pixels and blocks that add nothing
  // leave the table alone.
  const nn::Weights weights = lively_weights(tiny(SpaceTime::kSpaceOnly));
  for (const auto& [name, tensor] : weights.items()) {
    if (name.find("attn.proj") != std::string::npos || name.find("mlp.fc2") != std::string::npos) tensor.zero_();
  }
  const Timesformer model(tiny(SpaceTime::kSpaceOnly), weights);
  const auto positions = [&](int64_t height, int64_t width) {
    at::Tensor state;
    model.run(at::zeros({1, 3, 1, height, width}), [&](const at::Tensor& x) { state = x; });
    return state.slice(1, 1);
  };
  const at::Tensor table = weights.at("model.pos_embed").slice(1, 1);
  const auto expect = [&](const at::Tensor& got, const std::vector<int64_t>& rows) {
    EXPECT_TRUE(at::equal(got, table.index_select(1, at::tensor(rows)))) << got.sizes();
  };
  expect(positions(8, 8), {0, 1, 2, 3});
  expect(positions(16, 16), {0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 3, 3, 2, 2, 3, 3});
  expect(positions(8, 12), {0, 0, 1, 2, 2, 3});
  expect(positions(4, 16), {0, 1, 2, 3});  // as many patches as the table has rows: as published, read as it is
  expect(positions(9, 11), {0, 1, 2, 3});  // what fills no patch is not seen
}

TEST(Timesformer, APictureIsAClipOfEqualFrames) {
  const Timesformer model = lively(tiny());
  const at::Tensor picture = clip(2, 1).squeeze(2);
  EXPECT_TRUE(at::equal(model.cls_states(picture, 3),
                        model.cls_states(picture.unsqueeze(2).expand({-1, -1, 4, -1, -1}).contiguous(), 3)));
}

TEST(Timesformer, WithSpaceOnlyForImagesAPictureIsOneFrameWithoutATime) {
  TimesformerConfig config = tiny();
  config.space_only_for_images = true;
  const nn::Weights weights = lively_weights(config);
  const at::Tensor picture = clip(2, 1).squeeze(2);
  const at::Tensor seen = Timesformer(config, weights).cls_states(picture, 3);
  EXPECT_TRUE(at::equal(seen, Timesformer(config, weights).cls_states(picture.unsqueeze(2), 3)));
  const nn::Weights timeless = lively_weights(config);
  timeless.at("model.time_embed").zero_();
  EXPECT_LE(difference(seen, Timesformer(tiny(), timeless).cls_states(picture.unsqueeze(2), 3)), kTolerance);
  EXPECT_GT(difference(seen, Timesformer(tiny(), weights).cls_states(picture.unsqueeze(2), 3)), 1e-2);
}

TEST(Timesformer, ASpectrogramIsAGreyPictureFromBlackToWhite) {
  const Timesformer model = lively(tiny());
  at::manual_seed(5);
  const at::Tensor spectrogram = at::rand({2, 20, 6});
  const at::Tensor seen = model.cls_states(spectrogram, 3);
  ASSERT_EQ(seen.sizes(), (at::IntArrayRef{2, 3, 12}));
  const at::Tensor resized = at::upsample_bilinear2d(spectrogram.unsqueeze(1), {8, 8}, false);
  const at::Tensor grey = (resized - resized.min()) / (resized.max() - resized.min());
  EXPECT_LE(difference(seen, model.cls_states(grey.expand({-1, 3, -1, -1}), 3)), kTolerance);
  EXPECT_TRUE(at::isfinite(model.cls_states(at::full({1, 20, 6}, 3.0), 3)).all().item<bool>());
}

TEST(Timesformer, DropsPathsInTrainingOnlyAndByTheSeed) {
  for (const SpaceTime attention : kAll) {
    const Timesformer model = lively(tiny(attention));
    // 64 clips: the chance that no path at all is dropped is below 0.9^64.
    const at::Tensor clips = clip(1, 2).expand({64, -1, -1, -1, -1});
    const at::Tensor calm = model.cls_states(clips, 3);
    nn::seed_dropout(7);
    const at::Tensor dropped = model.cls_states(clips, 3, true);
    nn::seed_dropout(7);
    EXPECT_TRUE(at::equal(dropped, model.cls_states(clips, 3, true)));
    EXPECT_FALSE(at::equal(dropped, model.cls_states(clips, 3, true)));
    EXPECT_TRUE(at::equal(calm, model.cls_states(clips, 3)));
    EXPECT_TRUE(at::equal(dropped.select(1, 0), calm.select(1, 0)));  // the first block drops nothing
    EXPECT_GT(difference(dropped.select(1, 2), calm.select(1, 2)), 1e-2);
  }
}

TEST(Timesformer, RefusesMediaOfAnotherKind) {
  const Timesformer model = lively(tiny());
  for (const auto& shape : std::vector<std::vector<int64_t>>{
           {8, 8}, {1, 1, 8, 8}, {1, 4, 2, 8, 8}, {1, 3, 0, 8, 8}, {0, 3, 8, 8}, {1, 1, 3, 2, 8, 8}}) {
    EXPECT_THAT(refusal([&] { model.cls_states(at::zeros(shape), 1); }), HasSubstr("[B,3,F,H,W]"))
        << at::IntArrayRef(shape);
  }
  EXPECT_THAT(refusal([&] { model.cls_states(at::zeros({1, 3, 2, 8, 3}), 1); }), HasSubstr("4x4"));
}

}  // namespace
}  // namespace epalm::encoders
