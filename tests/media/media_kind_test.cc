#include "epalm/media/media_kind.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "epalm/media/audio_file.h"
#include "epalm/media/audio_writer.h"
#include "epalm/media/image_file.h"
#include "epalm/media/video_file.h"
#include "epalm/media/video_writer.h"
#include "tests/media/av_samples.h"

namespace epalm::media {
namespace {

using samples::written;
using testing::HasSubstr;

TEST(MediaKind, GoesByContent) {
  for (const char* extension : {".mp4", ".webm", ".avi", ".mkv"}) {
    EXPECT_EQ(media_kind(written("kind.wav", samples::small_video(extension))), MediaKind::kVideo) << extension;
  }
  for (const char* extension : {".wav", ".flac", ".mp3", ".ogg", ".m4a"}) {
    const samples::Bytes sound = samples::small_sound(extension);
    if (sound.empty()) continue;  // this ffmpeg does not make it
    EXPECT_EQ(media_kind(written("kind.mp4", sound)), MediaKind::kSound) << extension;
  }
  const Image picture = samples::numbered_frame(3, 64, 48);
  EXPECT_EQ(media_kind(written("kind.mp4", encode_png(picture))), MediaKind::kPicture);
  EXPECT_EQ(media_kind(written("kind.mp4", encode_jpeg(picture, 90))), MediaKind::kPicture);
  const samples::Bytes gif = samples::small_video(".gif");
  if (!gif.empty()) {
    EXPECT_EQ(media_kind(written("kind.mp4", gif)), MediaKind::kPicture);
  }
  const auto tiff = samples::temporary("kind.tiff");  // which load_image does not know
  if (samples::ffmpeg("-i '" + written("kind.png", encode_png(picture)).string() + "' '" + tiff.string() + "'")) {
    EXPECT_EQ(media_kind(tiff), MediaKind::kPicture);
  }
}

TEST(MediaKind, LooksAtTheStartAlone) {
  auto hurt = [](samples::Bytes bytes) {
    std::fill(bytes.begin() + std::ssize(bytes) / 2, bytes.end(), std::byte{0x55});
    return bytes;
  };
  const auto sound = written("hurt.flac", hurt(encode_audio(samples::tones(16'000, 2, 160'000), AudioFormat::kFlac)));
  EXPECT_THROW(load_audio(sound), Error);
  EXPECT_EQ(media_kind(sound), MediaKind::kSound);
  const auto video = written("hurt.mkv", hurt(encode_video(samples::numbered_frames(60, 64, 48), VideoFormat::kMkv)));
  EXPECT_THROW(VideoFile{video}, Error);
  EXPECT_EQ(media_kind(video), MediaKind::kVideo);
}

TEST(MediaKind, RefusesWhatIsNone) {
  for (const auto& [name, text, reason] :
       {std::tuple{"kind.txt", "only words", "kind.txt"}, std::tuple{"kind.mp4", "", "is empty"},
        std::tuple{"kind.srt", "1\n00:00:01,000 --> 00:00:02,000\nonly words\n", "neither video nor sound"}}) {
    const std::string words = text;
    const auto* bytes = reinterpret_cast<const std::byte*>(words.data());
    const auto path = written(name, samples::Bytes(bytes, bytes + words.size()));
    EXPECT_THAT(samples::error_of([&] { media_kind(path); }), HasSubstr(reason));
  }
  EXPECT_THAT(samples::error_of([] { media_kind("https://localhost/a.mp4"); }), HasSubstr("is a URL"));
}

}  // namespace
}  // namespace epalm::media
