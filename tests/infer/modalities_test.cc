// What holds of pictures holds of videos and sounds: the same tests on tiny models with random weights.
#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "epalm/base/error.h"
#include "epalm/infer/answer.h"
#include "epalm/infer/media_input.h"
#include "tests/train/tiny_run.h"

namespace epalm::infer {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// The test media of a tiny run, one folder for all tests of a task.
struct Media {
  explicit Media(Task task) : folder("modalities_" + std::string(task_name(task))) {
    train::make_tiny_run(folder.path(), task);
    const char* place = task == Task::kVqa       ? "world/COCO/images/val2014"
                        : task == Task::kVideoQa ? "world/MSRVTT/videos/all"
                                                 : "world/AudioCaps/audios/test";
    for (const auto& entry : std::filesystem::directory_iterator(folder.path() / place)) files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    files.resize(3);
  }
  train::TemporaryFolder folder;
  std::vector<std::filesystem::path> files;
};

const Media& media_of(Task task) {
  static std::map<Task, Media> all;
  return all.try_emplace(task, task).first->second;
}

class EveryModality : public testing::TestWithParam<Task> {
 protected:
  const Media& media() const { return media_of(GetParam()); }
  RunConfig config(const std::vector<std::string>& overrides = {}) const {
    return load_run_config(media().folder.path() / "run.yaml", overrides);
  }
};

// States are layer-normalised numbers of size up to 8; each of two blocks rounds each of them some 16 times, and two
// batch sizes may round differently: 2 · 2 · 16 · 8 · 2^-24.
constexpr double kTolerance = 3.1e-5;

TEST_P(EveryModality, BatchEqualsSingles) {
  const at::NoGradGuard no_grad;
  const Bundle bundle = load_bundle(config());
  const at::Tensor batch = media_features(bundle, read_media(bundle.config, media().files).media);
  // One question for all: max_length counts the padding of shorter ones, and these models never end by themselves.
  const std::vector<std::string> questions(media().files.size(), "is there a red circle");
  const auto together = answers(bundle, batch, questions);
  for (size_t i = 0; i < media().files.size(); ++i) {
    const at::Tensor alone = media_features(bundle, read_medium(bundle.config, media().files[i]).unsqueeze(0));
    const auto row = static_cast<int64_t>(i);
    EXPECT_LE((batch.slice(0, row, row + 1) - alone).abs().max().item<double>(), kTolerance);
    EXPECT_EQ(together[i], answer(bundle, media().files[i], questions[i]));
  }
}

TEST_P(EveryModality, BlankDiffersFromTheMedium) {
  const at::NoGradGuard no_grad;
  const Bundle bundle = load_bundle(config());
  const at::Tensor blank = media_features(bundle, blank_medium(bundle.config).unsqueeze(0));
  const at::Tensor seen = media_features(bundle, read_media(bundle.config, media().files).media);
  for (int64_t i = 0; i < seen.size(0); ++i) {
    EXPECT_GT((seen[i] - blank[0]).abs().max().item<double>(), 100 * kTolerance);
    EXPECT_GT((seen[i] - seen[(i + 1) % seen.size(0)]).abs().max().item<double>(), 100 * kTolerance);
  }
}

TEST_P(EveryModality, AnswersPieceByPieceWhatItAnswersAtOnce) {
  const Bundle bundle = load_bundle(config());
  std::string told;
  const std::string whole = answer(bundle, media().files[0], "what is it", [&](std::string_view piece) {
    told += piece;
    return true;
  });
  EXPECT_EQ(whole, answer(bundle, read_medium(bundle.config, media().files[0]), "what is it"));
  EXPECT_TRUE(whole.starts_with(told)) << told << " / " << whole;
}

TEST_P(EveryModality, RefusesAnEncoderOfAnotherKind) {
  for (const Task other : {Task::kVqa, Task::kVideoQa, Task::kAudioQa}) {
    if (other == GetParam() || other == Task::kVideoQa) continue;  // a TimeSformer takes pictures and spectrograms too
    const auto encoder = (media_of(other).folder.path() / "encoder").string();
    try {
      load_bundle(config({"encoder_weights=" + encoder}));
      ADD_FAILURE() << "task " << task_name(GetParam()) << " took the encoder of " << task_name(other);
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("encoder_weights '" + encoder + "'"));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Media, EveryModality, testing::Values(Task::kVqa, Task::kVideoQa, Task::kAudioQa),
                         [](const auto& info) { return std::string(task_name(info.param)); });

TEST(Timesformer, SeesPicturesAndSpectrogramsAsPublished) {
  const at::NoGradGuard no_grad;
  const auto encoder = "encoder_weights=" + (media_of(Task::kVideoQa).folder.path() / "encoder").string();
  for (const Task task : {Task::kVqa, Task::kAudioQa}) {
    const auto& media = media_of(task);
    const Bundle bundle = load_bundle(load_run_config(media.folder.path() / "run.yaml", {encoder}));
    EXPECT_EQ(media_features(bundle, read_media(bundle.config, media.files).media).sizes(),
              (at::IntArrayRef{3, 2, 12}));
  }
}

TEST(AsImages, AveragesWhatAnEncoderOfPicturesMakesOfEachFrame) {
  const at::NoGradGuard no_grad;
  const auto& media = media_of(Task::kVideoQa);
  const auto encoder = "encoder_weights=" + (media_of(Task::kVqa).folder.path() / "encoder").string();
  const auto load = [&](const std::vector<std::string>& overrides) {
    return load_bundle(load_run_config(media.folder.path() / "run.yaml", overrides));
  };
  const Bundle bundle = load({encoder, "as_images=true"});
  const MediaBatch read = read_media(bundle.config, media.files);  // [B,F,3,S,S]
  const at::Tensor mean = media_features(bundle, read.media);
  const at::Tensor by_hand =
      (bundle.model.features(read.media.select(1, 0)) + bundle.model.features(read.media.select(1, 1))) / 2;
  EXPECT_LE((mean - by_hand).abs().max().item<double>(), kTolerance);
  for (const auto& overrides : {std::vector<std::string>{encoder}, std::vector<std::string>{"as_images=true"}}) {
    try {
      load(overrides);
      ADD_FAILURE() << overrides[0];
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("as_images"));
    }
  }
}

}  // namespace
}  // namespace epalm::infer
