#include "epalm/media/video_writer.h"

extern "C" {
#include <libavutil/display.h>
}

#include <algorithm>
#include <cmath>
#include <cstring>

#include "epalm/base/atomic_write.h"
#include "epalm/media/av_output.h"

namespace epalm::media {
namespace {

using Options = std::vector<std::pair<std::string, std::string>>;

constexpr int kMaxSide_px = 16'384;

const char* container_of(VideoFormat format) {
  switch (format) {
    case VideoFormat::kMp4:
      return "mp4";
    case VideoFormat::kWebm:
      return "webm";
    case VideoFormat::kAvi:
      return "avi";
    case VideoFormat::kMkv:
      return "matroska";
  }
  fail("video writing: unknown format {}", static_cast<int>(format));
}

const char* encoder_name(VideoFormat format) {
  if (format == VideoFormat::kWebm) return "libvpx-vp9";
  return format != VideoFormat::kAvi && AvOutput::has_encoder("libx264") ? "libx264" : "mpeg4";
}

void check_encoding(VideoFormat format, int64_t count, const VideoEncoding& e) {
  require(count >= 1, "video writing: expected at least one frame, got {}", count);
  require(e.fps_numerator >= 1 && e.fps_denominator >= 1 && e.fps_numerator / e.fps_denominator <= 1000,
          "video writing: expected up to 1000 frames a second, got {}/{}", e.fps_numerator, e.fps_denominator);
  require(e.key_frame_interval >= 1 && e.b_frames >= 0 && e.b_frames <= 4 && e.crf >= 0 && e.crf <= 51,
          "video writing: expected a key frame interval from 1, 0 to 4 b_frames and crf 0 to 51, got {}, {} and {}",
          e.key_frame_interval, e.b_frames, e.crf);
  require(format != VideoFormat::kWebm || e.b_frames == 0, "video writing: WebM's VP9 has no b_frames, got {}",
          e.b_frames);
  require(e.aspect_numerator >= 1 && e.aspect_denominator >= 1, "video writing: expected a pixel aspect, got {}:{}",
          e.aspect_numerator, e.aspect_denominator);
  require(e.quarter_turns == 0 || format == VideoFormat::kMp4, "video writing: only MP4 says how to turn the pictures");
  require(e.ticks.empty() || (format != VideoFormat::kAvi && static_cast<int64_t>(e.ticks.size()) == count &&
                              e.ticks[0] >= 0 && std::is_sorted(e.ticks.begin(), e.ticks.end(), std::less_equal<>())),
          "video writing: expected {} ascending ticks, and not for AVI", count);
}

class Writer {
 public:
  Writer(const Image& first, VideoFormat format, const VideoEncoding& encoding)
      : encoding_(encoding), output_(container_of(format)) {
    require(first.width >= 1 && first.height >= 1 && first.width <= kMaxSide_px && first.height <= kMaxSide_px,
            "video writing: expected frames of 1 to {} pixels a side, got {}x{}", kMaxSide_px, first.width,
            first.height);
    CodecPtr encoder = output_.encoder(encoder_name(format));
    encoder->width = first.width;
    encoder->height = first.height;
    const bool odd = first.width % 2 != 0 || first.height % 2 != 0;
    const bool h264 = encoder->codec_id == AV_CODEC_ID_H264;
    encoder->pix_fmt = odd && h264 ? AV_PIX_FMT_YUV444P : AV_PIX_FMT_YUV420P;
    encoder->colorspace = AVCOL_SPC_SMPTE170M;
    encoder->color_range = AVCOL_RANGE_MPEG;
    encoder->framerate = {encoding.fps_numerator, encoding.fps_denominator};
    encoder->time_base = av_inv_q(encoder->framerate);
    encoder->gop_size = encoding.key_frame_interval;
    encoder->keyint_min = encoding.key_frame_interval;
    encoder->max_b_frames = encoding.b_frames;
    encoder->sample_aspect_ratio = {encoding.aspect_numerator, encoding.aspect_denominator};
    const Options options = quality(*encoder);
    make_pictures(*encoder);
    stream_ = output_.add(std::move(encoder), options);
    if (encoding.quarter_turns % 4 != 0) turn_stream();
  }

  void write(const Image& image, int64_t index) {
    require(image.width == rgb_->width && image.height == rgb_->height,
            "video writing: frame {} is {}x{} pixels; expected {}x{} as the first", index, image.width, image.height,
            rgb_->width, rgb_->height);
    for (int y = 0; y < image.height; ++y) {
      std::memcpy(rgb_->data[0] + static_cast<ptrdiff_t>(y) * rgb_->linesize[0], image.row(y), image.row_bytes());
    }
    if (av_frame_make_writable(yuv_.get()) < 0) throw std::bad_alloc();
    sws_scale(scaler_.get(), rgb_->data, rgb_->linesize, 0, image.height, yuv_->data, yuv_->linesize);
    yuv_->pts = encoding_.ticks.empty() ? index : encoding_.ticks[static_cast<size_t>(index)];
    output_.encode(stream_, *yuv_);
  }

  std::vector<std::byte> finish() { return output_.finish(); }

 private:
  Options quality(AVCodecContext& encoder) const {
    const int crf = encoding_.crf;
    switch (encoder.codec_id) {
      case AV_CODEC_ID_H264:
        // With mbtree, x264's vector code gives other bytes each time for pictures of few blocks.
        return {{"crf", std::to_string(crf)}, {"x264-params", "scenecut=0:mbtree=0"}};
      case AV_CODEC_ID_VP9:
        encoder.bit_rate = 0;
        return {{"crf", std::to_string(crf * 63 / 51)}, {"cpu-used", "5"}};
      default:  // MPEG-4's quantiser doubles where H.264's rate factor grows by 6
        encoder.flags |= AV_CODEC_FLAG_QSCALE;
        encoder.global_quality = FF_QP2LAMBDA * std::clamp(static_cast<int>(std::exp2((crf - 12) / 6.0)), 1, 31);
        return {{"sc_threshold", "1000000000"}};
    }
  }

  void make_pictures(const AVCodecContext& encoder) {
    rgb_ = picture(encoder, AV_PIX_FMT_RGB24);
    yuv_ = picture(encoder, encoder.pix_fmt);
    scaler_.reset(allocated(sws_getContext(encoder.width, encoder.height, AV_PIX_FMT_RGB24, encoder.width,
                                           encoder.height, encoder.pix_fmt, SWS_BICUBIC, nullptr, nullptr, nullptr)));
  }

  static FramePtr picture(const AVCodecContext& encoder, AVPixelFormat format) {
    FramePtr frame(allocated(av_frame_alloc()));
    frame->width = encoder.width;
    frame->height = encoder.height;
    frame->format = format;
    if (av_frame_get_buffer(frame.get(), 0) < 0) throw std::bad_alloc();
    return frame;
  }

  void turn_stream() {
    uint8_t* data = allocated(av_stream_new_side_data(stream_, AV_PKT_DATA_DISPLAYMATRIX, 9 * sizeof(int32_t)));
    av_display_rotation_set(reinterpret_cast<int32_t*>(data), 90.0 * encoding_.quarter_turns);
  }

  const VideoEncoding& encoding_;
  AvOutput output_;
  AVStream* stream_ = nullptr;
  SwsPtr scaler_;
  FramePtr rgb_;
  FramePtr yuv_;
};

}  // namespace

std::vector<std::byte> encode_video(int64_t count, const FrameSource& frame, VideoFormat format,
                                    const VideoEncoding& encoding) {
  check_encoding(format, count, encoding);
  Image image = frame(0);
  Writer writer(image, format, encoding);
  for (int64_t i = 0; i < count; ++i) {
    if (i > 0) image = frame(i);
    writer.write(image, i);
  }
  return writer.finish();
}

std::vector<std::byte> encode_video(std::span<const Image> frames, VideoFormat format, const VideoEncoding& encoding) {
  return encode_video(
      static_cast<int64_t>(frames.size()), [&](int64_t i) { return frames[static_cast<size_t>(i)]; }, format, encoding);
}

void save_video(const std::filesystem::path& path, std::span<const Image> frames, const VideoEncoding& encoding) {
  const std::string extension = path.extension().string();
  VideoFormat format{};
  if (extension == ".mp4") {
    format = VideoFormat::kMp4;
  } else if (extension == ".webm") {
    format = VideoFormat::kWebm;
  } else if (extension == ".avi") {
    format = VideoFormat::kAvi;
  } else if (extension == ".mkv") {
    format = VideoFormat::kMkv;
  } else {
    fail("'{}': videos are saved as .mp4, .webm, .avi or .mkv, got the extension '{}'", path.string(), extension);
  }
  write_file_atomically(path, encode_video(frames, format, encoding));
}

}  // namespace epalm::media
