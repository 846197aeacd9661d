#include "epalm/media/av_output.h"

#include <cstring>
#include <utility>

namespace epalm::media {
namespace {

constexpr int kBufferBytes = 1 << 16;
constexpr int64_t kMaxFile = int64_t{1} << 31;

}  // namespace

int AvOutput::write_bytes(void* opaque, uint8_t* bytes, int count) {
  auto* target = static_cast<Target*>(opaque);
  const int64_t end = target->offset + count;
  if (end > kMaxFile) return AVERROR(EFBIG);
  if (end > std::ssize(target->bytes)) target->bytes.resize(static_cast<size_t>(end));
  std::memcpy(target->bytes.data() + target->offset, bytes, static_cast<size_t>(count));
  target->offset = end;
  return count;
}

int64_t AvOutput::seek_bytes(void* opaque, int64_t offset, int whence) {
  auto* target = static_cast<Target*>(opaque);
  if ((whence & AVSEEK_SIZE) != 0) return std::ssize(target->bytes);
  if (whence == SEEK_CUR) offset += target->offset;
  if (whence == SEEK_END) offset += std::ssize(target->bytes);
  if (offset < 0 || offset > kMaxFile) return AVERROR(EINVAL);
  return target->offset = offset;
}

AvOutput::AvOutput(const char* container) : packet_(allocated(av_packet_alloc())) {
  prepare_ffmpeg();
  require(avformat_alloc_output_context2(&muxer_, nullptr, container, nullptr) >= 0,
          "this FFmpeg cannot write the container '{}'; install a complete one", container);
  muxer_->flags |= AVFMT_FLAG_BITEXACT;
  auto* buffer = static_cast<uint8_t*>(av_malloc(kBufferBytes));
  if (buffer != nullptr) {
    io_.reset(avio_alloc_context(buffer, kBufferBytes, 1, target_.get(), nullptr, write_bytes, seek_bytes));
  }
  if (io_ == nullptr) {
    av_free(buffer);
    avformat_free_context(muxer_);
    throw std::bad_alloc();
  }
  muxer_->pb = io_.get();
}

AvOutput::~AvOutput() {
  avformat_free_context(muxer_);
}

void AvOutput::check(int error, const char* what) const {
  require(error >= 0, "writing {}: {} failed: {}", muxer_->oformat->name, what, av_text(error));
}

CodecPtr AvOutput::encoder(const char* name) const {
  const AVCodec* codec = avcodec_find_encoder_by_name(name);
  require(codec != nullptr, "this FFmpeg has no encoder '{}'; install a complete one", name);
  CodecPtr encoder(allocated(avcodec_alloc_context3(codec)));
  encoder->thread_count = 1;
  encoder->flags |= AV_CODEC_FLAG_BITEXACT;
  if ((muxer_->oformat->flags & AVFMT_GLOBALHEADER) != 0) encoder->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  return encoder;
}

AVStream* AvOutput::add(CodecPtr encoder, const std::vector<std::pair<std::string, std::string>>& options) {
  AVDictionary* dictionary = nullptr;
  for (const auto& [key, value] : options) av_dict_set(&dictionary, key.c_str(), value.c_str(), 0);
  const int opened = avcodec_open2(encoder.get(), encoder->codec, &dictionary);
  av_dict_free(&dictionary);
  check(opened, encoder->codec->name);
  AVStream* stream = allocated(avformat_new_stream(muxer_, nullptr));
  check(avcodec_parameters_from_context(stream->codecpar, encoder.get()), "describing the stream");
  stream->time_base = encoder->time_base;
  stream->avg_frame_rate = encoder->framerate;
  stream->sample_aspect_ratio = encoder->sample_aspect_ratio;
  encoders_.push_back(std::move(encoder));
  return stream;
}

const AVCodecContext& AvOutput::encoder_of(const AVStream* stream) const {
  return *encoders_[static_cast<size_t>(stream->index)];
}

void AvOutput::write_header() {
  if (std::exchange(header_written_, true)) return;
  check(avformat_write_header(muxer_, nullptr), "the header");
}

void AvOutput::send(const AVStream* stream, const AVFrame* frame) {
  AVCodecContext* encoder = encoders_[static_cast<size_t>(stream->index)].get();
  check(avcodec_send_frame(encoder, frame), encoder->codec->name);
  for (;;) {
    const int error = avcodec_receive_packet(encoder, packet_.get());
    if (error == AVERROR(EAGAIN) || error == AVERROR_EOF) return;
    check(error, encoder->codec->name);
    packet_->stream_index = stream->index;
    av_packet_rescale_ts(packet_.get(), encoder->time_base, stream->time_base);
    check(av_interleaved_write_frame(muxer_, packet_.get()), "a packet");
  }
}

void AvOutput::encode(const AVStream* stream, const AVFrame& frame) {
  write_header();
  send(stream, &frame);
}

std::vector<std::byte> AvOutput::finish() {
  write_header();
  for (unsigned i = 0; i < muxer_->nb_streams; ++i) send(muxer_->streams[i], nullptr);
  check(av_write_trailer(muxer_), "the end");
  avio_flush(io_.get());
  check(io_->error, "the file in memory");
  return std::move(target_->bytes);
}

}  // namespace epalm::media
