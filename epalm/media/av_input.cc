#include "epalm/media/av_input.h"

#include <algorithm>
#include <climits>
#include <cmath>
#include <cstdio>
#include <span>
#include <string_view>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

namespace epalm::media {
namespace {

constexpr int kBufferBytes = 1 << 16;
constexpr size_t kMaxAllocation = size_t{512} << 20;  // ten 8K frames; a header may claim any table size
constexpr int kMaxStreams = 64;
constexpr int64_t kProbeBytes = 5'000'000;             // read, and
constexpr int64_t kProbe_us = int64_t{5} * 1'000'000;  // looked at to learn what the streams hold
constexpr int kMaxThreads = 8;
constexpr int64_t kThreadPixels = int64_t{8192} * 4608;  // of the pictures that threads hold, one each: 8K and edges
constexpr int kBlock_px = 64;                            // the largest block that a codec in use pads sides to
constexpr int kEdge_px = 64;                             // at most, of both edges that vectors may point beyond
constexpr int64_t kSlackPixels = 1 << 16;

void hear(void* speaker, int level, const char* format, va_list words) {
  if (speaker == nullptr || level > AV_LOG_ERROR) return;
  const auto* kind = *static_cast<const AVClass* const*>(speaker);
  void* listener = nullptr;
  if (kind == avformat_get_class()) listener = static_cast<AVFormatContext*>(speaker)->opaque;
  if (kind == avcodec_get_class()) listener = static_cast<AVCodecContext*>(speaker)->opaque;
  if (listener != nullptr) static_cast<Complaint*>(listener)->hear(format, words);
}

// Whether the decoder is to give an error where it notices damage, and to look at the checksums that frames have. Where
// it marks the damaged frames, that is left to it: it takes much for damage that players show as it was meant.
bool is_strict(AVCodecID codec) {
  return codec == AV_CODEC_ID_MJPEG || codec == AV_CODEC_ID_PNG || codec == AV_CODEC_ID_APNG ||
         codec == AV_CODEC_ID_FLAC;
}

int64_t coded_pixels(int width, int height) {
  const auto padded = [](int side) {
    return (int64_t{std::max(0, side)} + kEdge_px + kBlock_px - 1) / kBlock_px * kBlock_px;
  };
  return padded(width) * padded(height);
}

int refuse_to_open(AVFormatContext*, AVIOContext**, const char*, int, AVDictionary**) {
  return AVERROR(EACCES);
}

}  // namespace

void prepare_ffmpeg() {
  static std::once_flag once;
  std::call_once(once, [] {
    av_log_set_callback(hear);
    av_max_alloc(kMaxAllocation);
  });
}

void Complaint::hear(const char* format, va_list words) {
  const std::lock_guard lock(mutex_);
  if (first_[0] != '\0') return;
  std::vsnprintf(first_.data(), first_.size(), format, words);
  std::replace(first_.begin(), first_.end(), '\n', '\0');
}

std::string Complaint::take() {
  const std::lock_guard lock(mutex_);
  std::string first = first_.data();
  first_[0] = '\0';
  return first;
}

DecoderShare decoder_share(int width, int height, int wanted_threads, int64_t max_pixels) {
  const int cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  const int wanted = std::min(wanted_threads > 0 ? wanted_threads : cores, kMaxThreads);
  const int64_t coded = coded_pixels(width, height);
  const auto threads = static_cast<int>(std::clamp<int64_t>(kThreadPixels / coded, 1, wanted));
  // More than the limit for blocks and edges where the size is unknown; what comes out is checked on its own.
  const int64_t limit = std::min<int64_t>(max_pixels, INT_MAX);
  int64_t largest = limit + limit / 8 + kSlackPixels;
  if (int64_t{width} * height <= limit) largest = std::max(largest, coded);
  if (threads > 1) largest = std::min(largest, kThreadPixels / threads);
  return {threads, std::min<int64_t>(largest, INT_MAX)};
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
  context->opaque = &complaint_;
  context->pb = io_.get();
  context->flags |= AVFMT_FLAG_CUSTOM_IO;
  context->io_open = refuse_to_open;
  context->max_streams = kMaxStreams;
  context->probesize = kProbeBytes;
  context->max_analyze_duration = kProbe_us;
  AVDictionary* options = nullptr;
  av_dict_set(&options, "protocol_whitelist", "none", 0);                   // there is no protocol of that name
  const int opened = avformat_open_input(&context, "", nullptr, &options);  // frees the context on failure
  av_dict_free(&options);
  file_->check_clock();
  require(opened >= 0, "'{}' is not a video or sound file that can be read: {}", file_->name(), av_text(opened));
  demuxer_.reset(context);
  meet_late_streams();
  const int found = find_stream_info();
  file_->check_clock();
  require(found >= 0, "'{}': the {} file is damaged: {}", file_->name(), context->iformat->name, av_text(found));
  const double duration_s =
      context->duration == AV_NOPTS_VALUE ? 0 : static_cast<double>(context->duration) / AV_TIME_BASE;
  require(duration_s <= limits_.max_duration_s,
          "'{}' claims to last {:.0f} s; expected at most {:.0f} s; cut it or raise the limit", file_->name(),
          duration_s, limits_.max_duration_s);
}

// Some containers (MPEG-PS, FLV) do not name their streams before the first packet of each. Reading as far as
// find_stream_info() may does not decode, and gives each of them options there.
void AvInput::meet_late_streams() const {
  if ((demuxer_->ctx_flags & AVFMTCTX_NOHEADER) == 0) return;
  const PacketPtr packet(allocated(av_packet_alloc()));
  for (int64_t bytes = 0; bytes < kProbeBytes && av_read_frame(demuxer_.get(), packet.get()) >= 0;) {
    bytes += std::max(packet->size, 1);
    av_packet_unref(packet.get());
  }
  file_->check_clock();
  require(av_seek_frame(demuxer_.get(), -1, 0, AVSEEK_FLAG_BYTE) >= 0,
          "'{}': the {} file cannot be read from its start again; make an mp4 or mkv of it", file_->name(),
          demuxer_->iformat->name);
}

// It decodes the first pictures, and does so within the limits as well.
int AvInput::find_stream_info() const {
  const std::span streams(demuxer_->streams, demuxer_->nb_streams);
  std::vector<AVDictionary*> options(streams.size());
  std::vector<std::pair<int, int>> claimed;
  for (size_t i = 0; i < streams.size(); ++i) {
    const AVCodecParameters& codec = *streams[i]->codecpar;
    claimed.emplace_back(codec.width, codec.height);
    const DecoderShare share = decoder_share(codec.width, codec.height, 1, limits_.max_pixels);
    av_dict_set_int(&options[i], "max_pixels", share.max_pixels, 0);
  }
  const int found = avformat_find_stream_info(demuxer_.get(), options.empty() ? nullptr : options.data());
  for (AVDictionary*& each : options) av_dict_free(&each);
  for (size_t i = 0; i < claimed.size(); ++i) {
    AVCodecParameters& codec = *demuxer_->streams[i]->codecpar;
    if (codec.width == 0 && codec.height == 0) std::tie(codec.width, codec.height) = claimed[i];  // it was refused
  }
  return found;
}

void AvInput::check_size(int width, int height) const {
  require(width > 0 && height > 0 && width <= limits_.max_pixels / height,
          "'{}': the video is {}x{} pixels; expected 1 to {} in all; make it smaller or raise the limit", file_->name(),
          width, height, limits_.max_pixels);
}

AVStream* AvInput::find(AVMediaType type) const {
  const int index = av_find_best_stream(demuxer_.get(), type, -1, -1, nullptr, 0);
  AVStream* stream = index < 0 ? nullptr : demuxer_->streams[index];
  return stream != nullptr && (stream->disposition & AV_DISPOSITION_ATTACHED_PIC) != 0 ? nullptr : stream;
}

bool AvInput::is_still_picture() const {
  const std::string_view container = demuxer_->iformat->name;
  return container.ends_with("_pipe") || container == "image2";
}

AVStream* AvInput::stream(AVMediaType type) const {
  const bool video = type == AVMEDIA_TYPE_VIDEO;
  AVStream* stream = find(type);
  require(stream != nullptr, "'{}' has no {}; the {} file holds {}", file_->name(), video ? "video" : "sound",
          demuxer_->iformat->name,
          !has(video ? AVMEDIA_TYPE_AUDIO : AVMEDIA_TYPE_VIDEO) ? "neither video nor sound"
          : video                                               ? "sound only"
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
  const std::string_view container = demuxer_->iformat->name;
  const bool goes_on_behind_damage = container.starts_with("matroska") || container == "ogg";
  if (const std::string complaint = complaint_.take(); goes_on_behind_damage && !complaint.empty()) {
    av_packet_unref(packet);
    file_->check_clock();
    fail("'{}': the {} file is damaged: {}", file_->name(), demuxer_->iformat->name, complaint);
  }
  if (error >= 0) return true;
  file_->check_clock();
  require(error == AVERROR_EOF &&
              (demuxer_->pb == nullptr || demuxer_->pb->error >= 0 || demuxer_->pb->error == AVERROR_EOF),
          "'{}': the {} file is damaged or truncated: {}", file_->name(), demuxer_->iformat->name, av_text(error));
  return false;
}

bool AvInput::seek(const AVStream* stream, int64_t timestamp) const {
  const bool found = av_seek_frame(demuxer_.get(), stream->index, timestamp, AVSEEK_FLAG_BACKWARD) >= 0;
  complaint_.take();  // of what it passed over
  return found;
}

CodecPtr AvInput::open_decoder(const AVStream* stream, int threads) const {
  const AVCodec* codec = avcodec_find_decoder(stream->codecpar->codec_id);
  require(codec != nullptr, "'{}': this FFmpeg has no decoder for {}", file_->name(),
          avcodec_get_name(stream->codecpar->codec_id));
  CodecPtr decoder(allocated(avcodec_alloc_context3(codec)));
  int error = avcodec_parameters_to_context(decoder.get(), stream->codecpar);
  decoder->pkt_timebase = stream->time_base;
  const DecoderShare share = decoder_share(decoder->width, decoder->height, threads, limits_.max_pixels);
  decoder->max_pixels = share.max_pixels;
  if (is_strict(codec->id)) decoder->err_recognition |= AV_EF_CRCCHECK | AV_EF_BITSTREAM | AV_EF_BUFFER | AV_EF_EXPLODE;
  decoder->thread_count = share.threads;
  if (error >= 0) error = avcodec_open2(decoder.get(), codec, nullptr);
  require(error >= 0, "'{}': the {} decoder does not accept the stream: {}", file_->name(), codec->name,
          av_text(error));
  return decoder;
}

}  // namespace epalm::media
