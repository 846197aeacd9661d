#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "epalm/media/video_file.h"
#include "epalm/media/video_writer.h"
#include "tests/media/av_samples.h"

namespace epalm::media {
namespace {

namespace fs = std::filesystem;

// Writes into the file that is there, so that who has it open sees the change.
void overwrite(const fs::path& path, const samples::Bytes& bytes) {
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

class Recovery : public testing::TestWithParam<VideoFormat> {};

TEST_P(Recovery, AfterAReadingErrorTheSameObjectGivesTheRightFrames) {
  constexpr int64_t kFrames = 40;
  VideoEncoding encoding;
  encoding.key_frame_interval = 20;
  encoding.crf = 2;
  auto pictures = samples::numbered_frames(kFrames, 160, 96);
  uint32_t noise = 1;  // which takes many bytes
  for (Image& picture : pictures) {
    for (uint8_t& value : picture.rgb) {
      noise = noise * 1664525 + 1013904223;
      value = static_cast<uint8_t>(value + (noise >> 27));
    }
  }
  const samples::Bytes bytes = encode_video(pictures, GetParam(), encoding);
  const fs::path path = samples::written("recovery", bytes);
  VideoOptions options;
  options.threads = 1;
  VideoFile video(path, options);
  // The reader holds up to 64 KiB in its buffer; a file below that would not be read again.
  ASSERT_GT(bytes.size(), size_t{3} << 16);
  for (const double share : {0.01, 0.35, 0.65, 0.9}) {
    fs::resize_file(path, static_cast<uintmax_t>(share * static_cast<double>(bytes.size())));
    EXPECT_THROW(video.frames(std::vector<int64_t>{0, 10, 25, 39}), Error) << share;
    overwrite(path, bytes);
    const std::vector<int64_t> later{25, 39, 3};
    const auto found = video.frames(later);
    for (size_t i = 0; i < later.size(); ++i) EXPECT_EQ(samples::number_shown(found[i]), later[i]) << share;
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, Recovery, testing::Values(VideoFormat::kMp4, VideoFormat::kAvi, VideoFormat::kMkv));

}  // namespace
}  // namespace epalm::media
