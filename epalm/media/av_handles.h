#pragma once

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/frame.h>
#include <libswresample/swresample.h>
#include <libswscale/swscale.h>
}

#include <array>
#include <cstdarg>
#include <memory>
#include <mutex>
#include <string>

#include "epalm/base/error.h"

// Internal to the room: owners of FFmpeg's objects. Requires FFmpeg 5.1 (libavformat 59.27).
namespace epalm::media {

template <typename T, void (*kFree)(T**)>
struct AvFree {
  void operator()(T* object) const { kFree(&object); }
};

struct AvIoFree {
  void operator()(AVIOContext* io) const {
    av_freep(&io->buffer);
    avio_context_free(&io);
  }
};

struct SwsFree {
  void operator()(SwsContext* context) const { sws_freeContext(context); }
};

using PacketPtr = std::unique_ptr<AVPacket, AvFree<AVPacket, av_packet_free>>;
using FramePtr = std::unique_ptr<AVFrame, AvFree<AVFrame, av_frame_free>>;
using CodecPtr = std::unique_ptr<AVCodecContext, AvFree<AVCodecContext, avcodec_free_context>>;
using DemuxerPtr = std::unique_ptr<AVFormatContext, AvFree<AVFormatContext, avformat_close_input>>;
using SwrPtr = std::unique_ptr<SwrContext, AvFree<SwrContext, swr_free>>;
using SwsPtr = std::unique_ptr<SwsContext, SwsFree>;
using IoPtr = std::unique_ptr<AVIOContext, AvIoFree>;

// FFmpeg returns null only when memory is short.
template <typename T>
T* allocated(T* object) {
  if (object == nullptr) throw std::bad_alloc();
  return object;
}

inline std::string av_text(int error) {
  char text[AV_ERROR_MAX_STRING_SIZE] = {};
  av_strerror(error, text, sizeof text);
  return text;
}

// Silences FFmpeg, except for Complaints, and bounds each of its allocations; every opening calls it.
void prepare_ffmpeg();

// What FFmpeg says is wrong where it returns no error: the `opaque` of one demuxer or decoder, which it outlives. Safe
// from several threads.
class Complaint {
 public:
  void hear(const char* format, va_list words);
  std::string take();  // the first one since the last call; "" if there is none

 private:
  std::mutex mutex_;
  std::array<char, 200> first_{};
};

}  // namespace epalm::media
