#include "epalm/data/score_files.h"

#include <gmock/gmock.h>

#include "tests/data/scratch.h"

namespace epalm::data {
namespace {

using testing::HasSubstr;

// Percentages are sums of thirds and tenths in doubles.
constexpr double kRounding = 1e-9;

double value(const FileScores& scores, const std::string& name) {
  for (const auto& measure : scores.measures) {
    if (measure.name == name) return measure.value;
  }
  ADD_FAILURE() << "no " << name;
  return -1;
}

FileScores scored(const std::string& predictions, const std::string& references, const ScoreOptions& options = {},
                  const std::string& name = "references.json") {
  const auto dir = scratch_folder();
  write_file(dir / "predictions.json", predictions);
  write_file(dir / name, references);
  return score_files(dir / "predictions.json", dir / name, options);
}

TEST(ScoreFiles, OfficialVqaAnnotationsGiveVqaAccuracy) {
  // The first: 2 of 10 said so. Leaving one out: 8 times 2/3, twice 1/3.
  const FileScores scores = scored(R"([{"question_id":7,"answer":"Red."},{"question_id":"8","answer":"yes"}])",
                                   R"({"info":{},"annotations":[
        {"question_id":8,"answer_type":"yes/no","question_type":"is","answers":[{"answer":"no"},{"answer":"no"}]},
        {"question_id":7,"answer_type":"other","question_type":"what","answers":[{"answer":"red"},{"answer":"red"},
         {"answer":"a b"},{"answer":"b"},{"answer":"b"},{"answer":"b"},{"answer":"b"},{"answer":"b"},{"answer":"b"},
         {"answer":"b"}]}]})");
  EXPECT_EQ(scores.rule, "VQA accuracy");
  EXPECT_EQ(scores.items, 2);
  EXPECT_NEAR(value(scores, "other"), 60, kRounding);
  EXPECT_NEAR(value(scores, "yes/no"), 0, kRounding);
  EXPECT_NEAR(value(scores, "accuracy"), 30, kRounding);
  EXPECT_NEAR(scores.per_question_type.at("what"), 60, kRounding);
  ASSERT_TRUE(scores.measures[0].interval);
  EXPECT_EQ(scores.measures[0].interval->low, 0);
  EXPECT_NEAR(scores.measures[0].interval->high, 60, kRounding);
}

TEST(ScoreFiles, LabelsGiveNormalisedAccuracyAndIdsMayLoseZeros) {
  const FileScores scores = scored(R"([{"question_id":29,"answer":"The Cat"}])",
                                   R"([{"img_id":"n1","sent":"q","question_id":"0029","label":{"cat":0.5}}])");
  EXPECT_EQ(scores.rule, "accuracy by labels");
  EXPECT_NEAR(value(scores, "accuracy"), 50, kRounding);
}

TEST(ScoreFiles, OwnQuestionsAreReferences) {
  const FileScores scores = scored(R"([{"question_id":"own:1","answer":"cat"},{"question_id":"own:2","answer":"cat"}])",
                                   "{\"media\":\"1.png\",\"question\":\"q\",\"answers\":[\"cat\"]}\n"
                                   "{\"media\":\"2.png\",\"question\":\"q\",\"answers\":[\"dog\"]}\n",
                                   {}, "own.jsonl");
  EXPECT_NEAR(value(scores, "accuracy"), 50, kRounding);
}

constexpr const char* kCaptions =
    R"([{"image_id":12,"caption":"A red circle."},{"image_id":13,"caption":"a blue square stands there"}])";

void expect_perfect(const FileScores& scores) {
  EXPECT_EQ(scores.items, 2);
  // The smoothing constants (1e-9 in denominators of at least 2) take at most 1e-7 %.
  for (const char* name : {"BLEU_1", "ROUGE_L"}) EXPECT_NEAR(value(scores, name), 100, 1e-6) << name;
  EXPECT_GT(value(scores, "CIDEr"), 500);
  EXPECT_EQ(value(scores, "CIDEr"), value(scores, "CIDEr-D"));
  ASSERT_EQ(scores.not_computed.size(), 2u);
  EXPECT_EQ(scores.not_computed[0].first, "METEOR");
  EXPECT_THAT(scores.not_computed[0].second, HasSubstr("EPALM_METEOR_JAR is not set"));
}

TEST(ScoreFiles, CocoAnnotationsKarpathyClipsAndOwnCaptionsAreReferences) {
  expect_perfect(
      scored(kCaptions, R"({"images":[{"id":12}],"annotations":[{"image_id":12,"id":1,"caption":"a red circle"},
      {"image_id":13,"id":2,"caption":"a blue square stands there"},{"image_id":12,"id":3,"caption":"other words"}]})"));
  expect_perfect(scored(kCaptions, R"({"images":[
      {"filename":"COCO_val2014_000000000012.jpg","split":"test","sentences":[{"raw":"a red circle"}]},
      {"filename":"COCO_val2014_000000000099.jpg","split":"val","sentences":[{"raw":"no"}]},
      {"filename":"COCO_val2014_000000000013.jpg","split":"test","sentences":[{"raw":"a blue square stands there"}]}]})"));
  expect_perfect(scored(
      R"([{"image_id":"v1","caption":"a red circle"},{"image_id":"v2","caption":"a blue square stands there"}])",
      R"([{"video":"v1.mp4","caption":["a red circle"]},{"video":"x/v2.mp4","caption":"a blue square stands there"}])"));
  expect_perfect(
      scored(R"([{"image_id":"own:1","caption":"a red circle"},{"image_id":5,"caption":"a blue square stands there"}])",
             "{\"media\":\"1.png\",\"captions\":[\"a red circle\"]}\n"
             "{\"media\":\"2.png\",\"captions\":[\"a blue square stands there\"],\"id\":5}\n",
             {}, "own.jsonl"));
}

TEST(ScoreFiles, RefusesWhatDoesNotBelongTogether) {
  const std::string coco =
      R"({"annotations":[{"image_id":12,"caption":"x"},{"image_id":13,"caption":"y"},{"image_id":14,"caption":"z"}]})";
  EXPECT_THAT(error_of([&] { scored(kCaptions, coco); }), HasSubstr("1 of 3 references have no prediction, as id 14"));
  const FileScores part = scored(kCaptions, coco, {.partial = true, .bootstrap = {}, .java = {}});
  EXPECT_EQ(part.items, 2);
  EXPECT_EQ(part.missing, 1);
  EXPECT_THAT(error_of([&] { scored(kCaptions, R"({"annotations":[{"image_id":12,"caption":"x"}]})"); }),
              HasSubstr("1 of its predictions have no reference"));
  EXPECT_THAT(error_of([&] { scored(kCaptions, R"([{"question_id":1,"label":{"a":1}}])"); }), HasSubstr("of one kind"));
  EXPECT_THAT(error_of([&] { scored(kCaptions, R"([{"x":1}])"); }), HasSubstr("the first record has none"));
  EXPECT_THAT(error_of([&] { scored(kCaptions, "[3]"); }), HasSubstr("expected an object, got number"));
  EXPECT_THAT(error_of([&] { scored(R"([{"image_id":1,"caption":"a"},{"image_id":1},{"caption":3}])", coco); }),
              testing::AllOf(HasSubstr("record 1, `image_id`: 1 occurs twice"),
                             HasSubstr("record 1, `caption`: the field is missing"),
                             HasSubstr("record 2, `caption`: expected a text, got number")));
}

}  // namespace
}  // namespace epalm::data
