#include "epalm/media/packet_cursor.h"

#include <algorithm>
#include <numeric>

namespace epalm::media {
namespace {

// Reading on past this many packets costs less than asking the container to seek.
constexpr int32_t kReadAhead = 32;

}  // namespace

PacketCursor::PacketCursor(std::shared_ptr<LocalFile> file, const MediaLimits& limits)
    : file_(std::move(file)), limits_(limits), landed_(allocated(av_packet_alloc())) {
  reopen();
}

void PacketCursor::reopen() {
  torn_ = true;
  auto input = std::make_unique<AvInput>(file_, limits_);
  stream_ = input->stream(AVMEDIA_TYPE_VIDEO);
  input_ = std::move(input);
  for (unsigned i = 0; i < input_->demuxer()->nb_streams; ++i) {
    AVStream* other = input_->demuxer()->streams[i];
    if (other != stream_) other->discard = AVDISCARD_ALL;
  }
  next_ = 0;
  from_start_ = true;
  has_landed_ = false;
  torn_ = false;
}

bool PacketCursor::read_stream(AVPacket* packet) {
  while (input_->read(packet)) {
    if (packet->stream_index == stream_->index) {
      require((packet->flags & AV_PKT_FLAG_CORRUPT) == 0, "'{}': packet {} of the video is damaged or cut off",
              file_->name(), next_);
      return true;
    }
    av_packet_unref(packet);
  }
  return false;
}

bool PacketCursor::read(AVPacket* packet) {
  if (has_landed_) {
    av_packet_move_ref(packet, landed_.get());
    has_landed_ = false;
    ++next_;
    return true;
  }
  torn_ = true;  // until it is known that all went well
  bool read = read_stream(packet);
  const bool expected = packets_ == nullptr || (read ? from_start_ || number_of(*packet) == next_
                                                     : next_ == static_cast<int32_t>(packets_->size()));
  if (!expected) {
    require(!from_start_, "'{}' changed while it was read", file_->name());
    const int32_t wanted = next_;
    av_packet_unref(packet);
    identity_ = nullptr;  // the container's seeking is not to be trusted
    reopen();
    go_to(wanted);
    torn_ = true;
    read = read_stream(packet);
  }
  require(!read || packets_ == nullptr || next_ < static_cast<int32_t>(packets_->size()),
          "'{}' changed while it was read", file_->name());
  torn_ = false;
  if (read) ++next_;
  return read;
}

void PacketCursor::use_index(const std::vector<VideoPacket>* packets) {
  packets_ = packets;
  by_identity_.resize(packets->size());
  std::iota(by_identity_.begin(), by_identity_.end(), 0);
  identity_ = nullptr;
  for (const auto field : {&VideoPacket::pts, &VideoPacket::dts, &VideoPacket::position}) {
    const auto value = [&](int32_t i) { return (*packets)[static_cast<size_t>(i)].*field; };
    std::sort(by_identity_.begin(), by_identity_.end(), [&](int32_t a, int32_t b) { return value(a) < value(b); });
    const auto same = [&](int32_t a, int32_t b) { return value(a) == value(b); };
    if (std::adjacent_find(by_identity_.begin(), by_identity_.end(), same) == by_identity_.end()) {
      identity_ = field;
      break;
    }
  }
}

std::optional<int32_t> PacketCursor::number_of(const AVPacket& packet) const {
  if (identity_ == nullptr) return std::nullopt;
  const int64_t wanted = VideoPacket{.pts = packet.pts, .dts = packet.dts, .position = packet.pos}.*identity_;
  const auto value = [&](int32_t i) { return (*packets_)[static_cast<size_t>(i)].*identity_; };
  const auto found = std::lower_bound(by_identity_.begin(), by_identity_.end(), wanted,
                                      [&](int32_t i, int64_t w) { return value(i) < w; });
  if (found == by_identity_.end() || value(*found) != wanted) return std::nullopt;
  return *found;
}

bool PacketCursor::seek_close_to(int32_t number) {
  if (identity_ == nullptr) return false;
  const VideoPacket& target = (*packets_)[static_cast<size_t>(number)];
  int64_t timestamp = target.pts;  // containers search by either; the earlier one cannot lead past the target
  if (timestamp == AV_NOPTS_VALUE || (target.dts != AV_NOPTS_VALUE && target.dts < timestamp)) timestamp = target.dts;
  if (timestamp == AV_NOPTS_VALUE || !input_->seek(stream_, timestamp)) return false;
  has_landed_ = false;
  from_start_ = false;
  av_packet_unref(landed_.get());
  try {
    if (!read_stream(landed_.get())) return false;
  } catch (const Error&) {
    return false;  // a place that cannot be read; if it is not the seek's fault, reading from the start meets it too
  }
  const std::optional<int32_t> landed = number_of(*landed_);
  if (!landed || *landed > number) return false;
  next_ = *landed;
  has_landed_ = true;
  torn_ = false;
  return true;
}

void PacketCursor::go_to(int32_t number) {
  EPALM_ASSERT(packets_ != nullptr && number >= 0 && number < static_cast<int32_t>(packets_->size()));
  const bool ahead = !torn_ && number >= next_ && number - next_ <= kReadAhead;
  if (!ahead && !seek_close_to(number)) reopen();  // then reading leads there
  const PacketPtr skipped(allocated(av_packet_alloc()));
  while (next_ < number) {
    require(read(skipped.get()), "'{}' changed while it was read", file_->name());
    av_packet_unref(skipped.get());
  }
}

}  // namespace epalm::media
