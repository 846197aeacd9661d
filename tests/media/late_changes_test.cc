// The limits hold to the end of a file: whatever its header and its first pictures say, what comes later is refused by
// one sentence that names the file, and takes no more memory than the limits allow.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "epalm/media/audio_file.h"
#include "epalm/media/audio_writer.h"
#include "epalm/media/video_file.h"
#include "epalm/media/video_writer.h"
#include "tests/media/av_samples.h"

namespace epalm::media {
namespace {

using samples::audio_error;
using samples::Bytes;
using samples::ffmpeg;
using samples::temporary;
using samples::video_error;
using samples::written;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

auto names(const std::filesystem::path& path, const std::string& reason) {
  return AllOf(HasSubstr(path.string()), HasSubstr(reason), Not(HasSubstr("\n")));
}

Bytes joined(const std::filesystem::path& first, const std::filesystem::path& second) {
  Bytes both = samples::bytes_of(first);
  const Bytes more = samples::bytes_of(second);
  both.insert(both.end(), more.begin(), more.end());
  return both;
}

bool make_black(const std::filesystem::path& path, int side, const std::string& arguments = "") {
  return ffmpeg(
      fmt::format("-f lavfi -i color=black:s={}x{}:r=25:d=0.4 -pix_fmt yuv420p -c:v libx264 -preset ultrafast "
                  "-threads 1 {} '{}'",
                  side, side, arguments, path.string()));
}

constexpr int kLarge = 4096;  // 24 MiB for each decoded picture, a few kilobytes in the file
// Less than two of the three or more pictures that probing decodes where nothing limits it; sanitizers take half of it.
constexpr int64_t kFew_mib = 40;
constexpr MediaLimits kSmall{.max_pixels = 256 * 256};

TEST(LateChanges, APictureBeyondTheLimitIsNotDecoded) {
  const auto small = temporary("small.h264"), large = temporary("large.h264");
  if (!make_black(small, 64) || !make_black(large, kLarge)) GTEST_SKIP() << "no H.264";
  const auto path = written("grows.h264", joined(small, large));
  EXPECT_EQ(video_error(small, kSmall), "no error");
  EXPECT_THAT(video_error(path, kSmall), names(path, "damaged at frame"));
  const int64_t growth = samples::growth_mib([&] { video_error(path, kSmall); });
  EXPECT_GE(growth, 0);
  EXPECT_LT(growth, kFew_mib);
  EXPECT_THAT(video_error(path), names(path, "from 64x64 to 4096x4096 pixels midway"));
}

// They name their streams only as packets come, and their sizes only in the pictures.
TEST(LateChanges, AStreamThatTheHeaderDoesNotNameKeepsToTheLimit) {
  const auto source = temporary("late.h264");
  if (!make_black(source, kLarge)) GTEST_SKIP() << "no H.264";
  const auto flv = temporary("named.flv"), program = temporary("late.mpg");
  ASSERT_TRUE(ffmpeg("-i '" + source.string() + "' -c copy '" + flv.string() + "'"));
  ASSERT_TRUE(ffmpeg("-i '" + source.string() + "' -c copy -f vob '" + program.string() + "'"));
  Bytes bytes = samples::bytes_of(flv);
  bytes[4] = std::byte{0};  // "neither video nor sound"
  for (const auto& path : {program, written("late.flv", bytes)}) {
    EXPECT_THAT(video_error(path, kSmall), names(path, "pixels; expected 1 to 65536"));
    const int64_t growth = samples::growth_mib([&] { video_error(path, kSmall); });
    EXPECT_GE(growth, 0) << path;
    EXPECT_LT(growth, kFew_mib) << path;
  }
}

TEST(LateChanges, SoundOfAnotherRateOrNumberOfChannelsIsRefused) {
  const auto sound = [](const std::string& extension, int rate, int channels) {
    const auto source = written("late.wav", encode_audio(samples::tones(rate, channels, rate), AudioFormat::kWav));
    const auto path = temporary(fmt::format("late_{}_{}{}", rate, channels, extension));
    return ffmpeg("-i '" + source.string() + "' '" + path.string() + "'") ? path : std::filesystem::path();
  };
  for (const char* extension : {".aac", ".mp3"}) {
    const auto first = sound(extension, 16'000, 1);
    if (first.empty()) continue;
    ASSERT_EQ(audio_error(first), "no error");
    for (const auto& [rate, channels] : {std::pair{48'000, 1}, std::pair{16'000, 2}}) {
      const auto path = written(std::string("both") + extension, joined(first, sound(extension, rate, channels)));
      EXPECT_THAT(audio_error(path),
                  names(path, fmt::format("from 16000 Hz and 1 channels to {} Hz and {} midway", rate, channels)));
    }
  }
}

TEST(LateChanges, ATimeStampFarAwayIsADurationBeyondTheLimit) {
  const auto source = temporary("times.mkv");
  save_video(source, samples::numbered_frames(30, 64, 48));
  for (const auto& [name, arguments] :
       {std::pair{"far.mkv", "-live 1"}, std::pair{"far_stated.mkv", ""},
        std::pair{"far.mp4", "-video_track_timescale 1000"},
        std::pair{"far_pieces.mp4", "-video_track_timescale 1000 -movflags frag_keyframe+empty_moov"}}) {
    const auto path = temporary(name);
    ASSERT_TRUE(ffmpeg("-i '" + source.string() + "' -c copy -bsf:v 'setts=ts=if(eq(N\\,29)\\,TS+100000000\\,TS)' " +
                       arguments + " '" + path.string() + "'"))
        << name;
    EXPECT_THAT(video_error(path), names(path, " s; expected at most 86400 s")) << name;
    EXPECT_EQ(video_error(path, {.max_duration_s = 200'000}), "no error") << name;
  }
}

TEST(LateChanges, MoreFramesThanTheHeaderSaysAreCounted) {
  const auto path = temporary("count.avi");
  save_video(path, samples::numbered_frames(50, 64, 48), {.key_frame_interval = 10});
  Bytes bytes = samples::bytes_of(path);
  for (const auto& [mark, offset] : {std::pair{"avih", 24}, std::pair{"strh", 40}}) {  // frames, length in frames
    const std::string_view wanted = mark;
    const auto found = std::search(bytes.begin(), bytes.end(), wanted.begin(), wanted.end(),
                                   [](std::byte a, char b) { return a == static_cast<std::byte>(b); });
    ASSERT_LT(offset + 4, bytes.end() - found);
    std::fill_n(found + offset, 4, std::byte{0});
    *(found + offset) = std::byte{5};
  }
  const auto few = written("says_five.avi", bytes);
  EXPECT_EQ(VideoFile(few).info().frames, 50);
  EXPECT_EQ(samples::frames_by_ffprobe(few), 50);
  EXPECT_THAT(video_error(few, {.max_frames = 49}), names(few, "more than 49 frames"));
}

// Loud and then silent: the size of the file over the first bit rate says 3 s, it lasts 12.
TEST(LateChanges, SoundThatLastsLongerThanItSeemedIsRefused) {
  const auto path = temporary("longer.aac");
  if (!ffmpeg("-f lavfi -i 'anoisesrc=r=16000:d=12,volume=0.5:enable=lt(t\\,2),volume=0:enable=gte(t\\,2)' -b:a 64k '" +
              path.string() + "'")) {
    GTEST_SKIP() << "no AAC";
  }
  EXPECT_EQ(audio_error(path), "no error");
  EXPECT_THAT(audio_error(path, {.max_duration_s = 8}), names(path, "lasts longer than 8 s"));
  EXPECT_THAT(audio_error(path, {.max_memory_bytes = 400'000}), names(path, "as samples"));  // 6 s
}

TEST(LateChanges, TheClockRunsWhileFramesAreRead) {
  const auto path = temporary("clock.mkv");
  save_video(path, samples::numbered_frames(30, 64, 48));
  constexpr double kMaxWork_s = 2;
  VideoFile video(path, {.limits = {.max_work_s = kMaxWork_s}, .threads = 1});
  const std::vector<int64_t> indices{0, 1, 2, 20};
  int seen = 0;
  const std::string error = samples::error_of([&] {
    video.for_each_frame(indices, [&](size_t, const Image&) {
      if (++seen == 2) std::this_thread::sleep_for(std::chrono::duration<double>(kMaxWork_s + 0.1));
    });
  });
  EXPECT_THAT(error, names(path, "took longer than 2 s"));
  EXPECT_EQ(seen, 2);
  EXPECT_EQ(video.frames(indices).size(), 4U);  // each call has a clock of its own
}

}  // namespace
}  // namespace epalm::media
