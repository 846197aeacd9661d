#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "epalm/media/av_handles.h"

// Internal to the room: which packets of a video show which frame, and where decoding may begin.
namespace epalm::media {

// What the index keeps of a packet; its number is its place in the order of the file, which is that of decoding.
struct VideoPacket {
  int64_t pts = AV_NOPTS_VALUE;
  int64_t dts = AV_NOPTS_VALUE;
  int64_t position = -1;  // in the file, bytes
  uint32_t size = 0;      // bytes
  uint32_t checksum = 0;  // of the first of them
  bool key = false;
  bool shown = true;  // false: decoded for others only (outside an edit list, or a hidden reference frame)
};

VideoPacket describe(const AVPacket& packet, AVCodecID codec);

// False for packets that may hold no frame although the container counts one (a skipped MPEG-4 picture).
bool surely_one_frame(const AVPacket& packet, AVCodecID codec);

// The numbers of the shown packets by presentation time, where each packet of the stream is one frame and says its
// time; nothing where only decoding tells.
std::optional<std::vector<int32_t>> presentation_order(std::span<const VideoPacket> packets,
                                                       const AVCodecParameters& codec);

// Where decoding has to begin for each frame of `order`: the last key packet that shows an earlier frame, or that
// frame, and after which no packet belongs to a frame shown before it; else the first packet.
std::vector<int32_t> entry_points(std::span<const VideoPacket> packets, std::span<const int32_t> order,
                                  AVCodecID codec);

struct FrameIndex {
  static constexpr int32_t kNoFrame = -1;

  std::vector<VideoPacket> packets;
  std::vector<int32_t> order;       // packet number of each frame
  std::vector<int32_t> entry;       // packet number where decoding begins for each frame
  std::vector<int32_t> rank;        // frame of each packet, or kNoFrame
  bool packets_name_frames = true;  // false: several frames came of one packet, and only counting finds a frame

  void set_order(std::vector<int32_t> frames, AVCodecID codec);
  int64_t frame_count() const { return static_cast<int64_t>(order.size()); }
};

}  // namespace epalm::media
