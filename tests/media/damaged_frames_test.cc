// One byte of the coded pictures or samples is another, and the container is whole: what the codec lets one notice is
// an error that says where, and never taken for a picture. How much that is, was measured with FFmpeg 5.1; bounds are
// half.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "epalm/base/python_random.h"
#include "epalm/media/audio_file.h"
#include "epalm/media/audio_writer.h"
#include "epalm/media/av_input.h"
#include "epalm/media/video_file.h"
#include "epalm/media/video_writer.h"
#include "tests/media/av_samples.h"

namespace epalm::media {
namespace {

using samples::Bytes;
using samples::temporary;
using samples::written;

constexpr int kTrials = 60;

struct Place {
  size_t begin, size;
};

// Of the coded pictures in the file.
std::vector<Place> packets_of(const std::filesystem::path& path, const Bytes& bytes) {
  const AvInput input(std::make_shared<LocalFile>(path), {});
  const int video = input.stream(AVMEDIA_TYPE_VIDEO)->index;
  const PacketPtr packet(allocated(av_packet_alloc()));
  std::vector<Place> places;
  for (auto from = bytes.begin(); input.read(packet.get()); av_packet_unref(packet.get())) {
    if (packet->stream_index != video || packet->size == 0) continue;
    const auto* data = reinterpret_cast<const std::byte*>(packet->data);
    const auto found = std::search(from, bytes.end(), data, data + packet->size);
    if (found == bytes.end()) continue;  // not in one piece
    places.push_back({static_cast<size_t>(found - bytes.begin()), static_cast<size_t>(packet->size)});
    from = found + packet->size;
  }
  return places;
}

std::vector<Image> pictures_of(const std::filesystem::path& path) {
  VideoFile video(path, {.threads = 1});
  std::vector<int64_t> indices;
  for (int64_t i = 0; i < video.info().frames; ++i) indices.push_back(i);
  return video.frames(indices);
}

Bytes with_another_byte(Bytes bytes, size_t place, PythonRandom& random) {
  bytes[place] ^= static_cast<std::byte>(random.randint(1, 255));
  return bytes;
}

struct Codec {
  const char* name;       // of the file
  const char* arguments;  // to ffmpeg
  int noticed;            // at least, of 100 changed bytes
  bool all = false;       // those that change a picture or a sample
};

void PrintTo(const Codec& codec, std::ostream* out) {
  *out << codec.name;
}

class DamagedFrames : public testing::TestWithParam<Codec> {};

TEST_P(DamagedFrames, AreErrorsThatNameFileAndFrame) {
  const auto source = temporary("damage_source.mkv");
  save_video(source, samples::numbered_frames(30, 64, 48), {.crf = 0});
  const auto path = temporary(GetParam().name);
  if (!samples::ffmpeg("-i '" + source.string() + "' " + GetParam().arguments + " '" + path.string() + "'")) {
    GTEST_SKIP() << "this ffmpeg does not make " << GetParam().name;
  }
  const Bytes bytes = samples::bytes_of(path);
  const std::vector<Image> whole = pictures_of(path);
  const std::vector<Place> packets = packets_of(path, bytes);
  ASSERT_GE(packets.size(), 25U);
  PythonRandom random(11);
  int noticed = 0, other = 0;
  for (int i = 0; i < kTrials; ++i) {
    const Place& packet = packets[static_cast<size_t>(random.randrange(std::ssize(packets)))];
    const size_t place = packet.begin + static_cast<size_t>(random.randrange(static_cast<int64_t>(packet.size)));
    const auto damaged = written(std::string("damaged_") + GetParam().name, with_another_byte(bytes, place, random));
    try {
      if (pictures_of(damaged) != whole) ++other;
    } catch (const Error& error) {
      ++noticed;
      EXPECT_THAT(error.what(), testing::HasSubstr(damaged.string()));
      EXPECT_THAT(error.what(), testing::ContainsRegex("frame [0-9]+"));
    }
  }
  std::printf("%s: of %d changed bytes %d noticed, %d give other pictures\n", GetParam().name, kTrials, noticed, other);
  EXPECT_GE(noticed * 100, GetParam().noticed * kTrials);
  if (GetParam().all) {
    EXPECT_EQ(other, 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Codecs, DamagedFrames,
                         testing::Values(Codec{"ffv1.mkv", "-c:v ffv1 -level 3 -slicecrc 1", 80, true},
                                         Codec{"png.mkv", "-c:v png", 80, true},
                                         Codec{"h264.mp4", "-c:v libx264 -g 10 -bf 2", 25},
                                         Codec{"mpeg4.avi", "-c:v mpeg4 -q:v 2 -g 10", 40},
                                         Codec{"mpeg2.avi", "-c:v mpeg2video -q:v 2 -g 10", 40},
                                         Codec{"mjpeg.avi", "-c:v mjpeg -q:v 2", 15}, Codec{"picture.gif", "", 25}),
                         [](const auto& info) {
                           std::string name = info.param.name;
                           std::replace(name.begin(), name.end(), '.', '_');
                           return name;
                         });

class DamagedSound : public testing::TestWithParam<Codec> {};

TEST_P(DamagedSound, IsAnErrorThatNamesTheFile) {
  const auto source = written("damage_source.wav", encode_audio(samples::tones(16'000, 2, 48'000), AudioFormat::kWav));
  const auto path = temporary(GetParam().name);
  if (!samples::ffmpeg("-i '" + source.string() + "' " + GetParam().arguments + " '" + path.string() + "'")) {
    GTEST_SKIP() << "this ffmpeg does not make " << GetParam().name;
  }
  const Bytes bytes = samples::bytes_of(path);
  const std::vector<float> whole = load_audio(path).samples;
  PythonRandom random(12);
  int noticed = 0, other = 0;
  for (int i = 0; i < kTrials; ++i) {
    // Headers are in the first and the last tenth.
    const int64_t tenth = std::ssize(bytes) / 10;
    const auto place = static_cast<size_t>(random.randint(tenth, 9 * tenth));
    const auto damaged = written(std::string("damaged_") + GetParam().name, with_another_byte(bytes, place, random));
    try {
      if (load_audio(damaged).samples != whole) ++other;
    } catch (const Error& error) {
      ++noticed;
      EXPECT_THAT(error.what(), testing::HasSubstr(damaged.string()));
    }
  }
  std::printf("%s: of %d changed bytes %d noticed, %d give other samples\n", GetParam().name, kTrials, noticed, other);
  EXPECT_GE(noticed * 100, GetParam().noticed * kTrials);
  if (GetParam().all) {
    EXPECT_EQ(other, 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Codecs, DamagedSound,
                         testing::Values(Codec{"damage.flac", "-c:a flac", 80, true},
                                         Codec{"vorbis.ogg", "-c:a libvorbis", 80, true},
                                         Codec{"opus.ogg", "-c:a libopus", 80, true},
                                         Codec{"alac.m4a", "-c:a alac", 20}, Codec{"aac.m4a", "-c:a aac", 25}),
                         [](const auto& info) {
                           std::string name = info.param.name;
                           std::replace(name.begin(), name.end(), '.', '_');
                           return name;
                         });

}  // namespace
}  // namespace epalm::media
