#include "epalm/data/own_dataset.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "epalm/data/caption_dataset.h"
#include "tests/data/scratch.h"

namespace epalm::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

TEST(OwnDataset, ReadsQuestionsWithMediaBesideTheFile) {
  const auto dir = scratch_folder();
  write_file(
      dir / "sub/a.jsonl",
      "\xEF\xBB\xBF{\"media\": \"pets/cat.jpg\", \"question\": \" what is it \", \"answers\": [\"cat\", \"cat\", "
      "\"kitten\", \"pet\"], \"answer_type\": \"other\", \"extra\": 1}\r\n\n"
      "{\"media\": \"/tmp/x.wav\", \"question\": \"loud?\", \"answers\": \"yes\", \"id\": 7}");
  const SampleList all = load_own_data(dir, OwnKind::kQuestions, "sub/a.jsonl", MediaCheck::kOff);
  ASSERT_EQ(all.size(), 2);
  EXPECT_EQ(all.get(0).media, dir / "sub/pets/cat.jpg");
  EXPECT_EQ(all.get(0).media_id, "pets/cat");
  EXPECT_EQ(all.get(0).question, "what is it");
  EXPECT_EQ(all.get(0).question_id, "a:1");
  EXPECT_EQ(all.get(0).answer_type, "other");
  EXPECT_EQ(all.get(0).answers.size(), 4u);
  EXPECT_EQ(all.get(1).media, "/tmp/x.wav");
  EXPECT_EQ(all.get(1).question_id, "7");
  EXPECT_THAT(all.get(1).label, ElementsAre(Pair("yes", 1.0)));
}

TEST(OwnDataset, AnAnswerOfThreeInTenPeopleIsRightAsInVqa) {
  EXPECT_THAT(answer_shares({"a", "b", "a", "a", "c", "d", "c", "e", "f", "g"}),
              ElementsAre(Pair("a", 1.0), Pair("b", testing::DoubleEq(1 / 3.)), Pair("c", testing::DoubleEq(2 / 3.)),
                          Pair("d", testing::DoubleEq(1 / 3.)), Pair("e", testing::DoubleEq(1 / 3.)),
                          Pair("f", testing::DoubleEq(1 / 3.)), Pair("g", testing::DoubleEq(1 / 3.))));
  EXPECT_THAT(answer_shares({"x", "y"}), ElementsAre(Pair("x", 1.0), Pair("y", 1.0)));
}

TEST(OwnDataset, TrainingSeesEachCaptionOnce) {
  const auto dir = scratch_folder();
  write_file(dir / "a.jsonl", R"({"media":"1.png","captions":["a cat","cats"]})"
                              "\n"
                              R"({"media":"2.png","captions":"a dog"})");
  const SampleList all = load_own_data(dir, OwnKind::kCaptions, "a.jsonl, a.jsonl", MediaCheck::kOff);
  EXPECT_EQ(all.size(), 4);
  EXPECT_THAT(all.get(0).targets, ElementsAre("a cat", "cats"));
  const SampleList each = one_per_caption(load_own_data(dir, OwnKind::kCaptions, "a.jsonl", MediaCheck::kOff));
  ASSERT_EQ(each.size(), 3);
  EXPECT_EQ(each.get(1).answer, "cats");
  EXPECT_EQ(each.get(2).answer, "a dog");
  EXPECT_EQ(one_per_caption(each).size(), 3);
}

TEST(OwnDataset, CollectsEveryProblemWithLineAndField) {
  const auto dir = scratch_folder();
  write_file(dir / "there.png", "x");
  write_file(dir / "a.jsonl",
             "{\"media\": \"there.png\", \"question\": \"q\", \"answers\": [\"a\"], \"id\": \"x\"}\n"
             "{\"question\": \"q\", \"answers\": [\"a\"]}\n"
             "{\"media\": \"there.png\", \"answers\": [\"a\"], \"id\": \"x\"}\n"
             "{\"media\": \"there.png\", \"question\": 3, \"answers\": []}\n"
             "{\"media\": \"none.png\", \"question\": \"q\", \"answers\": [\"a\", 5]}\n"
             "{\"media\": \"there.png\", \"question\": \"\xFF\", \"answers\": [\"a\"]}\n"
             "{\"media\": \"there.png\", \"question\": \"q\", \"answers\": [\" \"]}\n"
             "[1]\n"
             "{\"media\": \"\", \"question\": \"q\", \"answers\": [\"a\"]}\n"
             "{\"media\": \"there.png\"");
  const std::string message = error_of([&] { load_own_data(dir, OwnKind::kQuestions, "a.jsonl"); });
  for (const char* expected :
       {"a.jsonl: 12 problems", "line 2, `media`: the field is missing", "line 3, `question`: the field is missing",
        "line 3, `id`: \"x\" occurs twice", "line 4, `question`: expected a text, got number",
        "line 4, `answers`: expected at least one text", "line 5, `answers`: expected a list of texts, got number",
        "line 5, `media`: there is no file", "line 6, `(record)`: expected UTF-8", "line 7, `answers`: expected words",
        "line 8, `(record)`: expected an object, got array", "line 9, `media`: expected words, got an empty text",
        "line 10, `(record)`: expected JSON"}) {
    EXPECT_THAT(message, HasSubstr(expected));
  }
  EXPECT_LE(std::count(message.begin(), message.end(), '\n') + 1, 20);
  EXPECT_THAT(message, Not(HasSubstr("line 1,")));
}

TEST(OwnDataset, RefusesEmptyFilesAndMixedLists) {
  const auto dir = scratch_folder();
  write_file(dir / "a.jsonl", "\n \n");
  EXPECT_THAT(error_of([&] { load_own_data(dir, OwnKind::kCaptions, "a.jsonl"); }), HasSubstr("the file is empty"));
  EXPECT_THAT(error_of([&] { load_own_data(dir, OwnKind::kCaptions, "b.jsonl"); }), HasSubstr("b.jsonl"));
  EXPECT_THAT(error_of([] { is_own_data("karpathy_val,a.jsonl"); }), HasSubstr("got both"));
  EXPECT_TRUE(is_own_data("a.jsonl, ../b.jsonl"));
  EXPECT_FALSE(is_own_data("karpathy_val"));
}

}  // namespace
}  // namespace epalm::data
