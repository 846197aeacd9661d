#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <vector>

#include "epalm/media/image.h"

namespace epalm::media {

// Containers and what is put into them: H.264 by libx264 (MPEG-4 where FFmpeg lacks it), VP9, MPEG-4, H.264.
enum class VideoFormat { kMp4, kWebm, kAvi, kMkv };

struct VideoEncoding {
  int fps_numerator = 25;
  int fps_denominator = 1;
  int key_frame_interval = 50;  // frames; every so many, exactly, is a key frame
  int b_frames = 0;             // 0..4 between two others; VP9 has none
  int crf = 20;                 // H.264's constant rate factor, 0 (best) to 51, or what is nearest in the other codecs
  int aspect_numerator = 1;     // width of a pixel : height
  int aspect_denominator = 1;
  int quarter_turns = 0;  // clockwise, that a player shall turn the stored pictures by (MP4 only)
  // When each frame is shown, in 1/fps, strictly ascending (not in AVI); empty: 0, 1, 2, ...
  std::vector<int64_t> ticks = {};
};

using FrameSource = std::function<Image(int64_t index)>;

// Frames 0..count-1 of one size as a file: the same bytes for the same input. Colours are stored as BT.601 in limited
// range with half the chroma resolution, except H.264 of odd size, which keeps it whole. Throws Error for frames
// without pixels or of several sizes, options out of range, and an FFmpeg without the encoder.
std::vector<std::byte> encode_video(int64_t count, const FrameSource& frame, VideoFormat format,
                                    const VideoEncoding& encoding = {});
std::vector<std::byte> encode_video(std::span<const Image> frames, VideoFormat format,
                                    const VideoEncoding& encoding = {});

// By extension: .mp4, .webm, .avi or .mkv. The file is replaced whole or not at all.
void save_video(const std::filesystem::path& path, std::span<const Image> frames, const VideoEncoding& encoding = {});

}  // namespace epalm::media
