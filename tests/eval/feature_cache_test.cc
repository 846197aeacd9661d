#include "epalm/eval/feature_cache.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "epalm/base/error.h"
#include "epalm/base/log.h"
#include "epalm/eval/batches.h"
#include "epalm/eval/evaluate.h"
#include "epalm/eval/feature_key.h"
#include "epalm/eval/fill_features.h"
#include "epalm/eval/samples.h"
#include "epalm/infer/frozen_models.h"
#include "epalm/infer/media_input.h"
#include "tests/train/tiny_run.h"

namespace epalm::eval {
namespace {

using infer::Modality;
using infer::Task;
using std::filesystem::path;
using testing::HasSubstr;
using train::TemporaryFolder;

// A tiny run with a cache.
class FeatureCacheTest : public testing::Test {
 protected:
  void make(Task task) { train::make_tiny_run(folder(), task); }
  path folder() const { return folder_.path(); }
  infer::RunConfig config(std::vector<std::string> keys = {}) const {
    keys.push_back("feature_cache=" + (folder() / "cache").string());
    return train::tiny_config(folder(), keys);
  }
  data::SampleList test_samples() const { return load_samples(config(), config().test_split); }

  // Flips one bit of the numbers kept of a file, wherever they stand in the store.
  void damage(const path& medium, const encoders::Encoder& encoder) const {
    at::Tensor kept;
    {
      FeatureCache cache(config(), encoder);
      const std::array files{medium};
      kept = cache.find(cache.keys(files).at(0));
    }
    ASSERT_TRUE(kept.defined());
    const std::string wanted(static_cast<const char*>(kept.data_ptr()), kept.nbytes());
    std::ifstream in(folder() / "cache/data.mdb", std::ios::binary);
    std::string bytes{std::istreambuf_iterator<char>(in), {}};
    size_t place = bytes.find(wanted);
    ASSERT_NE(place, std::string::npos);
    for (; place != std::string::npos; place = bytes.find(wanted, place)) bytes[place + 17] ^= 4;
    std::ofstream(folder() / "cache/data.mdb", std::ios::binary) << bytes;
  }

 private:
  TemporaryFolder folder_{"feature_cache"};
};

std::string recipe_of(const infer::RunConfig& config) {
  return feature_recipe(config, *infer::load_encoder(config));
}

struct Keys {
  Task task;
  std::vector<std::vector<std::string>> seen;  // each gives other features
  std::vector<std::vector<std::string>> unseen;
};

class FeatureRecipe : public testing::TestWithParam<Keys> {};

TEST_P(FeatureRecipe, ChangesWithWhateverChangesTheFeatures) {
  const TemporaryFolder folder("feature_recipe");
  train::make_tiny_run(folder.path(), GetParam().task);
  std::set<std::string> recipes{recipe_of(train::tiny_config(folder.path()))};
  for (const auto& keys : GetParam().seen) {
    EXPECT_TRUE(recipes.insert(recipe_of(train::tiny_config(folder.path(), keys))).second) << keys[0];
  }
  for (const auto& keys : GetParam().unseen) {
    EXPECT_FALSE(recipes.insert(recipe_of(train::tiny_config(folder.path(), keys))).second) << keys[0];
  }
}

const std::vector<std::string> kReference{"semantics=reference"},
    kAllTokens{"encoder_tokens=all", "injected_hidden_states=1"}, kOneState{"injected_hidden_states=1"},
    kBf16{"precision=bf16"}, kKeptBf16{"feature_cache_precision=bf16"}, kKeptFp16{"feature_cache_precision=fp16"};

INSTANTIATE_TEST_SUITE_P(
    Media, FeatureRecipe,
    testing::Values(Keys{Task::kVqa,
                         {kReference, kAllTokens, kOneState, kBf16, kKeptBf16, kKeptFp16, {"image_res=32"}},
                         {{"precision=int8", "encoder_precision=fp32"},
                          {"task=caption"},
                          {"run_seed=1"},
                          {"augment=false"},
                          {"prompt_len=5"},
                          {"num_frames=3"},
                          {"melbins=32"},
                          {"feature_cache_gb=1"},
                          {"max_length=20"}}},
                    Keys{Task::kVideoQa,
                         {kReference,
                          kAllTokens,
                          kOneState,
                          kBf16,
                          kKeptBf16,
                          kKeptFp16,
                          {"image_res=32"},
                          {"num_frames=3"},
                          {"space_only_for_images=true"},
                          {"semantics=reference", "sample_type=middle"},
                          {"semantics=reference", "run_seed=1"}},
                         {{"task=video_caption"}, {"sample_type=middle"}, {"run_seed=1"}}},
                    Keys{Task::kAudioQa,
                         {kReference,
                          kAllTokens,
                          kOneState,
                          kBf16,
                          kKeptBf16,
                          kKeptFp16,
                          {"melbins=26"},
                          {"target_length=74"},
                          {"skip_norm=true"},
                          {"norm_mean=-4"},
                          {"norm_std=4"}},
                         {{"task=audio_caption"}, {"freqm_p=2"}, {"noise=true"}, {"image_res=32"}}}),
    [](const auto& info) { return std::string(infer::task_name(info.param.task)); });

TEST_F(FeatureCacheTest, RecipeChangesWithTheFramesThatAreSeenOneByOne) {
  make(Task::kVideoQa);
  train::write_tiny_encoder(folder(), Modality::kImage);
  const auto config = train::tiny_config(folder(), {"as_images=true"});
  const auto encoder = infer::load_encoder(config);
  auto other = config;
  other.as_images = false;
  EXPECT_NE(feature_recipe(config, *encoder), feature_recipe(other, *encoder));
}

// Numbers that the fingerprint rounds away and 8 bits show.
TEST(FeatureRecipeOfInt8, ChangesWithEveryBitOfTheEncoder) {
  encoders::VitConfig vit;
  vit.image_size_px = vit.patch_size_px = 8;
  vit.width = vit.mlp_width = 32;
  vit.depth = 1;
  vit.heads = 2;
  vit.classes = 0;
  const auto table = encoders::vit_weights(vit);
  const auto weights = nn::random_weights(table, 1, 0.1);
  std::set<std::string> recipes;
  const auto is_new = [&](nn::Precision precision) {
    const auto encoder = encoders::make_encoder(vit, nn::in_precision(weights, table, precision));
    return recipes.insert(feature_recipe(infer::RunConfig{}, *encoder)).second;
  };
  for (const auto precision : {nn::Precision::kFloat32, nn::Precision::kBFloat16, nn::Precision::kInt8}) {
    EXPECT_TRUE(is_new(precision));
    EXPECT_FALSE(is_new(precision));
  }
  const at::Tensor matrix = weights.at("blocks.0.mlp.fc1.weight");
  matrix[31].mul_(1 + 1e-6);  // its scale
  EXPECT_TRUE(is_new(nn::Precision::kInt8));
  matrix[30][5].neg_();  // an integer
  EXPECT_TRUE(is_new(nn::Precision::kInt8));
}

TEST_F(FeatureCacheTest, RecipeChangesWithEveryBitOfTheEncoderAndWithItsHeads) {
  make(Task::kVqa);
  const auto encoder = infer::load_encoder(config());
  std::set<std::string> recipes{feature_recipe(config(), *encoder)};
  for (const auto& item : encoder->weights().items()) {
    const at::Tensor last = item.second.view({-1})[-1];
    const at::Tensor before = last.clone();
    // The next float32, which the fingerprint, of rounded numbers, does not see.
    last.view(at::kInt).add_(1);
    EXPECT_TRUE(recipes.insert(feature_recipe(config(), *encoder)).second) << item.first;
    last.copy_(before);
  }
  EXPECT_FALSE(recipes.insert(feature_recipe(config(), *encoder)).second);
  train::write_text(folder() / "encoder/config.json", R"({"heads": 3, "architecture": "vit"})");
  EXPECT_TRUE(recipes.insert(recipe_of(config())).second);
}

TEST_F(FeatureCacheTest, KeyChangesWithTheContentAndWithTheNameOnlyWhereThatDrawsTheFrames) {
  make(Task::kVideoQa);
  const path one = folder() / "one.avi", same = folder() / "same.avi", other = folder() / "other.avi";
  train::write_text(one, "content");
  train::write_text(same, "content");
  train::write_text(other, "contents");
  const auto causal = config(), reference = config({"semantics=reference"});
  EXPECT_EQ(feature_key(causal, "recipe", one).size(), 64u);
  EXPECT_EQ(feature_key(causal, "recipe", one), feature_key(causal, "recipe", same));
  EXPECT_NE(feature_key(causal, "recipe", one), feature_key(causal, "recipe", other));
  EXPECT_NE(feature_key(causal, "recipe", one), feature_key(causal, "another recipe", one));
  EXPECT_NE(feature_key(reference, "recipe", one), feature_key(reference, "recipe", same));
  EXPECT_EQ(feature_key(causal, "recipe", folder() / "nowhere.avi"), "");
  EXPECT_EQ(feature_key(causal, "recipe", folder()), "");
}

// SHA-256 of the recipe and of the content's SHA-256, computed by another program.
TEST_F(FeatureCacheTest, KeysOfMediaAsEvaluationShowsThemAreThoseOfEarlierVersions) {
  make(Task::kVqa);
  const path file = folder() / "file.png";
  train::write_text(file, "content");
  for (const char* views : {"feature_views=0", "feature_views=2"}) {
    EXPECT_EQ(feature_key(config({views}), "recipe", file),
              "0d67e414f5c52de3ad80f481c194fa10256a8c948526bdbc69637552c2fc1d46");
  }
}

struct ViewKeys {
  Task task;
  std::vector<std::string> drawn;      // each changes what a view is
  std::vector<std::string> not_drawn;  // of other media, or what views do not depend on
};

class ViewKey : public testing::TestWithParam<ViewKeys> {};

TEST_P(ViewKey, ChangesWithTheViewAndWithWhateverAugmentationDraws) {
  const TemporaryFolder folder("view_key");
  train::make_tiny_run(folder.path(), GetParam().task);
  const path file = folder.path() / "file";
  train::write_text(file, "content");
  const auto key = [&](const std::vector<std::string>& overrides, View view) {
    return feature_key(train::tiny_config(folder.path(), overrides), "recipe", file, view);
  };
  std::set<std::string> keys{key({}, {})};
  EXPECT_TRUE(keys.insert(key({}, 0)).second);
  EXPECT_TRUE(keys.insert(key({}, 1)).second);
  for (const auto& drawn : GetParam().drawn) {
    EXPECT_TRUE(keys.insert(key({drawn}, 0)).second) << drawn;
    EXPECT_EQ(key({drawn}, {}), key({}, {})) << drawn;
  }
  for (const auto& other : GetParam().not_drawn) EXPECT_EQ(key({other}, 0), key({}, 0)) << other;
}

INSTANTIATE_TEST_SUITE_P(
    Media, ViewKey,
    testing::Values(
        ViewKeys{Task::kVqa, {"run_seed=1"}, {"feature_views=3", "freqm_p=2", "noise=true", "sample_type=middle"}},
        ViewKeys{Task::kVideoQa, {"run_seed=1", "sample_type=middle"}, {"feature_views=3", "freqm_p=2", "noise=true"}},
        ViewKeys{Task::kAudioQa,
                 {"run_seed=1", "freqm_p=2", "timem_p=2", "noise=true"},
                 {"feature_views=3", "sample_type=middle"}}),
    [](const auto& info) { return std::string(infer::task_name(info.param.task)); });

class EveryModality : public FeatureCacheTest, public testing::WithParamInterface<Task> {};

TEST_P(EveryModality, GivesWhatTheEncoderGaveWithoutReadingTheMediaAnew) {
  make(GetParam());
  const auto samples = test_samples();
  const auto encoder = infer::load_encoder(config());
  const auto plain = train::tiny_config(folder());
  FeatureCache off(plain, *encoder);
  EXPECT_FALSE(off.on());
  const at::Tensor expected = sample_features(plain, *encoder, off, samples.samples(), false).features;
  {
    FeatureCache cache(config(), *encoder);
    EXPECT_TRUE(at::equal(sample_features(config(), *encoder, cache, samples.samples(), false).features, expected));
    EXPECT_EQ(cache.found(), 0);
    EXPECT_EQ(cache.store().entries(), 4);
    // What is found is what was kept, whatever the encoder would say.
    const std::array first{samples.samples()[0].media};
    cache.keep(cache.keys(first), at::full({1, expected.size(1), expected.size(2)}, 7.0));
  }
  FeatureCache cache(config(), *encoder);
  const auto seen = sample_features(config(), *encoder, cache, samples.samples(), false);
  EXPECT_EQ(cache.found(), 4);
  EXPECT_TRUE(seen.features[0].eq(7).all().item<bool>());
  const int64_t of_first = samples.size() / 4;
  EXPECT_TRUE(at::equal(seen.features.slice(0, of_first), expected.slice(0, of_first)));
}

// A view is what it is alone, whatever was asked for before it, together with it, on how many threads, and whether it
// was kept.
TEST_P(EveryModality, ViewsAreTheSameInAnyOrderKeptOrComputedAnew) {
  make(GetParam());
  const std::vector<std::string> keys{"feature_views=2", "noise=true"};
  const auto samples = test_samples();
  std::vector<data::Sample> distinct;  // of each medium the first
  for (int64_t i = 0; i < 4; ++i) distinct.push_back(samples.get(i * samples.size() / 4));
  std::vector<path> files;
  for (const auto& sample : distinct) files.push_back(sample.media);
  const auto plain = train::tiny_config(folder(), keys), kept = config(keys);
  const auto encoder = infer::load_encoder(plain);
  const auto media = [&](const infer::RunConfig& from, int64_t view) {
    return infer::read_media(from, files, view_seeds(from, files, view)).media;
  };
  auto one_thread = plain;
  one_thread.num_workers = 0;
  EXPECT_TRUE(at::equal(media(plain, 0), media(one_thread, 0)));
  const std::array shown{media(plain, 0), media(plain, 1), infer::read_media(plain, files).media};
  for (int64_t i = 0; i < 4; ++i) {
    for (size_t a = 0; a < 3; ++a) {
      for (size_t b = 0; b < a; ++b) EXPECT_FALSE(at::equal(shown.at(a)[i], shown.at(b)[i])) << files.at(i);
    }
  }

  FeatureCache off(plain, *encoder), cache(kept, *encoder);
  std::array<at::Tensor, 2> expected;
  for (const int64_t view : {1, 0}) {
    auto& features = expected.at(static_cast<size_t>(view));
    features = sample_features(plain, *encoder, off, distinct, false, view).features;
    EXPECT_TRUE(at::equal(features, infer::media_features(plain, *encoder, shown.at(static_cast<size_t>(view)))));
    EXPECT_TRUE(at::equal(sample_features(kept, *encoder, cache, distinct, false, view).features, features));
  }
  EXPECT_EQ(cache.found(), 0);
  EXPECT_EQ(cache.store().entries(), 8);
  std::reverse(distinct.begin(), distinct.end());
  for (size_t view = 0; view < 2; ++view) {
    const auto found = sample_features(kept, *encoder, cache, distinct, false, static_cast<int64_t>(view));
    EXPECT_TRUE(at::equal(found.features, expected.at(view).flip(0)));
  }
  EXPECT_EQ(cache.found(), 8);
}

INSTANTIATE_TEST_SUITE_P(FeatureCacheTest, EveryModality, testing::Values(Task::kVqa, Task::kVideoQa, Task::kAudioQa),
                         [](const auto& info) { return std::string(infer::task_name(info.param)); });

TEST_F(FeatureCacheTest, RoundsTheFirstTimeAsItWillBeFound) {
  make(Task::kVqa);
  const auto samples = test_samples();
  const auto encoder = infer::load_encoder(config());
  const auto exact = train::tiny_config(folder());
  FeatureCache off(exact, *encoder);
  const at::Tensor expected = sample_features(exact, *encoder, off, samples.samples(), false).features;
  for (const auto& [name, precision] :
       {std::pair("bf16", FeaturePrecision::kBFloat16), std::pair("fp16", FeaturePrecision::kFloat16)}) {
    const auto rounding = config({std::string("feature_cache_precision=") + name});
    for (int time = 0; time < 2; ++time) {
      FeatureCache cache(rounding, *encoder);
      const auto seen = sample_features(rounding, *encoder, cache, samples.samples(), false);
      EXPECT_TRUE(at::equal(seen.features, rounded(expected, precision))) << name << time;
      EXPECT_EQ(cache.found() > 0, time == 1);
    }
  }
}

TEST_F(FeatureCacheTest, RefusesNumbersThatThePrecisionCannotHold) {
  make(Task::kVqa);
  const auto half = config({"feature_cache_precision=fp16"});
  const FeatureCache cache(half, *infer::load_encoder(half));
  try {
    cache.as_kept(at::full({1, 2, 12}, 70'000.0));
    FAIL() << "70000 became infinite";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::AllOf(HasSubstr("fp16"), HasSubstr("65504"), HasSubstr("bf16 or fp32")));
  }
}

TEST_F(FeatureCacheTest, KeepsNothingOfUnreadableBlankOrInfiniteMedia) {
  make(Task::kVqa);
  auto samples = test_samples().samples();
  samples.resize(2);
  samples[0].media = folder() / "broken.png";
  samples[1].media = folder() / "none.png";
  train::write_text(samples[0].media, "no picture");
  const auto encoder = infer::load_encoder(config());
  FeatureCache cache(config(), *encoder);
  const auto seen = sample_features(config(), *encoder, cache, samples, false);
  EXPECT_THAT(seen.problems[0], HasSubstr("broken.png"));
  EXPECT_THAT(seen.problems[1], HasSubstr("none.png"));
  sample_features(config(), *encoder, cache, test_samples().samples(), true);
  cache.keep({"key"}, at::full({1, 2, 12}, std::numeric_limits<float>::infinity()));
  EXPECT_EQ(cache.store().entries(), 0);
}

TEST_F(FeatureCacheTest, EvaluationFindsWhatAnEarlierOneKept) {
  make(Task::kVqa);
  const auto samples = test_samples();
  const auto answers_of = [](const EvalResult& result) {
    std::vector<std::string> answers;
    for (const auto& prediction : result.predictions) answers.push_back(prediction.prediction);
    return answers;
  };
  const auto plain = evaluate(infer::load_bundle(train::tiny_config(folder())), samples);
  const auto bundle = infer::load_bundle(config());
  evaluate(bundle, samples);
  FeatureCache cache(config(), bundle.model.encoder());
  EXPECT_EQ(cache.store().entries(), 4);
  const auto again = evaluate(bundle, samples, {.cache = &cache});
  EXPECT_GE(cache.found(), 4);
  EXPECT_EQ(answers_of(again), answers_of(plain));
}

TEST_F(FeatureCacheTest, RefusesSoundsThatAreScaledOverTheirBatch) {
  make(Task::kAudioQa);
  train::write_tiny_encoder(folder(), Modality::kVideo);
  const auto encoder = infer::load_encoder(config());
  EXPECT_THROW(FeatureCache(config(), *encoder), Error);
}

TEST_F(FeatureCacheTest, IsFilledOnceContinuedAfterAnInterruptionAndRepaired) {
  make(Task::kVqa);
  const auto encoder = infer::load_encoder(config());
  auto list = load_samples(config(), config().train_split).samples();
  list.push_back(list.front());
  list.back().media = folder() / "broken.png";
  train::write_text(list.back().media, "no picture");
  const data::SampleList samples(list);

  int calls = 0;
  {
    FeatureCache cache(config(), *encoder);
    EXPECT_THROW(fill_features(config(), *encoder, cache, samples, {}, {.interrupted = [&] { return ++calls > 1; }}),
                 Interrupted);
    EXPECT_EQ(cache.store().entries(), 16);
  }
  {
    FeatureCache cache(config(), *encoder);
    const auto filled = fill_features(config(), *encoder, cache, samples, {.role = "train"});
    EXPECT_EQ(filled.media, 25);
    EXPECT_EQ(filled.found, 16);
    EXPECT_EQ(filled.computed, 8);
    ASSERT_EQ(filled.broken.size(), 1u);
    EXPECT_THAT(filled.broken[0].second, HasSubstr("broken.png"));
    EXPECT_EQ(filled.left(), 0);
  }
  damage(samples.samples()[0].media, *encoder);
  FeatureCache cache(config(), *encoder);
  const auto filled = fill_features(config(), *encoder, cache, samples, {});
  EXPECT_EQ(filled.found, 23);
  EXPECT_EQ(filled.computed, 1);
  EXPECT_EQ(filled.repaired, 1);
}

TEST_F(FeatureCacheTest, OfMoreViewsOnlyThoseThatLackAreComputed) {
  make(Task::kVqa);
  const auto encoder = infer::load_encoder(config());
  const auto samples = load_samples(config(), config().train_split);
  const auto fill = [&](const char* views, int64_t view) {
    const auto config_of_views = config({views});
    FeatureCache cache(config_of_views, *encoder);
    return fill_features(config_of_views, *encoder, cache, samples, {.view = view});
  };
  for (const int64_t view : {0, 1}) EXPECT_EQ(fill("feature_views=2", view).computed, 24);
  for (const int64_t view : {0, 1}) EXPECT_EQ(fill("feature_views=3", view).found, 24);
  EXPECT_EQ(fill("feature_views=3", 2).computed, 24);
  EXPECT_EQ(FeatureCache(config(), *encoder).store().entries(), 72);
}

TEST_F(FeatureCacheTest, FillingEndsWhenTheCacheIsFull) {
  make(Task::kVqa);
  const auto full = config({"feature_cache_gb=0.001", "encoder_tokens=all", "injected_hidden_states=1",
                            "image_res=256"});  // 1025 tokens of 12 numbers: 49 KB
  const auto encoder = infer::load_encoder(full);
  std::vector<std::string> warnings;
  set_log_sink([&](LogLevel, std::string_view line) { warnings.emplace_back(line); });
  FeatureCache cache(full, *encoder);
  const auto filled = fill_features(full, *encoder, cache, load_samples(full, full.train_split), {});
  set_log_sink({});
  EXPECT_EQ(filled.computed, 16);
  EXPECT_EQ(filled.left(), 8);
  EXPECT_THAT(warnings, testing::ElementsAre(HasSubstr("it is full")));
  EXPECT_LE(cache.store().bytes_on_disk(), 1'000'000);
}

TEST(TrainsOnFixedFeatures, WhereNothingIsDrawn) {
  infer::RunConfig config;
  config.semantics = "causal";
  config.augment = false;
  EXPECT_FALSE(trains_on_fixed_features(config));
  config.feature_cache = "cache";
  EXPECT_TRUE(trains_on_fixed_features(config));
  config.semantics = "reference";  // the encoder drops out
  EXPECT_FALSE(trains_on_fixed_features(config));
  config.cache_features = true;
  EXPECT_TRUE(trains_on_fixed_features(config));
  config.augment = true;
  EXPECT_FALSE(trains_on_fixed_features(config));
  config.feature_views = 1;
  EXPECT_TRUE(trains_on_fixed_features(config));
  config.cache_features = false;
  EXPECT_FALSE(trains_on_fixed_features(config));
  config.semantics = "causal";
  EXPECT_TRUE(trains_on_fixed_features(config));
  config.feature_cache.clear();
  EXPECT_FALSE(trains_on_fixed_features(config));
}

}  // namespace
}  // namespace epalm::eval
