#include "epalm/media/frame_index.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <string_view>

namespace epalm::media {
namespace {

constexpr int kSummedBytes = 4096;  // of a packet: enough to tell pictures apart, and no second pass over a large file

// Codecs in which a packet of the container is a frame and a key frame forgets everything before it. In the others a
// "key" flag may mean less than that (GIF), or packets may be empty to repeat a frame.
bool has_true_key_frames(AVCodecID codec) {
  switch (codec) {
    case AV_CODEC_ID_H264:
    case AV_CODEC_ID_HEVC:
    case AV_CODEC_ID_VP8:
    case AV_CODEC_ID_VP9:
    case AV_CODEC_ID_AV1:
    case AV_CODEC_ID_MPEG4:
    case AV_CODEC_ID_MPEG1VIDEO:
    case AV_CODEC_ID_MPEG2VIDEO:
    case AV_CODEC_ID_H263:
    case AV_CODEC_ID_FLV1:
    case AV_CODEC_ID_FFV1:
      return true;
    default: {
      const AVCodecDescriptor* descriptor = avcodec_descriptor_get(codec);
      return descriptor != nullptr && (descriptor->props & AV_CODEC_PROP_INTRA_ONLY) != 0;
    }
  }
}

// VP8 and VP9 may send a picture that is only referred to (RFC 6386 §9.1; VP9 bitstream §7.2). VP9 usually packs it
// together with a shown one and marks that by an index in the last byte.
bool is_hidden(const AVPacket& packet, AVCodecID codec) {
  if (packet.size < 1) return false;
  const uint8_t first = packet.data[0];
  if (codec == AV_CODEC_ID_VP8) return (first & 0x10) == 0;
  if (codec != AV_CODEC_ID_VP9) return false;
  const uint8_t last = packet.data[packet.size - 1];
  const bool packed = (last & 0xe0) == 0xc0;
  const bool profile_3 = (first & 0x30) == 0x30;  // one more bit before the flags
  const int show_existing = profile_3 ? 0x04 : 0x08;
  const int show = profile_3 ? 0x01 : 0x02;
  return !packed && (first & show_existing) == 0 && (first & show) == 0;
}

}  // namespace

VideoPacket describe(const AVPacket& packet, AVCodecID codec) {
  const std::string_view start(reinterpret_cast<const char*>(packet.data),
                               static_cast<size_t>(std::clamp(packet.size, 0, kSummedBytes)));
  return {.pts = packet.pts,
          .dts = packet.dts,
          .position = packet.pos,
          .size = static_cast<uint32_t>(packet.size),
          .checksum = static_cast<uint32_t>(std::hash<std::string_view>()(start)),
          .key = (packet.flags & AV_PKT_FLAG_KEY) != 0,
          .shown = (packet.flags & AV_PKT_FLAG_DISCARD) == 0 && !is_hidden(packet, codec)};
}

bool surely_one_frame(const AVPacket& packet, AVCodecID codec) {
  constexpr int kSmallestMpeg4Frame = 16;  // bytes; a header that says "no picture" takes 7 or 8
  return packet.size > 0 && (codec != AV_CODEC_ID_MPEG4 || packet.size >= kSmallestMpeg4Frame);
}

std::optional<std::vector<int32_t>> presentation_order(std::span<const VideoPacket> packets,
                                                       const AVCodecParameters& codec) {
  // In interlaced streams a packet may be one field, half a frame.
  const bool progressive = codec.field_order == AV_FIELD_PROGRESSIVE || codec.field_order == AV_FIELD_UNKNOWN;
  if (!has_true_key_frames(codec.codec_id) || !progressive || packets.empty() || !packets[0].key) return std::nullopt;
  std::vector<int32_t> order;
  for (size_t i = 0; i < packets.size(); ++i) {
    if (!packets[i].shown) continue;
    if (packets[i].pts == AV_NOPTS_VALUE) return std::nullopt;
    order.push_back(static_cast<int32_t>(i));
  }
  const auto pts = [&](int32_t i) { return packets[static_cast<size_t>(i)].pts; };
  std::sort(order.begin(), order.end(), [&](int32_t a, int32_t b) { return pts(a) < pts(b); });
  const auto same = [&](int32_t a, int32_t b) { return pts(a) == pts(b); };
  if (order.empty() || std::adjacent_find(order.begin(), order.end(), same) != order.end()) return std::nullopt;
  // A frame before the first key frame lacks what it refers to, and decoders drop it.
  if (packets[0].shown && order[0] != 0) return std::nullopt;
  return order;
}

std::vector<int32_t> entry_points(std::span<const VideoPacket> packets, std::span<const int32_t> order,
                                  AVCodecID codec) {
  std::vector<int32_t> entry(order.size(), 0);
  if (!has_true_key_frames(codec)) return entry;
  std::vector<int32_t> first_needed(order.begin(), order.end());  // the lowest packet of this frame and all later ones
  for (size_t r = order.size(); r-- > 1;) first_needed[r - 1] = std::min(first_needed[r - 1], first_needed[r]);
  int32_t last = 0;
  for (size_t r = 0; r < order.size(); ++r) {
    if (packets[static_cast<size_t>(order[r])].key && first_needed[r] == order[r]) last = order[r];
    entry[r] = last;
  }
  return entry;
}

void FrameIndex::set_order(std::vector<int32_t> frames, AVCodecID codec) {
  order = std::move(frames);
  rank.assign(packets.size(), kNoFrame);
  packets_name_frames = true;
  for (size_t r = 0; r < order.size(); ++r) {
    int32_t* place = order[r] < 0 ? nullptr : &rank[static_cast<size_t>(order[r])];
    if (place == nullptr || *place != kNoFrame) {
      packets_name_frames = false;
      break;
    }
    *place = static_cast<int32_t>(r);
  }
  entry = packets_name_frames ? entry_points(packets, order, codec) : std::vector<int32_t>(order.size(), 0);
}

}  // namespace epalm::media
