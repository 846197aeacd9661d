#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "epalm/media/av_input.h"
#include "epalm/media/frame_index.h"

namespace epalm::media {

// Internal to the room: the packets of one video stream by number. Seeks with the container's own means where those
// prove right, and by reading from the start where not, so that a number always names the same packet.
class PacketCursor {
 public:
  PacketCursor(std::shared_ptr<LocalFile> file, const MediaLimits& limits);

  const AvInput& input() const { return *input_; }
  const AVStream* stream() const { return stream_; }  // until the next read() or go_to()
  int32_t next() const { return next_; }

  // The packet with the number next(), which goes up by one; false at the end.
  bool read(AVPacket* packet);

  // From here on `packets`, the whole stream as read() gave it, tells packets apart: by their bytes, equal ones by what
  // the container says of them. The owner keeps them alive.
  void use_index(const std::vector<VideoPacket>* packets);

  // Whether the index shows that no packet needs another.
  bool has_key_packets_only() const { return key_packets_only_; }

  void go_to(int32_t number);

 private:
  void reopen();
  bool read_stream(AVPacket* packet);
  bool seek_close_to(int32_t number);
  bool seek_by(int64_t timestamp, int32_t number);
  std::optional<int32_t> number_of(const AVPacket& packet) const;
  bool is_next(const AVPacket& packet) const;

  std::shared_ptr<LocalFile> file_;
  MediaLimits limits_;
  std::unique_ptr<AvInput> input_;
  AVStream* stream_ = nullptr;
  int32_t next_ = 0;
  bool from_start_ = true;  // nothing but reading led here
  bool torn_ = false;       // reading or opening failed, and packets may be lost
  PacketPtr landed_;        // read ahead by a seek: the packet `next_`
  bool has_landed_ = false;

  const std::vector<VideoPacket>* packets_ = nullptr;
  std::vector<int32_t> by_bytes_;  // packet numbers in the order of size and checksum
  bool key_packets_only_ = false;
  bool seeks_ = true;  // until the container's seeking led astray
};

}  // namespace epalm::media
