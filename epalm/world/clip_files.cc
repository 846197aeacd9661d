#include "epalm/world/clip_files.h"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "epalm/base/error.h"
#include "epalm/media/audio_writer.h"
#include "epalm/media/video_writer.h"
#include "epalm/world/clip_sample.h"
#include "epalm/world/json_list_file.h"
#include "epalm/world/world_marker.h"
#include "epalm/world/world_output.h"

namespace epalm::world {
namespace {

using std::filesystem::path;

constexpr int kMostClips = 100'000;

struct ClipPlan {
  Split split;
  std::string name;
  int clips;
  int questions;
  int first_id;  // apart from each other, so that a clip keeps its name whatever the other counts are
};

std::array<ClipPlan, 3> clip_plans(const ClipCounts& counts) {
  return {{{Split::kTrain, "train", counts.train, counts.train_questions, 0},
           {Split::kVal, "val", counts.val, counts.test_questions, kMostClips},
           {Split::kTest, "test", counts.test, counts.test_questions, 2 * kMostClips}}};
}

void check_counts(const ClipCounts& counts) {
  check_range("train", counts.train, 0, kMostClips);
  check_range("val", counts.val, 0, kMostClips);
  check_range("test", counts.test, 0, kMostClips);
  check_range("captions", counts.captions, 1, 20);
  check_range("train_questions", counts.train_questions, 0, 100);
  check_range("test_questions", counts.test_questions, 0, 100);
}

nlohmann::json to_json(const ClipCounts& counts) {
  return {{"train", counts.train},
          {"val", counts.val},
          {"test", counts.test},
          {"captions", counts.captions},
          {"train_questions", counts.train_questions},
          {"test_questions", counts.test_questions}};
}

// The two JSON files of a split: its captions and its questions.
class SplitFiles {
 public:
  // key: "video" or "audio", under which both files name the clip.
  SplitFiles(const path& captions, const path& questions, std::string key)
      : captions_(captions), questions_(questions), key_(std::move(key)) {}

  void add(const std::string& file_name, int clip_id, const std::vector<std::string>& captions,
           const std::vector<AnsweredQuestion>& questions) {
    captions_.add({{key_, file_name}, {"caption", captions}});
    for (size_t q = 0; q < questions.size(); ++q) {
      const Question& question = questions[q].question;
      questions_.add({{key_, file_name},
                      {"question", question.text},
                      {"question_id", clip_id * 100 + static_cast<int>(q)},
                      {"question_type", question.question_type},
                      {"answer_type", question.answer_type},
                      {"label", soft_scores(questions[q].answers)}});
    }
  }

  void finish() {
    captions_.finish();
    questions_.finish();
  }

 private:
  JsonListFile captions_;
  JsonListFile questions_;
  std::string key_;
};

// write_clip(plan, index, id, files) for every clip, between making the split's JSON files and completing them.
template <typename MakeFiles, typename WriteClip>
void write_splits(const ClipCounts& counts, MakeFiles make_files, WriteClip write_clip, const OnClipWritten& progress) {
  const int total = counts.train + counts.val + counts.test;
  int done = 0;
  for (const ClipPlan& plan : clip_plans(counts)) {
    SplitFiles files = make_files(plan);
    for (int i = 0; i < plan.clips; ++i) {
      write_clip(plan, i, plan.first_id + i, files);
      if (progress) progress(++done, total);
    }
    files.finish();
  }
}

}  // namespace

void write_video_world(const path& folder, const VideoWorldOptions& options, const OnClipWritten& progress) {
  check_counts(options.clips);
  check_range("size_px", options.size_px, 16, 1024);
  require(options.size_px % 2 == 0, "tiny world: expected an even size_px, got {}", options.size_px);
  check_range("frames", options.frames, 2 * kMaxItems, 1024);
  check_range("fps", options.fps, 1, 60);
  check_range("quality", options.quality, 0, 51);
  WorldMarker marker(folder,
                     {{"kind", "videos"},
                      {"clips", to_json(options.clips)},
                      {"size_px", options.size_px},
                      {"frames", options.frames},
                      {"fps", options.fps},
                      {"quality", options.quality},
                      {"seed", options.seed}},
                     {"MSRVTT"});
  if (marker.complete()) return;
  marker.begin();

  const path annotation = folder / "MSRVTT" / "annotation";
  const path videos = folder / "MSRVTT" / "videos" / "all";
  make_folder(annotation);
  make_folder(videos);
  media::VideoEncoding encoding;
  encoding.fps_numerator = options.fps;
  encoding.crf = options.quality;
  encoding.b_frames = 2;
  const auto make_files = [&](const ClipPlan& plan) {
    const std::string captions = plan.split == Split::kTrain ? "train7k" : plan.name;  // as the published split
    return SplitFiles(annotation / fmt::format("msrvtt_caption_{}.json", captions),
                      annotation / fmt::format("msrvtt_vqa_{}.json", plan.name), "video");
  };
  const auto write_clip = [&](const ClipPlan& plan, int index, int id, SplitFiles& files) {
    const VideoSample sample = make_video_sample(
        options.seed, plan.split, index, {{options.clips.captions, plan.questions}, {options.size_px, options.frames}});
    const std::string name = fmt::format("video{}.mp4", id);
    write_bytes(videos / name, media::encode_video(sample.frames, media::VideoFormat::kMp4, encoding));
    files.add(name, id, sample.captions, sample.questions);
  };
  write_splits(options.clips, make_files, write_clip, progress);
  marker.finish();
}

void write_audio_world(const path& folder, const AudioWorldOptions& options, const OnClipWritten& progress) {
  check_counts(options.clips);
  WorldMarker marker(folder, {{"kind", "sounds"}, {"clips", to_json(options.clips)}, {"seed", options.seed}},
                     {"AudioCaps"});
  if (marker.complete()) return;
  marker.begin();

  const path annotation = folder / "AudioCaps" / "annotation";
  const path audios = folder / "AudioCaps" / "audios";
  make_folder(annotation);
  const auto make_files = [&](const ClipPlan& plan) {
    make_folder(audios / plan.name);
    return SplitFiles(annotation / fmt::format("audiocaps_caption_{}.json", plan.name),
                      annotation / fmt::format("audiocaps_qa_{}.json", plan.name), "audio");
  };
  const auto write_clip = [&](const ClipPlan& plan, int index, int id, SplitFiles& files) {
    const AudioSample sample =
        make_audio_sample(options.seed, plan.split, index, {options.clips.captions, plan.questions});
    const std::string name = fmt::format("{}/sound{}.flac", plan.name, id);
    write_bytes(audios / name, media::encode_audio(sample.sound, media::AudioFormat::kFlac));
    files.add(name, id, sample.captions, sample.questions);
  };
  write_splits(options.clips, make_files, write_clip, progress);
  marker.finish();
}

}  // namespace epalm::world
