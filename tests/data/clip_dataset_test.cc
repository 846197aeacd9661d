#include "epalm/data/clip_dataset.h"

#include <gmock/gmock.h>

#include "tests/data/scratch.h"

namespace epalm::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(ClipCaptions, GiveOneSampleACaptionInTrainingAndOneAClipOtherwise) {
  const auto dir = scratch_folder();
  const std::string records =
      R"([{"video":"video0.mp4","caption":" a dog "},{"video":"video1.mp4","caption":["one","two "]}])";
  write_file(dir / "annotation/msrvtt_caption_train7k.json", records);
  write_file(dir / "annotation/msrvtt_caption_test.json", records);
  const SampleList train = load_clip_captions(dir, ClipKind::kVideo, "msrvtt_caption_train7k", MediaCheck::kOff);
  ASSERT_EQ(train.size(), 3);
  EXPECT_EQ(train.get(0).media_id, "video0");
  EXPECT_EQ(train.get(0).media, dir / "videos/all/video0.mp4");
  EXPECT_EQ(train.get(0).answer, "a dog");
  EXPECT_EQ(train.get(2).answer, "two");
  EXPECT_THAT(train.get(2).targets, ElementsAre("one", "two"));
  const SampleList test = load_clip_captions(dir, ClipKind::kVideo, "msrvtt_caption_test", MediaCheck::kOff);
  ASSERT_EQ(test.size(), 2);
  EXPECT_EQ(test.get(1).answer, "");
  EXPECT_THAT(test.get(1).targets, ElementsAre("one", "two"));
}

TEST(ClipCaptions, KeepTheFolderOfASoundInItsName) {
  const auto dir = scratch_folder();
  write_file(dir / "annotation/a.json", R"([{"audio":"test/b.c.wav","caption":"rain"}])");
  const Sample sample = load_clip_captions(dir, ClipKind::kAudio, "a", MediaCheck::kOff).get(0);
  EXPECT_EQ(sample.media, dir / "audios/test/b.c.wav");
  EXPECT_EQ(sample.media_id, "test/b.c");
}

TEST(ClipQuestions, ReadBothSpellingsOfAQuestionInAllSplitsOfAList) {
  const auto dir = scratch_folder();
  write_file(dir / "annotation/a.json",
             R"([{"video":"v_1_0_10.avi","question":"what is it?","question_id":4,"label":{"cat":1.0}}])");
  write_file(dir / "annotation/b.json",
             R"([{"video":"x.mp4","sent":"who","question_id":"05","label":{"no":0.3,"yes":1},"answer_type":"yes/no",)"
             R"("question_type":"is"}])");
  const SampleList all = load_clip_questions(dir, ClipKind::kVideo, "a,b", MediaCheck::kOff);
  ASSERT_EQ(all.size(), 2);
  EXPECT_EQ(all.get(0).media_id, "v_1_0_10");
  EXPECT_EQ(all.get(0).question, "what is it?");
  EXPECT_EQ(all.get(0).question_id, "4");
  EXPECT_EQ(all.get(0).answer_type, "");
  EXPECT_EQ(all.get(1).question_id, "05");
  EXPECT_EQ(all.get(1).answer_type, "yes/no");
  EXPECT_EQ(all.get(1).label, (metrics::AnswerScores{{"no", 0.3}, {"yes", 1.0}}));
}

TEST(ClipDatasets, NameFieldAndFileOfEveryProblem) {
  const auto dir = scratch_folder();
  write_file(
      dir / "annotation/a.json",
      R"([{"audio":"../x.wav","caption":"c"},{"video":"x.mp4","caption":3},{"audio":"here.wav","caption":"c"}])");
  const std::string message = error_of([&] { load_clip_captions(dir, ClipKind::kAudio, "a"); });
  EXPECT_THAT(message, HasSubstr("record 0, `audio`: \"../x.wav\" points outside the data folder"));
  EXPECT_THAT(message, HasSubstr("record 1, `audio`: the field is missing"));
  EXPECT_THAT(message, HasSubstr("record 1, `caption`: expected a text or a list of texts"));
  EXPECT_THAT(message, HasSubstr("record 2, `audio`: there is no file"));
  write_file(dir / "audios/here.wav", "x");
  write_file(dir / "annotation/b.json", R"([{"audio":"here.wav","question":"q","question_id":1,"label":{}}])");
  EXPECT_EQ(load_clip_questions(dir, ClipKind::kAudio, "b").size(), 1);
  EXPECT_THAT(error_of([&] { load_clip_questions(dir, ClipKind::kAudio, "../b"); }), HasSubstr("split"));
  EXPECT_THAT(error_of([&] { load_clip_questions(dir, ClipKind::kAudio, "none"); }), HasSubstr("none.json"));
}

}  // namespace
}  // namespace epalm::data
