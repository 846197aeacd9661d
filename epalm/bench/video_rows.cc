#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "epalm/base/atomic_write.h"
#include "epalm/base/error.h"
#include "epalm/bench/all_rows.h"
#include "epalm/bench/child_process.h"
#include "epalm/bench/clip_pictures.h"
#include "epalm/bench/race.h"
#include "epalm/media/frame_sampling.h"
#include "epalm/media/tensor_resize.h"
#include "epalm/media/video_file.h"
#include "epalm/media/video_writer.h"

namespace epalm::bench {
namespace {

namespace fs = std::filesystem;

constexpr int kSize_px = 224;  // what the encoders take

struct Clip {
  int width = 640;
  int height = 360;
  int fps = 25;
  int64_t seconds = 10;
  int key_frame_interval = 50;
  int b_frames = 2;

  int64_t frames() const { return seconds * fps; }
};

// Writes the clip as MP4 and says what it is.
std::string write_clip(const fs::path& path, const Clip& clip) {
  media::VideoEncoding encoding;
  encoding.fps_numerator = clip.fps;
  encoding.key_frame_interval = clip.key_frame_interval;
  encoding.b_frames = clip.b_frames;
  encoding.crf = 23;
  const auto bytes =
      media::encode_video(clip.frames(), ClipPictures(clip.width, clip.height), media::VideoFormat::kMp4, encoding);
  write_file_atomically(path, bytes);
  return fmt::format("{} frames of {}x{} at {} a second, a key frame every {}, {:.0f} kbit/s", clip.frames(),
                     clip.width, clip.height, clip.fps, clip.key_frame_interval,
                     static_cast<double>(bytes.size()) * 8 / 1000 / static_cast<double>(clip.seconds));
}

// Opens the file and prepares the frames as evaluation does.
void prepare_frames(const fs::path& path, std::span<const int64_t> indices, media::Seeking seeking) {
  media::VideoOptions options;
  options.seeking = seeking;
  media::VideoFile(path, options).for_each_frame(indices, [](size_t, const media::Image& image) {
    media::resize_bicubic_unsmoothed(image, kSize_px, kSize_px);
  });
}

Measurement measure_all(const fs::path& scratch) {
  const fs::path path = scratch / "clip.mp4";
  const Clip clip;
  Measurement measured;
  measured.note = write_clip(path, clip);
  const std::vector<std::string> decode{"ffmpeg", "-nostdin", "-i", path.string(), "-f", "null", "-"};
  const auto status = run_program(decode);
  if (!status) return {.note = "not measured: no ffmpeg program"};
  require(*status == 0, "`{}` ended with code {}", fmt::join(decode, " "), *status);
  std::vector<int64_t> indices(static_cast<size_t>(clip.frames()));
  std::iota(indices.begin(), indices.end(), int64_t{0});
  const RaceResult result =
      race([&] { prepare_frames(path, indices, media::Seeking::kWhenCheaper); }, [&] { run_program(decode); });
  measured.value = static_cast<double>(clip.frames()) / result.ours_s;
  measured.twin = static_cast<double>(clip.frames()) / result.twin_s;
  measured.ratio = result.ratio;
  return measured;
}

Measurement measure_seek(const fs::path& scratch) {
  const fs::path path = scratch / "clip.mp4";
  Clip clip;
  clip.seconds = 60;
  Measurement measured;
  measured.note = write_clip(path, clip);
  const auto indices = media::sample_middle(clip.frames(), 8);
  std::vector<int64_t> and_last = indices;  // which makes the plain path decode everything
  and_last.push_back(clip.frames() - 1);
  const RaceResult result = race([&] { prepare_frames(path, indices, media::Seeking::kWhenCheaper); },
                                 [&] { prepare_frames(path, and_last, media::Seeking::kNever); });
  measured.value = 1 / result.ours_s;
  measured.twin = 1 / result.twin_s;
  measured.ratio = result.ratio;
  return measured;
}

Measurement measure_two_hours(const fs::path& scratch) {
  const fs::path path = scratch / "long.mp4";
  Clip clip;
  clip.width = 320;
  clip.height = 180;
  clip.fps = 1;
  clip.seconds = 7200;
  clip.key_frame_interval = 10;
  Measurement measured;
  // Making the file takes memory that is not the sampling's.
  measured.note = in_child_process([&] { return write_clip(path, clip); }).text;
  const ChildResult child = in_child_process([&] {
    media::VideoFile video(path);
    const auto images = video.frames(media::sample_middle(video.info().frames, 8));
    EPALM_ASSERT(images.size() == 8);
    return std::string();
  });
  measured.value = child.peak_rss_gb * 1000;
  measured.peak_rss_gb = child.peak_rss_gb;
  return measured;
}

}  // namespace

std::vector<Row> video_rows() {
  return {
      {.name = "media.video_all",
       .what = "all frames of a video decoded and resized to 224x224, against `ffmpeg -i F -f null -`, which decodes",
       .unit = "frames/s",
       .target = Target{Target::Kind::kRatioAtLeast, 0.7},
       .measure = measure_all},
      {.name = "media.video_seek",
       .what = "8 frames from the middles of 8 parts of a video of 60 s, opened, decoded by seeking and resized, "
               "against decoding everything",
       .unit = "videos/s",
       .target = Target{Target::Kind::kRatioAtLeast, 5},
       .measure = measure_seek},
      {.name = "media.two_hours",
       .what = "peak memory of a process, its libraries included, that samples 8 frames of a video of two hours",
       .unit = "MB",
       .target = Target{Target::Kind::kValueAtMost, 500},
       .measure = measure_two_hours}};
}

}  // namespace epalm::bench
