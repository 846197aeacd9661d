#pragma once

#include <memory>

#include "epalm/media/av_handles.h"
#include "epalm/media/local_file.h"
#include "epalm/media/media_limits.h"

namespace epalm::media {

// Internal to the room: a media file taken apart into packets. The container is told by content alone and can open
// nothing else: neither what a playlist names nor the network.
class AvInput {
 public:
  // Throws Error: no container that FFmpeg knows, damaged headers, claims beyond the limits.
  AvInput(std::shared_ptr<LocalFile> file, const MediaLimits& limits);

  AVFormatContext* demuxer() const { return demuxer_.get(); }
  const LocalFile& file() const { return *file_; }

  // The stream that players would show or play; a cover picture is no video. Throws Error if there is none.
  AVStream* stream(AVMediaType type) const;
  bool has(AVMediaType type) const { return find(type) != nullptr; }

  // FFmpeg reads pictures as videos of one frame.
  bool is_still_picture() const;

  // How long the container says that the stream lasts; 0 where it does not, or only guesses from the size of the file.
  double stated_duration_s(const AVStream* stream) const;

  // The next packet of any stream that is not discarded; false at the end. Throws Error on damage, also where FFmpeg
  // would go on behind it and say nothing (Matroska, Ogg), or a late clock.
  bool read(AVPacket* packet) const;

  // To the packet of `stream` at or before `timestamp` as the container sees it; false if it cannot.
  bool seek(const AVStream* stream, int64_t timestamp) const;

  // A decoder of `stream` within the limits. threads: 0 = one per core, at most 8, and fewer for large pictures.
  CodecPtr open_decoder(const AVStream* stream, int threads) const;

  // Throws Error unless both sides are positive and the product is within the limits.
  void check_size(int width, int height) const;

 private:
  struct Position {
    LocalFile* file = nullptr;
    int64_t offset = 0;
  };
  static int read_bytes(void* position, uint8_t* bytes, int count);
  static int64_t seek_bytes(void* position, int64_t offset, int whence);
  AVStream* find(AVMediaType type) const;
  void meet_late_streams() const;
  int find_stream_info() const;

  std::shared_ptr<LocalFile> file_;
  MediaLimits limits_;
  std::unique_ptr<Position> position_;
  IoPtr io_;
  mutable Complaint complaint_;
  DemuxerPtr demuxer_;
};

// How many threads may decode a video of such pictures, and the largest picture that each may then make, both in pixels
// as coded (with edges, and sides in whole blocks): each thread holds pictures of its own, and all together no more
// than one thread with 8K pictures. wanted: 0 = one per core. A size of 0x0 is unknown.
struct DecoderShare {
  int threads = 1;
  int64_t max_pixels = 0;
};
DecoderShare decoder_share(int width, int height, int wanted_threads, int64_t max_pixels);

// The position in seconds, given that neither is AV_NOPTS_VALUE.
inline double seconds_of(int64_t timestamp, AVRational time_base) {
  return static_cast<double>(timestamp) * av_q2d(time_base);
}

// Containers round what they state and some count the last frame in full; less than this is a truncated file.
inline bool is_cut_short(double seen_s, double stated_s) {
  return seen_s < 0.95 * stated_s - 0.5;
}

}  // namespace epalm::media
