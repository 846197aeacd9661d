#include "epalm/media/packet_cursor.h"

#include <algorithm>
#include <numeric>

namespace epalm::media {
namespace {

// Reading on past this many packets costs less than asking the container to seek.
constexpr int32_t kReadAhead = 32;

std::pair<uint32_t, uint32_t> bytes_of(const VideoPacket& packet) {
  return {packet.size, packet.checksum};
}

// dts is left out: where the container has none, FFmpeg makes one up, and after a seek perhaps another.
bool may_be_same(const VideoPacket& a, const VideoPacket& b) {
  return bytes_of(a) == bytes_of(b) && (a.pts == b.pts || a.pts == AV_NOPTS_VALUE || b.pts == AV_NOPTS_VALUE);
}

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
  const bool expected =
      packets_ == nullptr || (read ? from_start_ || is_next(*packet) : next_ == static_cast<int32_t>(packets_->size()));
  if (!expected) {
    require(!from_start_, "'{}' changed while it was read", file_->name());
    const int32_t wanted = next_;
    av_packet_unref(packet);
    seeks_ = false;  // where the container leads is not to be trusted
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
  key_packets_only_ = std::all_of(packets->begin(), packets->end(), [](const VideoPacket& each) { return each.key; });
  by_bytes_.resize(packets->size());
  std::iota(by_bytes_.begin(), by_bytes_.end(), 0);
  std::sort(by_bytes_.begin(), by_bytes_.end(), [&](int32_t a, int32_t b) {
    return bytes_of((*packets)[static_cast<size_t>(a)]) < bytes_of((*packets)[static_cast<size_t>(b)]);
  });
}

bool PacketCursor::is_next(const AVPacket& packet) const {
  return next_ < static_cast<int32_t>(packets_->size()) &&
         may_be_same(describe(packet, stream_->codecpar->codec_id), (*packets_)[static_cast<size_t>(next_)]);
}

// Nothing if it may be several.
std::optional<int32_t> PacketCursor::number_of(const AVPacket& packet) const {
  const VideoPacket seen = describe(packet, stream_->codecpar->codec_id);
  const auto listed = [&](int32_t i) -> const VideoPacket& { return (*packets_)[static_cast<size_t>(i)]; };
  const auto first = std::lower_bound(by_bytes_.begin(), by_bytes_.end(), bytes_of(seen),
                                      [&](int32_t i, const auto& wanted) { return bytes_of(listed(i)) < wanted; });
  std::vector<int32_t> candidates;
  for (auto i = first; i != by_bytes_.end() && bytes_of(listed(*i)) == bytes_of(seen); ++i) {
    if (may_be_same(listed(*i), seen)) candidates.push_back(*i);
  }
  if (candidates.size() > 1) {
    std::erase_if(candidates, [&](int32_t i) { return seen.position < 0 || listed(i).position != seen.position; });
  }
  return candidates.size() == 1 ? std::optional(candidates[0]) : std::nullopt;
}

// Containers search by either; dts, the earlier one, cannot lead past the target, but perhaps far before it.
bool PacketCursor::seek_close_to(int32_t number) {
  const VideoPacket& target = (*packets_)[static_cast<size_t>(number)];
  return seek_by(target.pts, number) || (target.dts != target.pts && seek_by(target.dts, number));
}

bool PacketCursor::seek_by(int64_t timestamp, int32_t number) {
  if (!seeks_ || timestamp == AV_NOPTS_VALUE || !input_->seek(stream_, timestamp)) return false;
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
