#include "epalm/world/clip_files.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <set>

#include "epalm/base/error.h"
#include "epalm/media/audio_file.h"
#include "epalm/media/video_file.h"
#include "epalm/world/annotators.h"
#include "epalm/world/clip_sample.h"
#include "tests/world/audio_question_solver.h"
#include "tests/world/video_question_solver.h"
#include "tests/world/written_files.h"

namespace epalm::world {
namespace {

using nlohmann::json;
using std::filesystem::path;

ClipCounts few_clips() {
  ClipCounts counts;
  counts.train = 5;
  counts.val = 2;
  counts.test = 3;
  return counts;
}

// What the tests of both worlds have in common; Options is that of the writer.
template <typename Options>
class ClipWorld : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = path(testing::TempDir()) /
              (std::string("clip_world_") + testing::UnitTest::GetInstance()->current_test_info()->test_suite_name() +
               testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove_all(folder_);
    options_.clips = few_clips();
  }

  void TearDown() override { std::filesystem::remove_all(folder_); }

  template <typename Write>
  void expect_same_bytes_after_interruption(Write write) {
    write(folder_ / "whole", options_, OnClipWritten());
    struct Stop {};
    const auto stop = [](int done, int) {
      if (done == 6) throw Stop();
    };
    EXPECT_THROW(write(folder_ / "cut", options_, stop), Stop);
    EXPECT_FALSE(read_json(folder_ / "cut" / "tiny_world.json")["complete"].get<bool>());
    write(folder_ / "cut", options_, OnClipWritten());
    EXPECT_EQ(different_files(folder_ / "cut", folder_ / "whole"), std::set<std::string>());
    ++options_.seed;
    EXPECT_THROW(write(folder_ / "cut", options_, OnClipWritten()), Error) << "another world lies there";
  }

  path folder_;
  Options options_;
};

// Every question of the split's file is answered by the solver as most annotators did. sample_of(index), id_of(name).
template <typename Solver, typename SampleOf, typename IndexOf>
void expect_true_labels(const json& questions, const std::string& key, SampleOf sample_of, IndexOf index_of) {
  std::set<int> ids;
  EXPECT_FALSE(questions.empty());
  for (const json& asked : questions) {
    EXPECT_TRUE(ids.insert(asked.at("question_id").get<int>()).second);
    const auto sample = sample_of(index_of(asked.at(key).template get<std::string>()));
    const std::string answer = Solver(sample.scene).solve(asked.at("question"));
    EXPECT_EQ(asked.at("label").at(answer).template get<double>(), 1.0) << asked.dump();
    EXPECT_FALSE(asked.at("answer_type").template get<std::string>().empty());
    EXPECT_FALSE(asked.at("question_type").template get<std::string>().empty());
  }
}

int number_in(const std::string& name) {
  return std::stoi(name.substr(name.find_first_of("0123456789")));
}

class VideoWorld : public ClipWorld<VideoWorldOptions> {};

TEST_F(VideoWorld, HasTheFilesOfTheMsrvttLayout) {
  write_video_world(folder_, options_);
  const auto files = contents(folder_);
  for (const char* name :
       {"tiny_world.json", "MSRVTT/annotation/msrvtt_caption_train7k.json", "MSRVTT/annotation/msrvtt_caption_val.json",
        "MSRVTT/annotation/msrvtt_caption_test.json", "MSRVTT/annotation/msrvtt_vqa_train.json",
        "MSRVTT/annotation/msrvtt_vqa_val.json", "MSRVTT/annotation/msrvtt_vqa_test.json",
        "MSRVTT/videos/all/video0.mp4", "MSRVTT/videos/all/video100001.mp4", "MSRVTT/videos/all/video200002.mp4"}) {
    EXPECT_TRUE(files.contains(name)) << name;
  }
  EXPECT_EQ(files.size(), 7U + 5 + 2 + 3);
}

TEST_F(VideoWorld, WritesItsSamplesAsPlayableH264) {
  write_video_world(folder_, options_);
  media::VideoFile file(folder_ / "MSRVTT/videos/all/video200001.mp4");
  EXPECT_EQ(file.info().codec, "h264");
  EXPECT_EQ(file.info().width, 48);
  EXPECT_EQ(file.info().fps, 8.0);
  ASSERT_EQ(file.info().frames, 16);
  const VideoSample sample = make_video_sample(options_.seed, Split::kTest, 1);
  EXPECT_TRUE(has_held_out(sample.scene));
  std::vector<int64_t> all(16);
  std::iota(all.begin(), all.end(), 0);
  const std::vector<media::Image> frames = file.frames(all);
  double error = 0.0;
  size_t values = 0;
  for (size_t f = 0; f < frames.size(); ++f) {
    ASSERT_EQ(frames[f].rgb.size(), sample.frames[f].rgb.size());
    for (size_t i = 0; i < frames[f].rgb.size(); ++i) error += std::abs(frames[f].rgb[i] - sample.frames[f].rgb[i]);
    values += frames[f].rgb.size();
  }
  // Quantisation at factor 20 errs by a few steps and halved chroma blurs the edges; a neighbouring frame differs by
  // tens of steps wherever the shape is.
  EXPECT_LT(error / static_cast<double>(values), 6.0);
}

TEST_F(VideoWorld, NamesItsClipsInCaptionsAndQuestions) {
  write_video_world(folder_, options_);
  const path annotation = folder_ / "MSRVTT/annotation";
  const json captions = read_json(annotation / "msrvtt_caption_train7k.json");
  ASSERT_EQ(captions.size(), 5U);
  for (size_t i = 0; i < captions.size(); ++i) {
    EXPECT_EQ(captions[i].at("video"), "video" + std::to_string(i) + ".mp4");
    EXPECT_EQ(captions[i].at("caption").size(), 5U);
    const auto index = static_cast<int64_t>(i);
    EXPECT_EQ(captions[i].at("caption"), json(make_video_sample(options_.seed, Split::kTrain, index).captions));
    EXPECT_FALSE(has_held_out(make_video_sample(options_.seed, Split::kTrain, index).scene));
  }
  int first_id = 0;
  for (const auto& [name, split] : {std::pair{"train", Split::kTrain}, {"val", Split::kVal}, {"test", Split::kTest}}) {
    expect_true_labels<VideoQuestionSolver>(
        read_json(annotation / (std::string("msrvtt_vqa_") + name + ".json")), "video",
        [&, s = split](int index) { return make_video_sample(options_.seed, s, index); },
        [&](const std::string& file) { return number_in(file) - first_id; });
    first_id += 100'000;
  }
}

TEST_F(VideoWorld, GivesTheSameBytesAfterAnInterruption) {
  expect_same_bytes_after_interruption(write_video_world);
}

TEST_F(VideoWorld, RejectsOptionsOutOfRange) {
  for (const auto change :
       {+[](VideoWorldOptions& o) { o.size_px = 47; }, +[](VideoWorldOptions& o) { o.frames = 5; },
        +[](VideoWorldOptions& o) { o.fps = 0; }, +[](VideoWorldOptions& o) { o.quality = 52; },
        +[](VideoWorldOptions& o) { o.clips.train = -1; }, +[](VideoWorldOptions& o) { o.clips.captions = 0; }}) {
    VideoWorldOptions bad = options_;
    change(bad);
    EXPECT_THROW(write_video_world(folder_, bad), Error);
  }
  EXPECT_FALSE(std::filesystem::exists(folder_));
}

class AudioWorld : public ClipWorld<AudioWorldOptions> {};

TEST_F(AudioWorld, HasTheFilesOfTheAudioCapsLayout) {
  write_audio_world(folder_, options_);
  const auto files = contents(folder_);
  for (const char* name : {"tiny_world.json", "AudioCaps/annotation/audiocaps_caption_train.json",
                           "AudioCaps/annotation/audiocaps_caption_test.json",
                           "AudioCaps/annotation/audiocaps_qa_val.json", "AudioCaps/audios/train/sound0.flac",
                           "AudioCaps/audios/val/sound100001.flac", "AudioCaps/audios/test/sound200002.flac"}) {
    EXPECT_TRUE(files.contains(name)) << name;
  }
  EXPECT_EQ(files.size(), 7U + 5 + 2 + 3);
}

TEST_F(AudioWorld, WritesItsSamplesWithoutLoss) {
  write_audio_world(folder_, options_);
  for (int i = 0; i < 3; ++i) {
    const media::Waveform read =
        media::load_audio(folder_ / "AudioCaps/audios/test" / ("sound" + std::to_string(200'000 + i) + ".flac"));
    const AudioSample sample = make_audio_sample(options_.seed, Split::kTest, i);
    EXPECT_TRUE(has_held_out(sample.scene));
    EXPECT_EQ(read.sample_rate_hz, sample.sound.sample_rate_hz);
    EXPECT_EQ(read.channels, 1);
    EXPECT_EQ(read.samples, sample.sound.samples);
  }
}

TEST_F(AudioWorld, NamesItsRecordingsInCaptionsAndQuestions) {
  write_audio_world(folder_, options_);
  const path annotation = folder_ / "AudioCaps/annotation";
  const json captions = read_json(annotation / "audiocaps_caption_val.json");
  ASSERT_EQ(captions.size(), 2U);
  EXPECT_EQ(captions[1].at("audio"), "val/sound100001.flac");
  EXPECT_EQ(captions[1].at("caption"), json(make_audio_sample(options_.seed, Split::kVal, 1).captions));
  EXPECT_FALSE(has_held_out(make_audio_sample(options_.seed, Split::kVal, 1).scene));
  int first_id = 0;
  for (const auto& [name, split] : {std::pair{"train", Split::kTrain}, {"val", Split::kVal}, {"test", Split::kTest}}) {
    expect_true_labels<AudioQuestionSolver>(
        read_json(annotation / (std::string("audiocaps_qa_") + name + ".json")), "audio",
        [&, s = split](int index) { return make_audio_sample(options_.seed, s, index); },
        [&](const std::string& file) { return number_in(file) - first_id; });
    first_id += 100'000;
  }
}

TEST_F(AudioWorld, GivesTheSameBytesAfterAnInterruption) {
  expect_same_bytes_after_interruption(write_audio_world);
}

TEST(MakeClipSamples, KeepSceneAndMediumWhateverIsAsked) {
  const VideoSample clip = make_video_sample(1, Split::kTrain, 5, {{1, 1}, {}});
  const VideoSample more = make_video_sample(1, Split::kTrain, 5, {{5, 20}, {}});
  EXPECT_EQ(clip.frames, more.frames);
  EXPECT_EQ(clip.questions.size(), 1U);
  EXPECT_GT(more.questions.size(), 5U);
  EXPECT_NE(clip.frames, make_video_sample(1, Split::kVal, 5).frames);
  const AudioSample sound = make_audio_sample(1, Split::kTrain, 5, {1, 1});
  EXPECT_EQ(sound.sound.samples, make_audio_sample(1, Split::kTrain, 5, {5, 20}).sound.samples);
  EXPECT_NE(sound.sound.samples, make_audio_sample(1, Split::kTrain, 6).sound.samples);
  EXPECT_THROW(make_video_sample(1, Split::kTrain, -1), Error);
  EXPECT_THROW(make_audio_sample(1, Split::kTrain, 0, {-1, 1}), Error);
  // The same without the medium.
  EXPECT_EQ(tell_video_scene(1, Split::kTrain, 5, {5, 20}).captions, more.captions);
  EXPECT_EQ(tell_audio_scene(1, Split::kTrain, 5, {1, 1}).captions, sound.captions);
}

}  // namespace
}  // namespace epalm::world
