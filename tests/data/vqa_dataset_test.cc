#include "epalm/data/vqa_dataset.h"

#include <gmock/gmock.h>

#include "epalm/data/gqa_dataset.h"
#include "tests/data/scratch.h"

namespace epalm::data {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kGood =
    R"({"img_id":"COCO_train2014_000000000009","sent":"What is it?","question_id":9001,"label":{"pie":1.0,"cake":0.3},)"
    R"("answer_type":"other","question_type":"what is","is_topk_optimal":true})";

TEST(VqaDataset, ReadsSplitsOfACommaListAndFindsImagesByTheirName) {
  const auto dir = scratch_folder();
  write_file(dir / "vqa/a.json", std::string("[") + kGood + "]");
  write_file(dir / "vqa/b.json", R"([{"img_id":"COCO_val2014_1","question":"Why?","question_id":7,"label":{}}])");
  const SampleList all = load_vqa(dir, "a, b", MediaCheck::kOff);
  ASSERT_EQ(all.size(), 2);
  const Sample first = all.get(0);
  EXPECT_EQ(first.media, dir / "COCO/images/train2014/COCO_train2014_000000000009.jpg");
  EXPECT_EQ(first.question, "What is it?");
  EXPECT_EQ(first.question_id, "9001");
  EXPECT_EQ(first.label, (metrics::AnswerScores{{"pie", 1.0}, {"cake", 0.3}}));
  EXPECT_EQ(first.question_type, "what is");
  EXPECT_EQ(first.answer_type, "other");
  EXPECT_EQ(first.is_topk_optimal, true);
  EXPECT_EQ(all.get(1).question, "Why?");
  EXPECT_EQ(all.get(1).is_topk_optimal, std::nullopt);
  EXPECT_EQ(all.get(1).media.parent_path().filename(), "val2014");
}

TEST(VqaDataset, TellsAllProblemsOfAFileAtOnce) {
  const auto dir = scratch_folder();
  write_file(dir / "vqa/a.json", R"([{"img_id":"COCO_train2014_1","sent":3,"question_id":1,"label":{"a":"x"}},
    {"img_id":"elsewhere","sent":"q","question_id":true,"label":[]}, 5,
    {"img_id":"../COCO_val2014_1","sent":"q","question_id":1,"label":{"a":-1}}])");
  const std::string message = error_of([&] { load_vqa(dir, "a", MediaCheck::kOff); });
  EXPECT_THAT(message, HasSubstr("a.json: 9 problems"));
  EXPECT_THAT(message, HasSubstr("record 0, `sent`: expected a text, got number"));
  EXPECT_THAT(message, HasSubstr("record 0, `label`: expected a score of 0 or more for the answer \"a\", got string"));
  EXPECT_THAT(message, HasSubstr("record 1, `img_id`: \"elsewhere\" names no known folder"));
  EXPECT_THAT(message, HasSubstr("record 1, `question_id`: expected a number or a text, got boolean"));
  EXPECT_THAT(message, HasSubstr("record 1, `label`: expected an object of answers and scores, got array"));
  EXPECT_THAT(message, HasSubstr("record 2, `(record)`: expected an object, got number"));
  EXPECT_THAT(message, HasSubstr("record 3, `question_id`: question 1 occurs twice"));
  EXPECT_THAT(message, HasSubstr("record 3, `img_id`: \"../COCO_val2014_1\" points outside the data folder"));
  EXPECT_THAT(message, HasSubstr("record 3, `label`"));
}

TEST(VqaDataset, MissesFieldsByTheNamesItKnows) {
  const auto dir = scratch_folder();
  write_file(dir / "vqa/a.json", R"([{"img_id":"COCO_train2014_1"}])");
  const std::string message = error_of([&] { load_vqa(dir, "a", MediaCheck::kOff); });
  EXPECT_THAT(message, HasSubstr("`sent` or `question`: the field is missing"));
  EXPECT_THAT(message, HasSubstr("`question_id`: the field is missing"));
  EXPECT_THAT(message, Not(HasSubstr("answer_type")));
}

TEST(VqaDataset, ReportsImagesThatAreNotThere) {
  const auto dir = scratch_folder();
  write_file(dir / "vqa/a.json", std::string("[") + kGood + "]");
  EXPECT_THAT(error_of([&] { load_vqa(dir, "a"); }), HasSubstr("there is no file"));
  write_file(dir / "COCO/images/train2014/COCO_train2014_000000000009.jpg", "x");
  EXPECT_EQ(load_vqa(dir, "a").size(), 1);
}

TEST(VqaDataset, RefusesSplitNamesThatLeaveTheFolder) {
  EXPECT_THAT(error_of([&] { load_vqa(scratch_folder(), "../secret"); }), HasSubstr("split"));
  EXPECT_THAT(error_of([&] { load_vqa(scratch_folder(), "a,,b"); }), HasSubstr("split"));
  EXPECT_THAT(error_of([&] { load_vqa(scratch_folder(), "missing"); }), HasSubstr("missing.json"));
}

TEST(VqaAnnotations, HoldTheHumanAnswersByQuestion) {
  const auto dir = scratch_folder();
  write_file(dir / "a.json", R"({"info":{},"annotations":[{"question_id":5,"question_type":"what","answer_type":"other",
    "answers":[{"answer":"a","answer_id":1},{"answer":"b","answer_id":2}]}]})");
  const auto annotations = load_vqa_annotations(dir / "a.json");
  EXPECT_EQ(annotations.at(5).answers, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(annotations.at(5).answer_type, "other");
}

TEST(VqaAnnotations, RefuseRepeatedQuestionsAndMissingAnswers) {
  const auto dir = scratch_folder();
  const std::string one = R"({"question_id":5,"question_type":"","answer_type":"","answers":[{"answer":"a"}]})";
  write_file(dir / "a.json", R"({"annotations":[)" + one + "," + one + "]}");
  EXPECT_THAT(error_of([&] { load_vqa_annotations(dir / "a.json"); }), HasSubstr("question 5 occurs twice"));
  write_file(dir / "b.json", R"({"annotations":[{"question_id":5,"question_type":"","answer_type":"","answers":[]}]})");
  EXPECT_THAT(error_of([&] { load_vqa_annotations(dir / "b.json"); }), HasSubstr("`answers`"));
}

TEST(GqaDataset, TakesTestImagesFromGqaAndOthersFromVisualGenome) {
  const auto dir = scratch_folder();
  const std::string record = R"([{"img_id":"n1","sent":"q","question_id":"07","label":{"no":1.0}}])";
  write_file(dir / "GQA/testdev.json", record);
  write_file(dir / "GQA/train.json", record);
  EXPECT_EQ(load_gqa(dir, "testdev", MediaCheck::kOff).get(0).media, dir / "GQA/images/n1.jpg");
  EXPECT_EQ(load_gqa(dir, "train", MediaCheck::kOff).get(0).media, dir / "VG/VG_100K/n1.jpg");
  EXPECT_EQ(load_gqa(dir, "train", MediaCheck::kOff).get(0).question_id, "07");
}

}  // namespace
}  // namespace epalm::data
