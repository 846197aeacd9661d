#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "epalm/media/image.h"
#include "epalm/media/media_limits.h"

namespace epalm::media {

// kWhenCheaper: decoding begins at the key frame before the wanted one when that skips packets, and leaves out the
// pictures on the way that no other refers to (H.264). kNever: every packet from the first on. The pixels are the same.
enum class Seeking { kWhenCheaper, kNever };

struct VideoOptions {
  MediaLimits limits{};
  int threads =
      0;  // of the decoder; 0: one per core, at most 8, fewer for large pictures. A loader with workers sets 1.
  Seeking seeking = Seeking::kWhenCheaper;
};

struct VideoInfo {
  int width = 0;  // of the returned images, turned as the file's rotation says
  int height = 0;
  int64_t frames = 0;       // as `ffprobe -count_frames` counts
  double fps = 0;           // the average that the container states, or that the time stamps give
  double duration_s = 0;    // of the video stream: as stated, or frames / fps
  double pixel_aspect = 1;  // width of a pixel / height, after turning; images keep the stored pixels
  std::string container;    // FFmpeg's names
  std::string codec;
  bool is_still_picture = false;  // a picture, which FFmpeg reads as a video of one frame
};

// A local video of any container and codec that FFmpeg knows, its frames addressed exactly: index k is the k-th frame
// in presentation order, for constant and variable frame rates, frames stored out of order and edit lists. Opening
// reads the file once without decoding to find the frames; where packets do not tell (frames without time stamps,
// interlaced fields, animated GIF), it decodes once. Memory: the decoder's frames (at most 16 that others refer to, and
// one for each thread, of which there are the fewer the larger the frames), 60 bytes per frame of the file, and what a
// call returns. Throws Error naming the file: not a regular file (URL, device, folder, pipe), no video in it,
// beyond the limits, damaged or truncated, another resolution midway; of damage within a frame that is decoded, its
// number. An Error while reading leaves the object usable. One thread at a time per object.
// Damage is noticed as far as the codec lets it. FFV1 and PNG have checksums and show every changed byte; one changed
// byte of MPEG-2, MPEG-4 or GIF shows more often than not, of H.264, AV1 or Motion JPEG about every second or third
// time, of HEVC, VP8 and VP9 hardly ever: it then gives other pixels, in every program.
class VideoFile {
 public:
  explicit VideoFile(const std::filesystem::path& path, const VideoOptions& options = {});
  ~VideoFile();
  VideoFile(VideoFile&&) noexcept;
  VideoFile& operator=(VideoFile&&) noexcept;

  const VideoInfo& info() const;

  // One image per index, in the order of `indices`, which may repeat and be in any order, each in [0, info().frames).
  std::vector<Image> frames(std::span<const int64_t> indices);

  // The same, one image at a time: use(place, image) for each place in `indices`, by ascending index. Only one image is
  // held, so max_memory_bytes does not limit the number of indices.
  using UseFrame = std::function<void(size_t place, const Image& image)>;
  void for_each_frame(std::span<const int64_t> indices, const UseFrame& use);

  // How many frames the decoder made since opening, the first one then included: what seeking saved is seen here.
  int64_t frames_decoded() const;

 private:
  class Reader;
  std::unique_ptr<Reader> reader_;
};

}  // namespace epalm::media
