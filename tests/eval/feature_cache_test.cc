#include "epalm/eval/feature_cache.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

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

std::string view_of(const infer::RunConfig& config) {
  return feature_view(config, *infer::load_encoder(config));
}

struct Keys {
  Task task;
  std::vector<std::vector<std::string>> seen;  // each gives other features
  std::vector<std::vector<std::string>> unseen;
};

class FeatureView : public testing::TestWithParam<Keys> {};

TEST_P(FeatureView, ChangesWithWhateverChangesTheFeatures) {
  const TemporaryFolder folder("feature_view");
  train::make_tiny_run(folder.path(), GetParam().task);
  std::set<std::string> views{view_of(train::tiny_config(folder.path()))};
  for (const auto& keys : GetParam().seen) {
    EXPECT_TRUE(views.insert(view_of(train::tiny_config(folder.path(), keys))).second) << keys[0];
  }
  for (const auto& keys : GetParam().unseen) {
    EXPECT_FALSE(views.insert(view_of(train::tiny_config(folder.path(), keys))).second) << keys[0];
  }
}

const std::vector<std::string> kReference{"semantics=reference"},
    kAllTokens{"encoder_tokens=all", "injected_hidden_states=1"}, kOneState{"injected_hidden_states=1"},
    kBf16{"precision=bf16"}, kKeptBf16{"feature_cache_precision=bf16"}, kKeptFp16{"feature_cache_precision=fp16"};

INSTANTIATE_TEST_SUITE_P(
    Media, FeatureView,
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

TEST_F(FeatureCacheTest, ViewChangesWithTheFramesThatAreSeenOneByOne) {
  make(Task::kVideoQa);
  train::write_tiny_encoder(folder(), Modality::kImage);
  const auto config = train::tiny_config(folder(), {"as_images=true"});
  const auto encoder = infer::load_encoder(config);
  auto other = config;
  other.as_images = false;
  EXPECT_NE(feature_view(config, *encoder), feature_view(other, *encoder));
}

TEST_F(FeatureCacheTest, ViewChangesWithEveryBitOfTheEncoderAndWithItsHeads) {
  make(Task::kVqa);
  const auto encoder = infer::load_encoder(config());
  std::set<std::string> views{feature_view(config(), *encoder)};
  for (const auto& item : encoder->weights().items()) {
    const at::Tensor last = item.second.view({-1})[-1];
    const at::Tensor before = last.clone();
    // The next float32, which the fingerprint, of rounded numbers, does not see.
    last.view(at::kInt).add_(1);
    EXPECT_TRUE(views.insert(feature_view(config(), *encoder)).second) << item.first;
    last.copy_(before);
  }
  EXPECT_FALSE(views.insert(feature_view(config(), *encoder)).second);
  train::write_text(folder() / "encoder/config.json", R"({"heads": 3, "architecture": "vit"})");
  EXPECT_TRUE(views.insert(view_of(config())).second);
}

TEST_F(FeatureCacheTest, KeyChangesWithTheContentAndWithTheNameOnlyWhereThatDrawsTheFrames) {
  make(Task::kVideoQa);
  const path one = folder() / "one.avi", same = folder() / "same.avi", other = folder() / "other.avi";
  train::write_text(one, "content");
  train::write_text(same, "content");
  train::write_text(other, "contents");
  const auto causal = config(), reference = config({"semantics=reference"});
  EXPECT_EQ(feature_key(causal, "view", one).size(), 64u);
  EXPECT_EQ(feature_key(causal, "view", one), feature_key(causal, "view", same));
  EXPECT_NE(feature_key(causal, "view", one), feature_key(causal, "view", other));
  EXPECT_NE(feature_key(causal, "view", one), feature_key(causal, "another view", one));
  EXPECT_NE(feature_key(reference, "view", one), feature_key(reference, "view", same));
  EXPECT_EQ(feature_key(causal, "view", folder() / "nowhere.avi"), "");
  EXPECT_EQ(feature_key(causal, "view", folder()), "");
}

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
  EXPECT_TRUE(at::equal(seen.features.slice(0, 2), expected.slice(0, 2)));  // two questions a medium
}

INSTANTIATE_TEST_SUITE_P(FeatureCacheTest, EveryModality, testing::Values(Task::kVideoQa, Task::kAudioQa),
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
}

}  // namespace
}  // namespace epalm::eval
