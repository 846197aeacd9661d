#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "epalm/media/av_handles.h"

namespace epalm::media {

// Internal to the room: a media file made in memory, the same bytes for the same input (one thread, no dates, no random
// identifiers). Add all streams, encode into them, finish. Throws Error where this FFmpeg lacks a format or an encoder,
// or refuses the settings.
class AvOutput {
 public:
  // container: FFmpeg's name of it.
  explicit AvOutput(const char* container);
  ~AvOutput();
  AvOutput(const AvOutput&) = delete;
  AvOutput& operator=(const AvOutput&) = delete;

  // An encoder to be set up (sizes, time base, ...) and given to add().
  CodecPtr encoder(const char* name) const;
  static bool has_encoder(const char* name) { return avcodec_find_encoder_by_name(name) != nullptr; }

  // Opens the encoder, with its private options, as a new stream. The stream's own fields may be set until encode().
  AVStream* add(CodecPtr encoder, const std::vector<std::pair<std::string, std::string>>& options = {});

  const AVCodecContext& encoder_of(const AVStream* stream) const;

  // frame.pts is in the encoder's time base.
  void encode(const AVStream* stream, const AVFrame& frame);

  std::vector<std::byte> finish();

 private:
  struct Target {
    std::vector<std::byte> bytes;
    int64_t offset = 0;
  };
  static int write_bytes(void* target, uint8_t* bytes, int count);
  static int64_t seek_bytes(void* target, int64_t offset, int whence);

  void write_header();
  void send(const AVStream* stream, const AVFrame* frame);
  void check(int error, const char* what) const;

  std::unique_ptr<Target> target_ = std::make_unique<Target>();
  IoPtr io_;
  AVFormatContext* muxer_ = nullptr;
  std::vector<CodecPtr> encoders_;  // one per stream
  PacketPtr packet_;
  bool header_written_ = false;
};

}  // namespace epalm::media
