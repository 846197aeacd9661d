#include "epalm/media/video_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <numeric>

#include "epalm/base/python_random.h"
#include "epalm/media/video_writer.h"
#include "tests/media/av_samples.h"

namespace epalm::media {
namespace {

using samples::ffmpeg;
using samples::numbered_frames;
using samples::temporary;
using testing::ElementsAre;
using testing::HasSubstr;

VideoOptions with_seeking(Seeking seeking) {
  VideoOptions options;
  options.threads = 1;
  options.seeking = seeking;
  return options;
}

std::vector<int64_t> all_frames(const VideoFile& video) {
  std::vector<int64_t> indices(static_cast<size_t>(video.info().frames));
  std::iota(indices.begin(), indices.end(), int64_t{0});
  return indices;
}

// A clip of numbered frames.
struct Clip {
  const char* name;  // of the file
  std::function<bool(const std::filesystem::path&)> make;
  int64_t frames = 0;  // 0: as ffprobe counts
  int width = 64;
  int height = 48;
};

void PrintTo(const Clip& clip, std::ostream* out) {
  *out << clip.name;
}

auto saved(int64_t frames, VideoEncoding encoding, int width = 64, int height = 48) {
  return [=](const std::filesystem::path& path) {
    save_video(path, numbered_frames(frames, width, height), encoding);
    return true;
  };
}

// By the program, from 45 frames without loss, with a key frame every 10.
auto converted(const std::string& arguments) {
  return [=](const std::filesystem::path& path) {
    const auto source = temporary("source.mkv");
    save_video(source, numbered_frames(45, 64, 48), {.key_frame_interval = 10, .b_frames = 2, .crf = 0});
    const size_t input = arguments.find("INPUT");
    return ffmpeg(std::string(arguments).replace(input, 5, "-i '" + source.string() + "'") + " '" + path.string() +
                  "'");
  };
}

std::vector<int64_t> uneven_ticks(int64_t count) {
  std::vector<int64_t> ticks;
  for (int64_t i = 0, at = 0; i < count; at += 1 + i * i % 7, ++i) ticks.push_back(at);
  return ticks;
}

class Clips : public testing::TestWithParam<Clip> {};

TEST_P(Clips, GiveTheSamePixelsBySeekingInAnyOrder) {
  const auto path = temporary(GetParam().name);
  if (!GetParam().make(path)) GTEST_SKIP() << "this ffmpeg does not make " << GetParam().name;
  VideoFile whole(path, with_seeking(Seeking::kNever));
  const int64_t counted = samples::frames_by_ffprobe(path);
  ASSERT_GT(counted, 0) << "ffprobe is needed (package ffmpeg)";
  EXPECT_EQ(whole.info().frames, counted);
  if (GetParam().frames != 0) {
    EXPECT_EQ(whole.info().frames, GetParam().frames);
  }
  EXPECT_EQ(whole.info().width, GetParam().width);
  EXPECT_EQ(whole.info().height, GetParam().height);

  std::vector<Image> images;
  whole.for_each_frame(all_frames(whole), [&](size_t, const Image& image) { images.push_back(image); });
  ASSERT_EQ(std::ssize(images), whole.info().frames);
  for (size_t i = 1; i < images.size(); ++i) {
    ASSERT_EQ(samples::number_shown(images[i]), samples::number_shown(images[0]) + static_cast<int64_t>(i));
  }

  VideoFile video(path, with_seeking(Seeking::kWhenCheaper));
  PythonRandom random(7);
  std::vector<int64_t> order = all_frames(video);
  random.shuffle(order);
  for (const int64_t index : order) {
    ASSERT_EQ(video.frames(std::vector{index})[0], images[static_cast<size_t>(index)]) << "frame " << index;
  }
  for (int i = 0; i < 5; ++i) order.push_back(random.randrange(video.info().frames));
  const std::vector<Image> together = video.frames(order);
  for (size_t i = 0; i < order.size(); ++i) {
    ASSERT_EQ(together[i], images[static_cast<size_t>(order[i])]) << "frame " << order[i];
  }
}

const Clip kClips[]{
    {"b_frames.mp4", saved(60, {.key_frame_interval = 12, .b_frames = 3}), 60},
    {"vp9.webm", saved(40, {.key_frame_interval = 9}), 40},
    {"mpeg4.avi", saved(40, {.key_frame_interval = 10}), 40},
    {"b_frames.avi", saved(40, {.key_frame_interval = 10, .b_frames = 2}), 40},
    {"uneven.mkv", saved(50, {.fps_numerator = 30, .key_frame_interval = 8, .b_frames = 2, .ticks = uneven_ticks(50)}),
     50},
    {"uneven.mp4", saved(50, {.fps_numerator = 30, .key_frame_interval = 8, .ticks = uneven_ticks(50)}), 50},
    {"one.mp4", saved(1, {}), 1},
    {"one.webm", saved(1, {}), 1},
    {"odd.mp4", saved(30, {.key_frame_interval = 7, .b_frames = 1}, 37, 29), 30, 37, 29},
    {"odd.webm", saved(30, {.key_frame_interval = 7}, 37, 29), 30, 37, 29},
    {"wide_pixels.mkv", saved(30, {.key_frame_interval = 7, .aspect_numerator = 16, .aspect_denominator = 11}), 30},
    {"picture.gif", converted("INPUT"), 45},
    {"vp8.webm", converted("INPUT -c:v libvpx -b:v 1M -auto-alt-ref 1 -lag-in-frames 10 -g 12"), 45},
    {"hidden.webm", converted("INPUT -c:v libvpx-vp9 -b:v 1M -auto-alt-ref 1 -lag-in-frames 16 -g 20 -cpu-used 5"), 45},
    {"hevc.mp4", converted("INPUT -c:v libx265 -x265-params log-level=none:pools=none:keyint=12:bframes=3"), 45},
    {"open_gop.mkv", converted("INPUT -c:v libx264 -x264-params open-gop=1:keyint=8:bframes=3:scenecut=0"), 45},
    {"pyramid.mkv", converted("INPUT -c:v libx264 -x264-params b-pyramid=normal:keyint=20:bframes=6:b-adapt=0:ref=4")},
    {"temporal.mp4", converted("INPUT -c:v libx264 -x264-params direct=temporal:keyint=30:bframes=3:weightb=1")},
    {"two_fields.mkv", converted("INPUT -c:v libx264 -flags +ilme+ildct -x264-params tff=1:keyint=20:bframes=3")},
    {"equal_times.mkv", converted("INPUT -c:v libx264 -g 10 -bf 0 -bsf:v 'setts=ts=floor(N/2)*80'")},
    {"cut.mp4", converted("-ss 0.5 INPUT -c copy")},  // an edit list hides what is before the cut
    {"program.ts", converted("INPUT -c:v mpeg2video -q:v 2 -g 10 -bf 2"), 45},
    {"fields.ts", converted("INPUT -c:v mpeg2video -q:v 2 -g 10 -flags +ilme+ildct -top 1"), 45},
    {"program.mpg", converted("INPUT -c:v mpeg2video -q:v 2 -g 10 -bf 2 -f vob"), 45},
    {"fields.mpg", converted("INPUT -c:v mpeg2video -q:v 2 -g 10 -flags +ilme+ildct -top 1 -f vob"), 45},
    {"h264.flv", converted("INPUT -c:v libx264 -g 10 -bf 2"), 45},
    {"motion.avi", converted("INPUT -c:v mjpeg -q:v 2"), 45},
    {"lossless.mkv", converted("INPUT -c:v ffv1"), 45},
};

INSTANTIATE_TEST_SUITE_P(VideoFile, Clips, testing::ValuesIn(kClips), [](const auto& info) {
  std::string name = info.param.name;
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
});

TEST(VideoFile, TurnsThePicturesAsTheFileSays) {
  const std::vector<Image> frames = numbered_frames(5, 64, 48);
  save_video(temporary("straight.mp4"), frames);
  VideoFile straight(temporary("straight.mp4"));
  for (const int turns : {1, 2, 3}) {
    save_video(temporary("turned.mp4"), frames, {.quarter_turns = turns});
    VideoFile turned(temporary("turned.mp4"));
    Image expected = straight.frames(std::vector<int64_t>{3})[0];
    for (int i = 0; i < turns; ++i) {
      Image next(expected.height, expected.width);  // a quarter turn clockwise: the left column becomes the upper row
      for (int y = 0; y < next.height; ++y) {
        for (int x = 0; x < next.width; ++x) {
          std::copy_n(expected.row(expected.height - 1 - x) + 3 * y, 3, next.row(y) + 3 * x);
        }
      }
      expected = next;
    }
    EXPECT_EQ(turned.info().width, expected.width);
    EXPECT_EQ(turned.info().height, expected.height);
    EXPECT_EQ(turned.frames(std::vector<int64_t>{3})[0], expected) << turns << " quarter turns";
  }
}

TEST(VideoFile, SaysWhatTheFileHolds) {
  save_video(temporary("info.mkv"), numbered_frames(50, 64, 48),
             {.fps_numerator = 30'000, .fps_denominator = 1001, .aspect_numerator = 4, .aspect_denominator = 3});
  const VideoInfo info = VideoFile(temporary("info.mkv")).info();
  EXPECT_NEAR(info.fps, 29.97, 0.01);
  EXPECT_NEAR(info.duration_s, 50 / 29.97, 0.05);  // Matroska counts milliseconds, and states the start of the last
  EXPECT_NEAR(info.pixel_aspect, 4.0 / 3, 1e-6);
  EXPECT_EQ(info.codec, "h264");
  EXPECT_THAT(info.container, HasSubstr("matroska"));
}

TEST(VideoFile, KeepsTheColours) {
  // 4:2:0 halves the chroma resolution and limited range keeps 219 levels; a flat colour suffers only the rounding of
  // the matrix there and back, 2 levels, and the coarsest quantiser step in use, 4.
  Image image(32, 32);
  for (size_t i = 0; i < image.rgb.size(); i += 3) {
    image.rgb[i] = 200;
    image.rgb[i + 1] = 90;
    image.rgb[i + 2] = 30;
  }
  for (const char* name : {"colour.mp4", "colour.webm", "colour.avi", "colour.mkv"}) {
    save_video(temporary(name), std::vector<Image>(3, image), {.crf = 10});
    const Image read = VideoFile(temporary(name)).frames(std::vector<int64_t>{1})[0];
    EXPECT_NEAR(read.row(16)[3 * 16], 200, 6) << name;
    EXPECT_NEAR(read.row(16)[3 * 16 + 1], 90, 6) << name;
    EXPECT_NEAR(read.row(16)[3 * 16 + 2], 30, 6) << name;
  }
}

TEST(VideoFile, SeeksInsteadOfDecodingEverything) {
  for (const char* name : {"long.mp4", "long.webm", "long.mkv", "long.avi"}) {
    save_video(temporary(name), numbered_frames(300, 32, 32), {.key_frame_interval = 20});
    VideoFile video(temporary(name), with_seeking(Seeking::kWhenCheaper));
    const std::vector<int64_t> wanted{10, 150, 290};
    const auto images = video.frames(wanted);
    for (size_t i = 0; i < wanted.size(); ++i) EXPECT_EQ(samples::number_shown(images[i]), wanted[i]) << name;
    // At most one group of 20 and the frames that decoding runs ahead for each, and the first frame on opening.
    EXPECT_LE(video.frames_decoded(), 3 * 24 + 4) << name;
  }
}

TEST(VideoFile, LeavesOutPicturesThatNoOtherRefersTo) {
  // Between two pictures that others refer to are 3 that none does (B-frames without a pyramid).
  const auto path = temporary("left_out.mp4");
  const auto source = temporary("source.mkv");
  save_video(source, numbered_frames(60, 64, 48), {.crf = 0});
  if (!ffmpeg("-i '" + source.string() +
              "' -c:v libx264 -x264-params b-pyramid=none:bframes=3:b-adapt=0:keyint=60:scenecut=0 '" + path.string() +
              "'")) {
    GTEST_SKIP() << "this ffmpeg has no libx264";
  }
  VideoFile video(path, with_seeking(Seeking::kWhenCheaper));
  VideoFile whole(path, with_seeking(Seeking::kNever));
  for (const int64_t index : {int64_t{22}, int64_t{50}}) {
    EXPECT_EQ(video.frames(std::vector{index}), whole.frames(std::vector{index})) << index;
  }
  // 50 / 4 of them and the first again after opening; what decoding runs ahead is not more than 3 for each index.
  EXPECT_LE(video.frames_decoded(), 50 / 4 + 2 + 2 * 3);
  EXPECT_GE(whole.frames_decoded(), 51);
  // What was left out is given when it is asked for.
  EXPECT_EQ(video.frames(std::vector<int64_t>{21, 49, 51}), whole.frames(std::vector<int64_t>{21, 49, 51}));
}

TEST(VideoFile, TellsEqualPicturesApart) {
  // All packets of a kind hold the same bytes. The one frame that differs is found only by who counts right.
  std::vector<Image> frames(60, samples::numbered_frame(1, 64, 48));
  for (const size_t i : {size_t{33}, size_t{47}}) frames[i] = samples::numbered_frame(static_cast<int64_t>(i), 64, 48);
  const auto source = temporary("equal_source.mkv");
  save_video(source, frames, {.key_frame_interval = 10});
  for (const char* name : {"equal.avi", "equal.mkv", "equal.mp4"}) {
    const auto path = temporary(name);
    ASSERT_TRUE(ffmpeg("-i '" + source.string() + "' -c:v mjpeg -q:v 2 '" + path.string() + "'")) << name;
    VideoFile video(path, with_seeking(Seeking::kWhenCheaper));
    ASSERT_EQ(video.info().frames, 60) << name;
    for (const int64_t index : {47, 46, 33, 34, 32, 48, 0, 59}) {
      const int64_t expected = index == 33 || index == 47 ? index : 1;
      EXPECT_EQ(samples::number_shown(video.frames(std::vector{index})[0]), expected) << name << ", frame " << index;
    }
    EXPECT_LE(video.frames_decoded(), 60) << name << ": found by decoding from the start again and again";
  }
}

TEST(VideoFile, GivesTheSameWithManyThreads) {
  const auto path = temporary("threads.mp4");
  save_video(path, numbered_frames(60, 64, 48), {.key_frame_interval = 12, .b_frames = 2});
  VideoOptions many;
  many.threads = 4;
  VideoFile one(path, with_seeking(Seeking::kWhenCheaper));
  VideoFile four(path, many);
  const std::vector<int64_t> wanted{59, 0, 31, 30, 12, 11};
  EXPECT_EQ(one.frames(wanted), four.frames(wanted));
}

// 25 frames a second: 60 bytes for each of 180,000 frames, and no more of FFmpeg's, are 22 MB. The rest is room for the
// decoder and for sanitizers, which keep what is freed, 160 MiB in all; the libraries take less than 100 MB.
TEST(VideoFile, SamplesTwoHoursInLittleMemory) {
  constexpr int64_t kShown = 40, kTimes = 4500, kMost_mib = 300;
  const auto part = temporary("part_of_long.mp4"), path = temporary("two_hours.mp4");
  save_video(part, numbered_frames(kShown, 64, 48), {.key_frame_interval = 20});
  ASSERT_TRUE(ffmpeg(fmt::format("-stream_loop {} -i '{}' -c copy '{}'", kTimes - 1, part.string(), path.string())));
  std::vector<int64_t> indices;
  for (int64_t i = 0; i < 8; ++i) indices.push_back(kShown * kTimes * (2 * i + 1) / 16 + i);
  const auto sample = [&] {
    VideoFile video(path, with_seeking(Seeking::kWhenCheaper));
    std::vector<int64_t> shown{video.info().frames};
    for (const Image& image : video.frames(indices)) shown.push_back(samples::number_shown(image));
    return shown;
  };
  std::vector<int64_t> expected{kShown * kTimes};
  for (const int64_t index : indices) expected.push_back(index % kShown);
  EXPECT_EQ(sample(), expected);
  const int64_t growth = samples::growth_mib(sample);
  EXPECT_GT(growth, 0);
  EXPECT_LT(growth, kMost_mib);
}

TEST(VideoFile, RefusesIndicesOutside) {
  const auto path = temporary("five.mp4");
  save_video(path, numbered_frames(5, 32, 32));
  VideoFile video(path);
  for (const int64_t index : {int64_t{-1}, int64_t{5}, INT64_MAX}) {
    EXPECT_THAT(samples::error_of([&] { video.frames(std::vector{index}); }),
                AllOf(HasSubstr("five.mp4"), HasSubstr("expected 0 to 4")));
  }
  EXPECT_TRUE(video.frames({}).empty());
  EXPECT_EQ(video.frames(std::vector<int64_t>{4}).size(), 1U);  // still usable
}

TEST(VideoWriter, GivesTheSameBytesEachTime) {
  for (const VideoFormat format : {VideoFormat::kMp4, VideoFormat::kWebm, VideoFormat::kAvi, VideoFormat::kMkv}) {
    const auto frames = numbered_frames(12, 32, 32);
    EXPECT_EQ(encode_video(frames, format), encode_video(frames, format)) << static_cast<int>(format);
  }
}

TEST(VideoWriter, RefusesWhatNoFileCanHold) {
  const auto refused = [](const std::vector<Image>& frames, VideoFormat format, const VideoEncoding& encoding) {
    EXPECT_THROW(encode_video(frames, format, encoding), Error);
  };
  const auto frames = numbered_frames(3, 32, 32);
  refused({}, VideoFormat::kMp4, {});
  refused({Image()}, VideoFormat::kMp4, {});
  refused({Image(8, 8), Image(8, 9)}, VideoFormat::kMp4, {});
  refused(frames, VideoFormat::kMp4, {.fps_numerator = 0});
  refused(frames, VideoFormat::kMp4, {.key_frame_interval = 0});
  refused(frames, VideoFormat::kMp4, {.b_frames = 9});
  refused(frames, VideoFormat::kWebm, {.b_frames = 1});
  refused(frames, VideoFormat::kMp4, {.crf = 52});
  refused(frames, VideoFormat::kMp4, {.ticks = {0, 2}});
  refused(frames, VideoFormat::kMp4, {.ticks = {0, 2, 2}});
  refused(frames, VideoFormat::kAvi, {.ticks = {0, 1, 2}});
  refused(frames, VideoFormat::kMkv, {.quarter_turns = 1});
  EXPECT_THROW(save_video(temporary("clip.ogv"), frames), Error);
}

}  // namespace
}  // namespace epalm::media
