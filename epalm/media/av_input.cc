#include "epalm/media/av_input.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <mutex>
#include <thread>

namespace epalm::media {
namespace {

constexpr int kBufferBytes = 1 << 16;
constexpr size_t kMaxAllocation = size_t{512} << 20;  // ten 8K frames; a header may claim any table size
constexpr int kMaxStreams = 64;
constexpr int kMaxThreads = 8;

int refuse_to_open(AVFormatContext*, AVIOContext**, const char*, int, AVDictionary**) {
  return AVERROR(EACCES);
}

}  // namespace

void prepare_ffmpeg() {
  static std::once_flag once;
  std::call_once(once, [] {
    av_log_set_callback([](void*, int, const char*, va_list) {});
    av_max_alloc(kMaxAllocation);
  });
}

int AvInput::read_bytes(void* opaque, uint8_t* bytes, int count) {
  auto* position = static_cast<Position*>(opaque);
  if (position->file->out_of_time()) return AVERROR_EXIT;
  const int64_t read = position->file->read_at(position->offset, bytes, count);
  if (read < 0) return AVERROR(EIO);
  if (read == 0) return AVERROR_EOF;
  position->offset += read;
  return static_cast<int>(read);
}

int64_t AvInput::seek_bytes(void* opaque, int64_t offset, int whence) {
  auto* position = static_cast<Position*>(opaque);
  whence &= ~AVSEEK_FORCE;
  if (whence == AVSEEK_SIZE) return position->file->size();
  int64_t start = 0;
  if (whence == SEEK_CUR) start = position->offset;
  if (whence == SEEK_END) start = position->file->size();
  if (whence != SEEK_SET && whence != SEEK_CUR && whence != SEEK_END) return AVERROR(EINVAL);
  int64_t target = 0;
  if (__builtin_add_overflow(start, offset, &target) || target < 0) return AVERROR(EINVAL);
  position->offset = target;
  return target;
}

AvInput::AvInput(std::shared_ptr<LocalFile> file, const MediaLimits& limits)
    : file_(std::move(file)), limits_(limits), position_(new Position{file_.get(), 0}) {
  prepare_ffmpeg();
  auto* buffer = static_cast<uint8_t*>(allocated(av_malloc(kBufferBytes)));
  io_.reset(avio_alloc_context(buffer, kBufferBytes, 0, position_.get(), read_bytes, nullptr, seek_bytes));
  if (io_ == nullptr) {
    av_free(buffer);
    throw std::bad_alloc();
  }
  AVFormatContext* context = allocated(avformat_alloc_context());
  context->pb = io_.get();
  context->flags |= AVFMT_FLAG_CUSTOM_IO;
  context->io_open = refuse_to_open;
  context->max_streams = kMaxStreams;
  AVDictionary* options = nullptr;
  av_dict_set(&options, "protocol_whitelist", "none", 0);                   // there is no protocol of that name
  const int opened = avformat_open_input(&context, "", nullptr, &options);  // frees the context on failure
  av_dict_free(&options);
  file_->check_clock();
  require(opened >= 0, "'{}' is not a video or sound file that can be read: {}", file_->name(), av_text(opened));
  demuxer_.reset(context);
  const int found = avformat_find_stream_info(context, nullptr);
  file_->check_clock();
  require(found >= 0, "'{}': the {} file is damaged: {}", file_->name(), context->iformat->name, av_text(found));
  const double duration_s =
      context->duration == AV_NOPTS_VALUE ? 0 : static_cast<double>(context->duration) / AV_TIME_BASE;
  require(duration_s <= limits_.max_duration_s,
          "'{}' claims to last {:.0f} s; expected at most {:.0f} s; cut it or raise the limit", file_->name(),
          duration_s, limits_.max_duration_s);
}

AVStream* AvInput::stream(AVMediaType type) const {
  const int index = av_find_best_stream(demuxer_.get(), type, -1, -1, nullptr, 0);
  const bool video = type == AVMEDIA_TYPE_VIDEO;
  AVStream* stream = index < 0 ? nullptr : demuxer_->streams[index];
  if (stream != nullptr && (stream->disposition & AV_DISPOSITION_ATTACHED_PIC) != 0) stream = nullptr;
  require(stream != nullptr, "'{}' has no {}; the {} file holds {}", file_->name(), video ? "video" : "sound",
          demuxer_->iformat->name,
          av_find_best_stream(demuxer_.get(), video ? AVMEDIA_TYPE_AUDIO : AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0) < 0
              ? "neither video nor sound"
          : video ? "sound only"
                  : "video only");
  return stream;
}

// Matroska says it for the longest track; for each it is a tag of the form 00:01:02.345.
double AvInput::stated_duration_s(const AVStream* stream) const {
  if (demuxer_->duration_estimation_method == AVFMT_DURATION_FROM_BITRATE) return 0;
  if (stream->duration != AV_NOPTS_VALUE) return std::max(0.0, seconds_of(stream->duration, stream->time_base));
  const AVDictionaryEntry* tag = av_dict_get(stream->metadata, "DURATION", nullptr, 0);
  int hours = 0;
  int minutes = 0;
  double seconds = 0;
  if (tag != nullptr && std::sscanf(tag->value, "%2d:%2d:%lf", &hours, &minutes, &seconds) == 3) {
    const double duration_s = hours * 3600.0 + minutes * 60.0 + seconds;
    return std::isfinite(duration_s) ? std::max(0.0, duration_s) : 0;
  }
  const bool alone = demuxer_->nb_streams == 1 && demuxer_->duration != AV_NOPTS_VALUE;
  return alone ? std::max(0.0, static_cast<double>(demuxer_->duration) / AV_TIME_BASE) : 0;
}

bool AvInput::read(AVPacket* packet) const {
  file_->check_clock();
  const int error = av_read_frame(demuxer_.get(), packet);
  if (error >= 0) return true;
  file_->check_clock();
  require(error == AVERROR_EOF &&
              (demuxer_->pb == nullptr || demuxer_->pb->error >= 0 || demuxer_->pb->error == AVERROR_EOF),
          "'{}': the {} file is damaged or truncated: {}", file_->name(), demuxer_->iformat->name, av_text(error));
  return false;
}

bool AvInput::seek(const AVStream* stream, int64_t timestamp) const {
  return av_seek_frame(demuxer_.get(), stream->index, timestamp, AVSEEK_FLAG_BACKWARD) >= 0;
}

CodecPtr AvInput::open_decoder(const AVStream* stream, int threads) const {
  const AVCodec* codec = avcodec_find_decoder(stream->codecpar->codec_id);
  require(codec != nullptr, "'{}': this FFmpeg has no decoder for {}", file_->name(),
          avcodec_get_name(stream->codecpar->codec_id));
  CodecPtr decoder(allocated(avcodec_alloc_context3(codec)));
  int error = avcodec_parameters_to_context(decoder.get(), stream->codecpar);
  decoder->pkt_timebase = stream->time_base;
  decoder->max_pixels = limits_.max_pixels;
  const int cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  decoder->thread_count = std::min(threads > 0 ? threads : cores, kMaxThreads);
  if (error >= 0) error = avcodec_open2(decoder.get(), codec, nullptr);
  require(error >= 0, "'{}': the {} decoder does not accept the stream: {}", file_->name(), codec->name,
          av_text(error));
  return decoder;
}

}  // namespace epalm::media
