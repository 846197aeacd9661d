#include "epalm/infer/media_input.h"

#include <gmock/gmock.h>

#include <cmath>
#include <fstream>

#include "epalm/base/error.h"
#include "epalm/media/audio_file.h"
#include "epalm/media/audio_transform.h"
#include "epalm/media/audio_writer.h"
#include "epalm/media/frame_sampling.h"
#include "epalm/media/image_file.h"
#include "epalm/media/image_transform.h"
#include "epalm/media/video_file.h"
#include "epalm/media/video_transform.h"
#include "epalm/media/video_writer.h"

namespace epalm::infer {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

fs::path scratch_folder() {
  const auto* test = testing::UnitTest::GetInstance()->current_test_info();
  const auto folder = fs::path(testing::TempDir()) / (std::string("epalm_media_input_") + test->name());
  fs::remove_all(folder);
  fs::create_directories(folder);
  return folder;
}

// A picture that differs with `shade` everywhere.
media::Image picture(int shade) {
  media::Image image(24, 16);
  for (size_t i = 0; i < image.rgb.size(); ++i) image.rgb[i] = static_cast<uint8_t>((i * 7 + size_t(shade) * 16) % 256);
  return image;
}

fs::path picture_file(const fs::path& folder, const std::string& name = "a.png") {
  media::save_image(folder / name, picture(3));
  return folder / name;
}

fs::path video_file(const fs::path& folder, int frames = 12, const std::string& name = "a.mp4") {
  std::vector<media::Image> clip;
  for (int i = 0; i < frames; ++i) clip.push_back(picture(i));
  media::VideoEncoding encoding;
  encoding.fps_numerator = 4;
  encoding.crf = 5;
  media::save_video(folder / name, clip, encoding);
  return folder / name;
}

// Two channels of different tones.
fs::path sound_file(const fs::path& folder, const std::string& name = "a.wav") {
  media::Waveform sound{8000, 2, std::vector<float>(8000)};
  for (int i = 0; i < 4000; ++i) {
    sound.samples[static_cast<size_t>(i)] = 0.5F * std::sin(0.3F * static_cast<float>(i));
    sound.samples[static_cast<size_t>(4000 + i)] = 0.4F * std::sin(1.1F * static_cast<float>(i));
  }
  media::save_audio(folder / name, sound);
  return folder / name;
}

RunConfig config_for(Task task) {
  RunConfig config;
  config.task = task;
  config.semantics = "causal";
  config.image_res = 8;
  config.num_frames = 3;
  config.melbins = 16;
  config.target_length = 64;
  config.freqm_p = 4;
  config.timem_p = 16;
  config.skip_norm = false;
  return config;
}

at::Tensor tensor_of(const std::vector<float>& values, const at::Tensor& like) {
  return at::tensor(values).view(like.sizes());
}

std::string error_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(ReadMedium, IsTheEvaluationTransformOfEachMedium) {
  const auto folder = scratch_folder();
  const at::Tensor image = read_medium(config_for(Task::kVqa), picture_file(folder));
  EXPECT_EQ(image.sizes(), (at::IntArrayRef{3, 8, 8}));
  EXPECT_TRUE(at::equal(image, tensor_of(media::eval_transform(picture(3), 8), image)));

  const auto clip_file = video_file(folder);
  const at::Tensor clip = read_medium(config_for(Task::kVideoQa), clip_file);
  EXPECT_EQ(clip.sizes(), (at::IntArrayRef{3, 3, 8, 8}));
  const auto middle = media::VideoFile(clip_file).frames(media::sample_middle(12, 3));
  EXPECT_TRUE(at::equal(clip, tensor_of(media::clip_eval_transform(middle, 8), clip)));

  const auto wave = sound_file(folder);
  const at::Tensor sound = read_medium(config_for(Task::kAudioCaption), wave);
  EXPECT_EQ(sound.sizes(), (at::IntArrayRef{64, 16}));
  media::AudioFeatureConfig features;
  features.mel_bins = 16;
  features.target_frames = 64;
  features.channels = media::ChannelUse::kMean;
  EXPECT_TRUE(at::equal(sound, tensor_of(media::audio_eval_features(media::load_audio(wave), features), sound)));
}

TEST(ReadMedium, HearsOnlyTheFirstChannelUnderReferenceSemantics) {
  const auto wave = sound_file(scratch_folder());
  auto config = config_for(Task::kAudioQa);
  const at::Tensor both = read_medium(config, wave);
  config.semantics = "reference";
  EXPECT_GT((both - read_medium(config, wave)).abs().max().item<double>(), 0.1);
}

TEST(ReadMedium, AppliesTheNormOnlyWhereAsked) {
  const auto wave = sound_file(scratch_folder());
  auto config = config_for(Task::kAudioQa);
  const at::Tensor normed = read_medium(config, wave);
  config.skip_norm = true;
  const at::Tensor plain = read_medium(config, wave);
  // Three float32 roundings of numbers below 16.
  EXPECT_TRUE(at::allclose(normed, (plain - config.norm_mean) / (2 * config.norm_std), 0, 3 * 16 * 6e-8));
}

TEST(ReadMedium, TakesTheMiddleFramesUnlessPublishedNumbersAreAskedFor) {
  const auto folder = scratch_folder();
  const auto file = video_file(folder, 60);
  const auto other = folder / "b.mp4";
  fs::copy_file(file, other);
  auto config = config_for(Task::kVideoQa);
  config.num_frames = 4;
  const at::Tensor middle = read_medium(config, file);
  EXPECT_TRUE(at::equal(middle, read_medium(config, other)));
  config.semantics = "reference";
  const at::Tensor drawn = read_medium(config, file);
  EXPECT_TRUE(at::equal(drawn, read_medium(config, file)));
  EXPECT_FALSE(at::equal(drawn, read_medium(config, other)));  // the draw depends on the name
  config.seed = 7;
  EXPECT_FALSE(at::equal(drawn, read_medium(config, file)));
  config.sample_type = "middle";
  EXPECT_TRUE(at::equal(middle, read_medium(config, file)));
}

TEST(ReadMedium, RepeatsTheLastFrameOfWhatIsTooShort) {
  const auto folder = scratch_folder();
  auto config = config_for(Task::kVideoQa);
  config.num_frames = 5;
  const at::Tensor two = read_medium(config, video_file(folder, 2));
  EXPECT_FALSE(at::equal(two.select(1, 0), two.select(1, 1)));
  for (const int64_t frame : {2, 3, 4}) EXPECT_TRUE(at::equal(two.select(1, 1), two.select(1, frame)));
  config.semantics = "reference";
  config.sample_type = "fps1";  // 12 frames at 4 a second: three of them
  const at::Tensor three = read_medium(config, video_file(folder, 12, "b.mp4"));
  EXPECT_FALSE(at::equal(three.select(1, 1), three.select(1, 2)));
  EXPECT_TRUE(at::equal(three.select(1, 2), three.select(1, 4)));
  // Shorter than half a step, which gives no frame at all: the first.
  const at::Tensor one = read_medium(config, video_file(folder, 1, "c.mp4"));
  EXPECT_TRUE(at::equal(one.select(1, 0), one.select(1, 4)));
}

TEST(ReadMedium, PutsFramesFirstAsImages) {
  const auto file = video_file(scratch_folder());
  auto config = config_for(Task::kVideoCaption);
  const at::Tensor clip = read_medium(config, file);
  config.as_images = true;
  EXPECT_TRUE(at::equal(read_medium(config, file), clip.transpose(0, 1)));
}

TEST(ReadAugmentedMedium, DependsOnTheSeedAlone) {
  const auto folder = scratch_folder();
  for (const auto& [task, file] :
       {std::pair(Task::kVqa, picture_file(folder)), std::pair(Task::kVideoQa, video_file(folder)),
        std::pair(Task::kAudioQa, sound_file(folder))}) {
    const auto config = config_for(task);
    const at::Tensor first = read_augmented_medium(config, file, 5);
    EXPECT_TRUE(at::equal(first, read_augmented_medium(config, file, 5))) << file;
    EXPECT_EQ(first.sizes(), read_medium(config, file).sizes()) << file;
    bool differs = false;
    for (const uint64_t seed : {6, 7, 8}) {
      differs = differs || !at::equal(first, read_augmented_medium(config, file, seed));
    }
    EXPECT_TRUE(differs) << file;
  }
}

TEST(ReadAugmentedMedium, MasksAndShakesSoundsAsTheKeysSay) {
  const auto file = sound_file(scratch_folder());
  auto config = config_for(Task::kAudioQa);
  const at::Tensor plain = read_medium(config, file);
  config.freqm_p = config.timem_p = 0;
  EXPECT_TRUE(at::equal(plain, read_augmented_medium(config, file, 1)));
  config.noise = true;
  EXPECT_FALSE(at::equal(plain, read_augmented_medium(config, file, 1)));
}

TEST(BlankMedium, IsZerosOfTheSameShape) {
  const auto folder = scratch_folder();
  for (const auto& [task, file] :
       {std::pair(Task::kVqa, picture_file(folder)), std::pair(Task::kVideoQa, video_file(folder)),
        std::pair(Task::kAudioQa, sound_file(folder))}) {
    const at::Tensor blank = blank_medium(config_for(task));
    EXPECT_EQ(blank.sizes(), read_medium(config_for(task), file).sizes());
    EXPECT_EQ(blank.abs().max().item<float>(), 0);
  }
}

TEST(ReadMedium, NamesAMediumOfAnotherKind) {
  const auto folder = scratch_folder();
  const auto image = picture_file(folder), video = video_file(folder), sound = sound_file(folder);
  const auto error = [&](Task task, const fs::path& file) {
    return error_of([&] { read_medium(config_for(task), file); });
  };
  EXPECT_THAT(error(Task::kAudioQa, image), AllOf(HasSubstr("a.png' is a picture"), HasSubstr("audio_qa")));
  EXPECT_THAT(error(Task::kVideoQa, image), AllOf(HasSubstr("a.png' is a picture"), HasSubstr("about videos")));
  EXPECT_THAT(error(Task::kVqa, video), AllOf(HasSubstr("a.mp4' is a video"), HasSubstr("about pictures")));
  EXPECT_THAT(error(Task::kVqa, sound), HasSubstr("a.wav' is a sound"));
  EXPECT_THAT(error(Task::kVideoQa, sound), HasSubstr("a.wav' is a sound"));
  EXPECT_THAT(error(Task::kAudioQa, video), AllOf(HasSubstr("a.mp4"), HasSubstr("no sound")));
}

TEST(ModalityOfFile, GoesByContentNotByName) {
  const auto folder = scratch_folder();
  fs::rename(picture_file(folder), folder / "p.mp4");
  fs::rename(video_file(folder), folder / "v.wav");
  fs::rename(sound_file(folder), folder / "s.png");
  EXPECT_EQ(modality_of_file(folder / "p.mp4"), Modality::kImage);
  EXPECT_EQ(modality_of_file(folder / "v.wav"), Modality::kVideo);
  EXPECT_EQ(modality_of_file(folder / "s.png"), Modality::kAudio);
  std::ofstream(folder / "notes.txt") << "only words";
  std::ofstream(folder / "empty.wav");
  EXPECT_THAT(error_of([&] { modality_of_file(folder / "notes.txt"); }), HasSubstr("notes.txt"));
  EXPECT_THAT(error_of([&] { modality_of_file(folder / "empty.wav"); }), HasSubstr("is empty"));
  EXPECT_THAT(error_of([&] { modality_of_file(folder / "none.wav"); }), HasSubstr("none.wav"));
}

std::string content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

fs::path damaged(const fs::path& file, const std::string& suffix, const std::string& bytes) {
  fs::path path = file;
  path.replace_filename(file.stem().string() + suffix + file.extension().string());
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

TEST(ReadMedia, TellsOfEachFileThatCannotBeReadAndReadsTheOthers) {
  const auto folder = scratch_folder();
  for (const auto& [task, file] :
       {std::pair(Task::kVqa, picture_file(folder)), std::pair(Task::kVideoQa, video_file(folder)),
        std::pair(Task::kAudioQa, sound_file(folder, "a.flac"))}) {
    const std::string bytes = content(file);
    std::string corrupt = bytes;
    for (size_t i = corrupt.size() / 3; i < corrupt.size(); ++i) corrupt[i] = static_cast<char>(i * 31);
    const std::vector<fs::path> files{file,
                                      damaged(file, "_cut", bytes.substr(0, bytes.size() / 2)),
                                      damaged(file, "_corrupt", corrupt),
                                      damaged(file, "_empty", ""),
                                      folder / "missing",
                                      file};
    for (const int workers : {0, 1, 4}) {
      auto config = config_for(task);
      config.num_workers = workers;
      config.num_tries = 2;
      const MediaBatch batch = read_media(config, files);
      ASSERT_EQ(batch.media.size(0), 6);
      const at::Tensor good = read_medium(config, file);
      for (const int64_t i : {0, 5}) {
        EXPECT_EQ(batch.problems[static_cast<size_t>(i)], "");
        EXPECT_TRUE(at::equal(batch.media[i], good)) << file;
      }
      for (const int64_t i : {1, 2, 3, 4}) {
        EXPECT_THAT(batch.problems[static_cast<size_t>(i)], HasSubstr(files[static_cast<size_t>(i)].string()));
        EXPECT_EQ(batch.media[i].abs().max().item<float>(), 0) << files[static_cast<size_t>(i)];
      }
    }
  }
}

TEST(ReadMedia, TakesTheAugmentationOfEachFileFromItsSeed) {
  const auto file = picture_file(scratch_folder());
  const auto config = config_for(Task::kVqa);
  const std::vector<fs::path> files{file, file};
  const std::vector<uint64_t> seeds{8, 9};
  const MediaBatch batch = read_media(config, files, seeds);
  for (const int64_t i : {0, 1}) {
    EXPECT_TRUE(at::equal(batch.media[i], read_augmented_medium(config, file, seeds[static_cast<size_t>(i)])));
  }
}

}  // namespace
}  // namespace epalm::infer
