#include "epalm/eval/evaluate.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "epalm/base/error.h"
#include "epalm/eval/batches.h"
#include "epalm/eval/predictions_file.h"
#include "epalm/eval/samples.h"
#include "epalm/infer/media_input.h"
#include "tests/train/tiny_run.h"

namespace epalm::eval {
namespace {

using infer::Task;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using testing::UnorderedElementsAre;
using train::TemporaryFolder;

infer::RunConfig config_for(Task task, const std::string& semantics = "causal") {
  infer::RunConfig config;
  config.task = task;
  config.semantics = semantics;
  return config;
}

data::Sample question(const std::string& type, const std::string& answer_type, const metrics::AnswerScores& label) {
  data::Sample sample;
  sample.question_type = type;
  sample.answer_type = answer_type;
  sample.label = label;
  return sample;
}

// The most frequent answers are 2, yes and cat.
const data::SampleList kTrain({question("how many", "number", {{"2", 1}, {"3", 0.3}}),
                               question("how many", "number", {{"3", 0.6}}), question("is", "yes/no", {{"yes", 1}}),
                               question("what", "other", {{"cat", 1}})});
const data::SampleList kTest({question("how many", "number", {{"two", 0.6}, {"3", 1}}),
                              question("how many", "number", {{"3", 1}}), question("is", "yes/no", {{"Yes.", 1}}),
                              question("what", "other", {{"a cat", 0.9}, {"dog", 0.3}})});

TEST(Evaluate, ScoresQuestionsAboutClipsByAnswerTypeInNormalForm) {
  for (const Task task : {Task::kVideoQa, Task::kAudioQa}) {
    const auto metrics = most_frequent_baseline(config_for(task), kTrain, kTest);
    ASSERT_EQ(metrics.size(), 4u);
    // (0.6 + 0 + 1 + 0.9) / 4: "two" is 2, "Yes." is yes, "a cat" is cat.
    EXPECT_DOUBLE_EQ(metrics.at("accuracy"), 62.5);
    EXPECT_DOUBLE_EQ(metrics.at("number"), 30);
    EXPECT_DOUBLE_EQ(metrics.at("yes/no"), 100);
    EXPECT_DOUBLE_EQ(metrics.at("other"), 90);
  }
}

TEST(Evaluate, GivesThePublishedSoftScoreUnderReferenceSemantics) {
  for (const auto& config : {config_for(Task::kVideoQa, "reference"), config_for(Task::kGqa)}) {
    EXPECT_THAT(most_frequent_baseline(config, kTrain, kTest), ElementsAre(Pair("accuracy", testing::DoubleEq(62.5))));
  }
}

TEST(MostFrequentBaseline, GivesTheMostFrequentCaptionToEveryClip) {
  const auto caption = [](const std::string& text) {
    data::Sample sample;
    sample.answer = text;
    sample.targets = {text};
    return sample;
  };
  const data::SampleList train({caption("a dog barks"), caption("rain falls"), caption("rain falls")});
  const data::SampleList test({caption("rain falls"), caption("rain falls")});
  EXPECT_NEAR(most_frequent_baseline(config_for(Task::kAudioCaption), train, test).at("ROUGE_L"), 100, 1e-9);
  const data::SampleList other({caption("a dog barks"), caption("a dog barks")});
  EXPECT_NEAR(most_frequent_baseline(config_for(Task::kAudioCaption), train, other).at("ROUGE_L"), 0, 1e-9);
}

TEST(PredictionsFile, NamesClipsAsTheyAreNamedAndPicturesByTheirNumber) {
  const TemporaryFolder folder("predictions");
  EvalResult result;
  result.predictions.push_back({"videos/all/v_1_0_10.avi", "", "", "a cat", {}, 0});
  const auto written = [&](Task task) {
    write_predictions(folder.path() / "p.json", result, task);
    return nlohmann::json::parse(std::ifstream(folder.path() / "p.json"));
  };
  EXPECT_EQ(written(Task::kVideoCaption)[0], (nlohmann::json{{"image_id", "v_1_0_10"}, {"caption", "a cat"}}));
  result.predictions[0].media = "COCO_val2014_000000391895.jpg";
  EXPECT_EQ(written(Task::kCaption)[0], (nlohmann::json{{"image_id", 391895}, {"caption", "a cat"}}));
  result.predictions[0].question_id = "7";
  EXPECT_EQ(written(Task::kAudioQa)[0], (nlohmann::json{{"question_id", 7}, {"answer", "a cat"}}));
}

class EveryTask : public testing::TestWithParam<Task> {};

TEST_P(EveryTask, IsLoadedAnsweredAndScored) {
  const TemporaryFolder folder("eval_" + std::string(task_name(GetParam())));
  train::make_tiny_run(folder.path(), GetParam());
  const auto bundle = infer::load_bundle(train::tiny_config(folder.path(), {"batch_size_test=3"}));
  const auto samples = load_samples(bundle.config, bundle.config.test_split);
  int64_t done = 0;
  const auto result = evaluate(bundle, samples, {.progress = [&](int64_t n, int64_t) { done = n; }});
  EXPECT_EQ(done, samples.size());
  EXPECT_EQ(static_cast<int64_t>(result.predictions.size()), samples.size());
  EXPECT_EQ(result.bad_samples, 0);
  EXPECT_EQ(result.metrics.contains("CIDEr"), infer::is_caption(GetParam()));
  EXPECT_EQ(result.metrics.contains("accuracy"), !infer::is_caption(GetParam()));
  EXPECT_FALSE(result.predictions[0].expected.empty());
  for (const auto& entry : most_frequent_baseline(bundle.config, samples, samples)) {
    EXPECT_TRUE(result.metrics.contains(entry.first)) << entry.first;
  }
  // Nothing is read for the blank run.
  for (const auto& sample : samples.samples()) std::filesystem::remove(sample.media);
  const auto blank = evaluate(bundle, samples, {.blank = true});
  EXPECT_EQ(blank.predictions.size(), result.predictions.size());
}

INSTANTIATE_TEST_SUITE_P(Tasks, EveryTask,
                         testing::Values(Task::kVqa, Task::kCaption, Task::kVideoQa, Task::kVideoCaption,
                                         Task::kAudioQa, Task::kAudioCaption),
                         [](const auto& info) { return std::string(infer::task_name(info.param)); });

TEST(SampleFeatures, RunTheEncoderOnceForNeighboursOfOneFile) {
  const TemporaryFolder folder("eval_neighbours");
  train::make_tiny_run(folder.path(), Task::kVideoQa);
  const auto bundle = infer::load_bundle(train::tiny_config(folder.path()));
  const auto samples = load_samples(bundle.config, bundle.config.test_split);  // two questions a clip
  FeatureCache no_cache(bundle.config, bundle.model.encoder());
  const auto seen = sample_features(bundle, no_cache, samples.samples(), false);
  EXPECT_EQ(seen.features.size(0), samples.size());
  EXPECT_TRUE(at::equal(seen.features[0], seen.features[1]));
  EXPECT_FALSE(at::equal(seen.features[1], seen.features[2]));
}

TEST(MediaFeatures, OfTheEncoderAloneAreThoseOfTheBundle) {
  for (const auto& [task, keys] :
       {std::pair(Task::kVideoQa, std::vector<std::string>{}),
        std::pair(Task::kVideoQa, std::vector<std::string>{"as_images=true"}),
        std::pair(Task::kVqa, std::vector<std::string>{"encoder_tokens=all", "injected_hidden_states=1"})}) {
    const TemporaryFolder folder("eval_media_features");
    train::make_tiny_run(folder.path(), task);
    if (!keys.empty()) train::write_tiny_encoder(folder.path(), infer::Modality::kImage);
    const auto bundle = infer::load_bundle(train::tiny_config(folder.path(), keys));
    const auto samples = load_samples(bundle.config, bundle.config.test_split);
    const std::array files{samples.get(0).media, samples.get(2).media};
    const at::Tensor media = infer::read_media(bundle.config, files).media;
    const at::Tensor whole = infer::media_features(bundle, media);
    EXPECT_TRUE(at::equal(infer::media_features(bundle.config, bundle.model.encoder(), media), whole));
    EXPECT_EQ(whole.size(1), keys.size() == 2 ? 5 : 2);  // four patches and the CLS, or two states
  }
}

// A test set of 21 questions, one of them about a file that cannot be read.
TEST(Evaluate, StopsAtAnUnreadableMediumUnlessItShallCountAsWrong) {
  const TemporaryFolder folder("eval_bad");
  train::make_tiny_run(folder.path(), Task::kAudioQa);
  const auto config = train::tiny_config(folder.path());
  std::vector<data::Sample> list;
  const auto train_set = load_samples(config, config.train_split);
  for (int64_t i = 0; i < 21; ++i) list.push_back(train_set.get(i));
  list.front().media = folder.path() / "broken.wav";
  train::write_text(list.front().media, "RIFF, but nothing after it");
  const data::SampleList samples(std::move(list));

  try {
    evaluate(infer::load_bundle(config), samples);
    FAIL() << "a broken file went unnoticed";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("broken.wav"), HasSubstr("on_bad_sample: replace")));
  }
  const auto replacing = infer::load_bundle(train::tiny_config(folder.path(), {"on_bad_sample=replace"}));
  const auto result = evaluate(replacing, samples);
  EXPECT_EQ(result.bad_samples, 1);
  EXPECT_EQ(result.predictions[0].prediction, "");
  EXPECT_EQ(result.predictions[0].score, 0);
  EXPECT_EQ(result.predictions.size(), 21u);
  EXPECT_EQ(evaluate(infer::load_bundle(config), samples, {.tolerate_bad = true}).bad_samples, 1);
  const auto stopping = infer::load_bundle(train::tiny_config(folder.path(), {"on_bad_sample=stop"}));
  EXPECT_THROW(evaluate(stopping, samples, {.tolerate_bad = true}), Error);
}

}  // namespace
}  // namespace epalm::eval
