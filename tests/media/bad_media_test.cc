// What is no video or sound, or too much of one, is refused by one sentence that names the file.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>

#include "epalm/base/python_random.h"
#include "epalm/media/audio_file.h"
#include "epalm/media/audio_writer.h"
#include "epalm/media/av_input.h"
#include "epalm/media/video_file.h"
#include "epalm/media/video_writer.h"
#include "tests/media/av_samples.h"

namespace epalm::media {
namespace {

using samples::audio_error;
using samples::Bytes;
using samples::numbered_frames;
using samples::temporary;
using samples::tones;
using samples::video_error;
using samples::written;
using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;

MATCHER_P2(NamesFileAndSays, path, reason, "names the file and says '" + std::string(reason) + "'") {
  return arg.find(path.string()) != std::string::npos && arg.find(reason) != std::string::npos &&
         std::count(arg.begin(), arg.end(), '\n') == 0;
}

Bytes text(const std::string& words) {
  const auto* begin = reinterpret_cast<const std::byte*>(words.data());
  return {begin, begin + words.size()};
}

Bytes cut(const Bytes& bytes, double part) {
  return {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(part * static_cast<double>(bytes.size()))};
}

// Puts `value` at `offset` from the first `mark`, lowest byte first.
Bytes with_number(Bytes bytes, const std::string& mark, size_t offset, uint32_t value) {
  const Bytes wanted = text(mark);
  const auto found = std::search(bytes.begin(), bytes.end(), wanted.begin(), wanted.end());
  const auto at = static_cast<size_t>(found - bytes.begin()) + offset;
  if (at + 4 > bytes.size()) throw std::logic_error("no such mark: " + mark);
  for (size_t i = 0; i < 4; ++i) bytes[at + i] = static_cast<std::byte>(value >> (8 * i));
  return bytes;
}

TEST(BadMedia, IsNoRegularFile) {
  const auto pipe = temporary("pipe.mp4");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const auto empty = written("empty.mp4", {});
  EXPECT_THAT(video_error(pipe), NamesFileAndSays(pipe, "is a pipe"));
  EXPECT_THAT(audio_error(pipe), NamesFileAndSays(pipe, "is a pipe"));
  EXPECT_THAT(video_error("/dev/zero"), HasSubstr("'/dev/zero' is a device"));
  EXPECT_THAT(audio_error("/dev/zero"), HasSubstr("'/dev/zero' is a device"));
  EXPECT_THAT(video_error(temporary("")), HasSubstr("is a folder"));
  EXPECT_THAT(video_error(empty), NamesFileAndSays(empty, "is empty"));
  EXPECT_THAT(audio_error(empty), NamesFileAndSays(empty, "is empty"));
  EXPECT_THAT(video_error(temporary("missing.mp4")), NamesFileAndSays(temporary("missing.mp4"), "cannot be opened"));
  for (const char* url : {"http://localhost/a.mp4", "file:///etc/passwd", "concat://a|b", "rtsp://localhost/a"}) {
    EXPECT_THAT(video_error(url), AllOf(HasSubstr(url), HasSubstr("is a URL")));
    EXPECT_THAT(audio_error(url), AllOf(HasSubstr(url), HasSubstr("is a URL")));
  }
  for (const char* name :
       {"pipe:0", "concat:a.mp4|b.mp4", "data:video/mp4;base64,AAAA", "subfile,,start,0,end,9,,:a"}) {
    EXPECT_THAT(video_error(name), AllOf(HasSubstr(name), HasSubstr("cannot be opened")));  // a name and nothing more
  }
}

TEST(BadMedia, PointsToOtherFiles) {
  const auto target = written("target.mkv", encode_video(numbered_frames(5, 32, 32), VideoFormat::kMkv));
  const std::string name = target.string();
  const std::pair<const char*, std::string> lists[]{
      {"list.ffconcat", "ffconcat version 1.0\nfile '" + name + "'\n"},
      {"list.m3u8", "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n" + name + "\n#EXT-X-ENDLIST\n"},
      {"list.sdp",
       "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=a\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n"
       "a=rtpmap:96 H264/90000\n"},
      {"list.mpd",
       "<?xml version=\"1.0\"?><MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\"><Period><AdaptationSet>"
       "<Representation id=\"0\"><BaseURL>" +
           name +
           "</BaseURL></Representation></AdaptationSet></Period>"
           "</MPD>"},
  };
  for (const auto& [list, words] : lists) {
    const auto path = written(list, text(words));
    EXPECT_THAT(video_error(path), AllOf(HasSubstr(path.string()), Not(HasSubstr("no error")))) << list;
    EXPECT_THAT(audio_error(path), AllOf(HasSubstr(path.string()), Not(HasSubstr("no error")))) << list;
  }
}

TEST(BadMedia, IsNoMedia) {
  PythonRandom random(3);
  Bytes noise(20'000);
  for (std::byte& b : noise) b = static_cast<std::byte>(random.getrandbits(8));
  for (const char* name : {"words.mp4", "words.wav"}) {
    const auto path = written(name, text("This is no video, whatever its name says.\n"));
    EXPECT_THAT(video_error(path), HasSubstr(path.string()));
    EXPECT_THAT(audio_error(path), HasSubstr(path.string()));
  }
  const auto path = written("noise.mkv", noise);
  EXPECT_THAT(video_error(path), HasSubstr(path.string()));
  EXPECT_THAT(audio_error(path), HasSubstr(path.string()));
}

TEST(BadMedia, IsReadByContentWhateverItsName) {
  EXPECT_EQ(video_error(written("matroska.mp4", encode_video(numbered_frames(5, 32, 32), VideoFormat::kMkv))),
            "no error");
  EXPECT_EQ(audio_error(written("flac.wav", encode_audio(tones(8000, 1, 4000), AudioFormat::kFlac))), "no error");
}

TEST(BadMedia, LacksTheKindOfStream) {
  const auto sound = written("sound.mp4", encode_audio(tones(8000, 1, 4000), AudioFormat::kWav));
  EXPECT_THAT(video_error(sound), NamesFileAndSays(sound, "has no video; the wav file holds sound only"));
  const auto silent = written("silent.mkv", encode_video(numbered_frames(5, 32, 32), VideoFormat::kMkv));
  EXPECT_THAT(audio_error(silent), NamesFileAndSays(silent, "has no sound"));
}

TEST(BadMedia, IsTruncated) {
  const auto frames = numbered_frames(150, 64, 48);
  const std::pair<const char*, VideoFormat> formats[]{{"cut.mp4", VideoFormat::kMp4},
                                                      {"cut.webm", VideoFormat::kWebm},
                                                      {"cut.avi", VideoFormat::kAvi},
                                                      {"cut.mkv", VideoFormat::kMkv}};
  for (const auto& [name, format] : formats) {
    const Bytes whole = encode_video(frames, format, {.key_frame_interval = 20});
    for (const double part : {0.02, 0.3, 0.6, 0.8}) {
      const auto path = written(name, cut(whole, part));
      EXPECT_THAT(video_error(path), HasSubstr(path.string())) << part;
    }
  }
  for (const auto& [name, format] :
       {std::pair{"cut.wav", AudioFormat::kWav}, std::pair{"cut.flac", AudioFormat::kFlac}}) {
    const Bytes whole = encode_audio(tones(8000, 2, 8000 * 6), format);
    for (const double part : {0.001, 0.3, 0.6, 0.8}) {
      const auto path = written(name, cut(whole, part));
      EXPECT_THAT(audio_error(path), HasSubstr(path.string())) << part;
    }
  }
}

// A stretch of the coded pictures is overwritten: the decoder finds it out and hides it, which is not good enough.
// Matroska's structure is hurt as well, and FFmpeg goes on behind the damage as if nothing were missing.
TEST(BadMedia, IsDamagedInTheMiddle) {
  const auto frames = numbered_frames(60, 64, 48);
  const std::pair<const char*, VideoFormat> formats[]{{"hurt.mp4", VideoFormat::kMp4},
                                                      {"hurt.avi", VideoFormat::kAvi},
                                                      {"hurt.webm", VideoFormat::kWebm},
                                                      {"hurt.mkv", VideoFormat::kMkv}};
  for (const auto& [name, format] : formats) {
    const Bytes whole = encode_video(frames, format, {.key_frame_interval = 20});
    for (const int begin : {2, 4, 6}) {
      for (const int value : {0x00, 0x55, 0xff}) {
        Bytes bytes = whole;
        std::fill(bytes.begin() + std::ssize(bytes) * begin / 10, bytes.begin() + std::ssize(bytes) * (begin + 1) / 10,
                  static_cast<std::byte>(value));
        const auto path = written(name, bytes);
        EXPECT_THAT(video_error(path), HasSubstr(path.string())) << begin << ", " << value;
      }
    }
  }
  Bytes flac = encode_audio(tones(8000, 2, 8000 * 6), AudioFormat::kFlac);
  std::fill(flac.begin() + std::ssize(flac) / 3, flac.begin() + 2 * std::ssize(flac) / 3, std::byte{0x55});
  const auto path = written("hurt.flac", flac);
  EXPECT_THAT(audio_error(path), HasSubstr(path.string()));
}

TEST(BadMedia, HasNoKeyFrame) {
  const auto source = temporary("keys.mkv");
  save_video(source, numbered_frames(30, 64, 48), {.key_frame_interval = 100});
  const auto path = temporary("no_keys.mkv");
  if (!samples::ffmpeg("-i '" + source.string() + "' -c copy -bsf:v noise=drop=key '" + path.string() + "'")) {
    GTEST_SKIP() << "this ffmpeg does not drop the key frames";
  }
  EXPECT_THAT(video_error(path), NamesFileAndSays(path, "no key frame"));
}

TEST(BadMedia, ChangesItsSizeMidway) {
  Bytes both;
  for (const int size : {64, 48}) {
    const auto source = temporary("part.mkv");
    save_video(source, numbered_frames(20, size, size));
    const auto part = temporary("part.h264");
    if (!samples::ffmpeg("-i '" + source.string() + "' -c:v libx264 '" + part.string() + "'"))
      GTEST_SKIP() << "no H.264";
    const Bytes bytes = samples::bytes_of(part);
    both.insert(both.end(), bytes.begin(), bytes.end());
  }
  const auto path = written("two_sizes.h264", both);
  EXPECT_THAT(video_error(path), NamesFileAndSays(path, "from 64x64 to 48x48 pixels midway"));
}

TEST(BadMedia, ClaimsAbsurdSizes) {
  Bytes gif = samples::small_video(".gif");
  if (gif.empty()) GTEST_SKIP() << "this ffmpeg makes no GIF";
  std::fill_n(gif.begin() + 6, 4, std::byte{0xff});  // width and height of the screen
  const auto screen = written("screen.gif", gif);
  EXPECT_THAT(video_error(screen), NamesFileAndSays(screen, "pixels; expected"));

  const auto source = written("small.mkv", encode_video(numbered_frames(5, 32, 32), VideoFormat::kMkv));
  const auto raw = temporary("raw.avi");
  ASSERT_TRUE(samples::ffmpeg("-i '" + source.string() + "' -c:v rawvideo '" + raw.string() + "'"));
  const Bytes avi = samples::bytes_of(raw);
  // BITMAPINFOHEADER: its size, then width and height.
  const auto wide = written("wide.avi", with_number(with_number(avi, "strf", 12, 60'000), "strf", 16, 60'000));
  EXPECT_THAT(video_error(wide), NamesFileAndSays(wide, "pixels; expected"));
  for (const uint32_t width : {0U, 0x7fffffffU, 0x80000000U, 0xffffffffU}) {
    const auto path = written("width.avi", with_number(avi, "strf", 12, width));
    EXPECT_THAT(video_error(path), HasSubstr(path.string())) << width;
  }
}

TEST(BadMedia, ClaimsAbsurdRatesAndChannels) {
  const Bytes wav = encode_audio(tones(8000, 1, 4000), AudioFormat::kWav);
  for (const uint32_t rate : {0U, 4'000'000U, 0xffffffffU}) {
    const auto path = written("rate.wav", with_number(wav, "fmt ", 12, rate));
    EXPECT_THAT(audio_error(path), HasSubstr(path.string())) << rate;
  }
  const auto many = written("channels.wav", with_number(wav, "fmt ", 8, 1U | 20'000U << 16));
  EXPECT_THAT(audio_error(many), HasSubstr(many.string()));
  const auto fast = written(
      "fast.avi", with_number(with_number(encode_video(numbered_frames(5, 32, 32), VideoFormat::kAvi), "strh", 28, 1),
                              "strh", 32, 1'000'000));
  EXPECT_THAT(video_error(fast), HasSubstr(fast.string()));
}

// A transport stream names no size: it is learnt by decoding the first pictures, and that keeps to the limit too.
TEST(BadMedia, IsBeyondTheLimitBeforeTheSizeIsKnown) {
  const auto source = written("small.mkv", encode_video(numbered_frames(5, 256, 256), VideoFormat::kMkv));
  const auto path = temporary("size.ts");
  ASSERT_TRUE(samples::ffmpeg("-i '" + source.string() + "' -c:v mpeg2video '" + path.string() + "'"));
  EXPECT_EQ(video_error(path), "no error");
  EXPECT_EQ(video_error(path, {.max_pixels = 256 * 256}), "no error");
  EXPECT_THAT(video_error(path, {.max_pixels = 128 * 256}), NamesFileAndSays(path, "pixels; expected 1 to 32768"));
}

TEST(DecoderShare, HoldsNoMorePicturesTheLargerTheyAre) {
  constexpr int64_t k8k = int64_t{7680} * 4320;
  constexpr int64_t kTogether = int64_t{8192} * 4608;  // as coded
  for (const auto& [width, height, most] :
       {std::tuple{640, 360, 8}, std::tuple{1920, 1080, 8}, std::tuple{3840, 2160, 4}, std::tuple{7680, 4320, 1},
        std::tuple{0, 0, 8}}) {
    for (const int wanted : {1, 2, 8, 1000}) {
      const DecoderShare share = decoder_share(width, height, wanted, k8k);
      EXPECT_LE(share.threads, std::min(wanted, most)) << width;
      EXPECT_GE(share.threads, std::min(wanted, most / 2)) << width;
      EXPECT_GE(share.max_pixels, int64_t{width} * height) << "the video itself is not to be refused";
      if (share.threads > 1) {
        EXPECT_LE(share.threads * share.max_pixels, kTogether) << width;
      }
    }
  }
  EXPECT_LT(decoder_share(60'000, 60'000, 1, k8k).max_pixels, 2 * k8k);
  EXPECT_GE(decoder_share(0, 0, 1, INT64_MAX).max_pixels, INT32_MAX);  // the most that FFmpeg's option takes
}

TEST(BadMedia, IsBeyondTheLimits) {
  const auto video = written("limits.mkv", encode_video(numbered_frames(50, 64, 48), VideoFormat::kMkv));
  EXPECT_EQ(video_error(video), "no error");
  EXPECT_THAT(video_error(video, {.max_pixels = 64 * 48 - 1}), NamesFileAndSays(video, "64x48 pixels"));
  EXPECT_EQ(video_error(video, {.max_pixels = 64 * 48}), "no error");
  EXPECT_THAT(video_error(video, {.max_frames = 49}), NamesFileAndSays(video, "more than 49 frames"));
  EXPECT_EQ(video_error(video, {.max_frames = 50}), "no error");
  EXPECT_THAT(video_error(video, {.max_fps = 24}), NamesFileAndSays(video, "25 frames a second"));
  EXPECT_THAT(video_error(video, {.max_duration_s = 1.5}), NamesFileAndSays(video, "claims to last 2 s"));
  EXPECT_THAT(video_error(video, {.max_work_s = 0}), NamesFileAndSays(video, "took longer than 0 s"));

  VideoFile few(video, {.limits = {.max_memory_bytes = 2 * 64 * 48 * 3}});
  EXPECT_EQ(few.frames(std::vector<int64_t>{1, 2}).size(), 2U);
  EXPECT_THAT(samples::error_of([&] {
                few.frames(std::vector<int64_t>{1, 2, 3});
              }),
              NamesFileAndSays(video, "3 frames of 64x48 pixels take more than"));
  int64_t used = 0;
  few.for_each_frame(std::vector<int64_t>{1, 2, 3}, [&](size_t, const Image&) { ++used; });
  EXPECT_EQ(used, 3);  // which holds one at a time

  const auto sound = written("limits.wav", encode_audio(tones(8000, 2, 16'000), AudioFormat::kWav));
  EXPECT_EQ(audio_error(sound), "no error");
  EXPECT_THAT(audio_error(sound, {.max_sample_rate_hz = 7999}), NamesFileAndSays(sound, "8000 samples a second"));
  EXPECT_THAT(audio_error(sound, {.max_channels = 1}), NamesFileAndSays(sound, "2 channels"));
  EXPECT_THAT(audio_error(sound, {.max_duration_s = 1.5}), NamesFileAndSays(sound, "claims to last 2 s"));
  EXPECT_THAT(audio_error(sound, {.max_memory_bytes = 100'000}), NamesFileAndSays(sound, "as samples"));
  EXPECT_THAT(audio_error(sound, {.max_work_s = 0}), NamesFileAndSays(sound, "took longer than 0 s"));
  EXPECT_THAT(audio_error(sound, {}, 1'000'000), NamesFileAndSays(sound, "resampling to 1000000 Hz"));
  EXPECT_THAT(audio_error(sound, {}, -1), NamesFileAndSays(sound, "resampling to -1 Hz"));
}

}  // namespace
}  // namespace epalm::media
