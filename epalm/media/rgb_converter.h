#pragma once

#include <span>

#include "epalm/media/av_handles.h"
#include "epalm/media/image.h"

namespace epalm::media {

// Internal to the room: how a stored picture is turned to be looked at, first transposed, then mirrored.
struct Orientation {
  bool transpose = false;
  bool mirror_x = false;
  bool mirror_y = false;
  bool operator==(const Orientation&) const = default;

  // Of FFmpeg's display matrix (9 numbers), to the nearest quarter turn; a senseless matrix turns nothing.
  static Orientation of_matrix(std::span<const int32_t, 9> matrix);
  static Orientation of_stream(const AVStream* stream);
};

Image oriented(const Image& image, const Orientation& orientation);

// Decoded frames of any pixel format to 8-bit RGB, by libswscale's default path as players take it: the frame's own
// colour matrix and range, BT.601 where it names none, alpha dropped.
class RgbConverter {
 public:
  // The picture is overwritten by the next one. Throws Error naming the file where libswscale cannot read the format.
  const Image& convert(const AVFrame& frame, const std::string& name_for_errors);

 private:
  void prepare(const AVFrame& frame, const std::string& name_for_errors);

  SwsPtr scaler_;
  FramePtr rgb_;
  Image image_;
  int width_ = 0, height_ = 0, format_ = -1, matrix_ = -1, range_ = -1;  // that scaler_ is made for
};

}  // namespace epalm::media
