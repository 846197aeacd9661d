#include "epalm/media/rgb_converter.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace epalm::media {

// Row vectors: x' = m0 x + m3 y, y' = m1 x + m4 y (libavutil/display.h).
Orientation Orientation::of_matrix(std::span<const int32_t, 9> m) {
  const auto size = [](int32_t a, int32_t b) { return std::abs(int64_t{a}) + std::abs(int64_t{b}); };
  const int64_t straight = size(m[0], m[4]);
  const int64_t crossed = size(m[1], m[3]);
  if (straight == 0 && crossed == 0) return {};
  if (crossed > straight) return {true, m[3] < 0, m[1] < 0};
  return {false, m[0] < 0, m[4] < 0};
}

Orientation Orientation::of_stream(const AVStream* stream) {
  size_t bytes = 0;
  const uint8_t* data = av_stream_get_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, &bytes);
  std::array<int32_t, 9> matrix{};
  if (data == nullptr || bytes < sizeof matrix) return {};
  std::memcpy(matrix.data(), data, sizeof matrix);
  return of_matrix(matrix);
}

Image oriented(const Image& image, const Orientation& orientation) {
  if (orientation == Orientation{}) return image;
  Image out = orientation.transpose ? Image(image.height, image.width) : Image(image.width, image.height);
  for (int y = 0; y < out.height; ++y) {
    const int across = orientation.mirror_y ? out.height - 1 - y : y;
    uint8_t* to = out.row(y);
    for (int x = 0; x < out.width; ++x, to += 3) {
      const int along = orientation.mirror_x ? out.width - 1 - x : x;
      const uint8_t* from = orientation.transpose ? image.row(along) + across * 3 : image.row(across) + along * 3;
      std::copy(from, from + 3, to);
    }
  }
  return out;
}

void RgbConverter::prepare(const AVFrame& frame, const std::string& name_for_errors) {
  const bool same_picture = frame.width == width_ && frame.height == height_ && frame.format == format_;
  if (same_picture && frame.colorspace == matrix_ && frame.color_range == range_) return;
  format_ = -1;
  const auto format = static_cast<AVPixelFormat>(frame.format);
  scaler_.reset(sws_getContext(frame.width, frame.height, format, frame.width, frame.height, AV_PIX_FMT_RGB24,
                               SWS_BICUBIC, nullptr, nullptr, nullptr));
  require(scaler_ != nullptr, "'{}': the video's pixel format {} cannot be turned into RGB", name_for_errors,
          frame.format);
  const int full_range = frame.color_range == AVCOL_RANGE_JPEG ? 1 : 0;
  // Refused for formats that are RGB already, which need none of it.
  sws_setColorspaceDetails(scaler_.get(), sws_getCoefficients(frame.colorspace), full_range,
                           sws_getCoefficients(SWS_CS_DEFAULT), 1, 0, 1 << 16, 1 << 16);
  rgb_.reset(allocated(av_frame_alloc()));
  rgb_->width = frame.width;
  rgb_->height = frame.height;
  rgb_->format = AV_PIX_FMT_RGB24;
  if (av_frame_get_buffer(rgb_.get(), 0) < 0) throw std::bad_alloc();
  width_ = frame.width;
  height_ = frame.height;
  format_ = frame.format;
  matrix_ = frame.colorspace;
  range_ = frame.color_range;
}

const Image& RgbConverter::convert(const AVFrame& frame, const std::string& name_for_errors) {
  prepare(frame, name_for_errors);
  const int rows = sws_scale(scaler_.get(), frame.data, frame.linesize, 0, frame.height, rgb_->data, rgb_->linesize);
  require(rows == frame.height, "'{}': a frame cannot be turned into RGB", name_for_errors);
  if (image_.width != frame.width || image_.height != frame.height) image_ = Image(frame.width, frame.height);
  for (int y = 0; y < image_.height; ++y) {
    std::memcpy(image_.row(y), rgb_->data[0] + static_cast<ptrdiff_t>(y) * rgb_->linesize[0], image_.row_bytes());
  }
  return image_;
}

}  // namespace epalm::media
