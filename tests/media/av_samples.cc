#include "tests/media/av_samples.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <numbers>

#include "epalm/media/audio_file.h"
#include "epalm/media/audio_writer.h"
#include "epalm/media/video_file.h"
#include "epalm/media/video_writer.h"

namespace epalm::media::samples {
namespace {

constexpr int kColumns = 5;
constexpr int kRows = 2;

class Folder {
 public:
  Folder() : path_(std::filesystem::path(testing::TempDir()) / ("epalm_media_" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(path_);
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

std::string quoted(const std::filesystem::path& path) {
  return "'" + path.string() + "'";
}

}  // namespace

std::filesystem::path temporary(const std::string& name) {
  static const Folder folder;
  return folder.path() / name;
}

std::filesystem::path written(const std::string& name, const Bytes& bytes) {
  const std::filesystem::path path = temporary(name);
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  return path;
}

Bytes bytes_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto* begin = reinterpret_cast<const std::byte*>(text.data());
  return {begin, begin + text.size()};
}

Image numbered_frame(int64_t number, int width, int height) {
  Image image(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const int square = y * kRows / height * kColumns + x * kColumns / width;
      const int level = (number >> square & 1) != 0 ? 200 : 40;
      uint8_t* pixel = image.row(y) + 3 * x;
      pixel[0] = static_cast<uint8_t>(level + (x + 3 * number) % 16);
      pixel[1] = static_cast<uint8_t>(level + (y + 2 * number) % 16);
      pixel[2] = static_cast<uint8_t>(level + 8);
    }
  }
  return image;
}

int64_t number_shown(const Image& image) {
  int64_t number = 0;
  for (int square = 0; square < kColumns * kRows; ++square) {
    const int x = (2 * (square % kColumns) + 1) * image.width / (2 * kColumns);
    const int y = (2 * (square / kColumns) + 1) * image.height / (2 * kRows);
    if (image.row(y)[3 * x + 1] >= 128) number |= int64_t{1} << square;
  }
  return number;
}

std::vector<Image> numbered_frames(int64_t count, int width, int height) {
  std::vector<Image> frames;
  for (int64_t i = 0; i < count; ++i) frames.push_back(numbered_frame(i, width, height));
  return frames;
}

Waveform tones(int sample_rate_hz, int channels, int64_t length) {
  Waveform sound{sample_rate_hz, channels, {}};
  for (int c = 0; c < channels; ++c) {
    for (int64_t i = 0; i < length; ++i) {
      const double turns = (220.0 + 110.0 * c) * static_cast<double>(i) / sample_rate_hz;
      const double swell = 0.3 + 0.2 * std::sin(2 * std::numbers::pi * 3.0 * static_cast<double>(i) / sample_rate_hz);
      sound.samples.push_back(static_cast<float>(swell * std::sin(2 * std::numbers::pi * turns)));
    }
  }
  return sound;
}

bool ffmpeg(const std::string& arguments) {
  const std::string command = "ffmpeg -nostdin -v error -y -threads 1 " + arguments + " >/dev/null 2>&1";
  return std::system(command.c_str()) == 0;
}

int64_t frames_by_ffprobe(const std::filesystem::path& path) {
  const std::string command =
      "ffprobe -v error -count_frames -select_streams v:0 -show_entries stream=nb_read_frames "
      "-of csv=p=0 " +
      quoted(path) + " 2>/dev/null";
  FILE* output = ::popen(command.c_str(), "r");
  if (output == nullptr) return -1;
  long long frames = -1;
  if (std::fscanf(output, "%lld", &frames) != 1) frames = -1;
  ::pclose(output);
  return frames;
}

int64_t growth_mib(const std::function<void()>& work) {
  const auto peak_kib = [] {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
  };
  int ends[2];
  if (::pipe(ends) != 0) return -1;
  const pid_t id = ::fork();
  if (id == 0) {
    const int64_t before = peak_kib();
    work();
    const int64_t growth = (peak_kib() - before) / 1024;
    ::_exit(::write(ends[1], &growth, sizeof growth) == sizeof growth ? 0 : 1);
  }
  int64_t growth = -1;
  int status = 0;
  const bool told = id > 0 && ::waitpid(id, &status, 0) == id && status == 0;
  if (told && ::read(ends[0], &growth, sizeof growth) != sizeof growth) growth = -1;
  ::close(ends[0]);
  ::close(ends[1]);
  return growth;
}

int mutations(int unless_set) {
  const char* wanted = std::getenv("EPALM_MUTATIONS");
  return wanted == nullptr ? unless_set : std::atoi(wanted);
}

Bytes small_sound(const std::string& extension) {
  const Waveform sound = tones(16'000, 2, 40'000);
  if (extension == ".wav") return encode_audio(sound, AudioFormat::kWav);
  if (extension == ".flac") return encode_audio(sound, AudioFormat::kFlac);
  const auto source = written("small_sound_source.wav", encode_audio(sound, AudioFormat::kWav));
  const auto target = temporary("small_sound" + extension);
  return ffmpeg("-i " + quoted(source) + " -b:a 64k " + quoted(target)) ? bytes_of(target) : Bytes();
}

Bytes small_video(const std::string& extension) {
  const std::vector<Image> frames = numbered_frames(30, 64, 48);
  VideoEncoding encoding;
  encoding.key_frame_interval = 10;
  if (extension == ".webm") return encode_video(frames, VideoFormat::kWebm, encoding);
  encoding.b_frames = 2;
  if (extension == ".mp4") return encode_video(frames, VideoFormat::kMp4, encoding);
  if (extension == ".avi") return encode_video(frames, VideoFormat::kAvi, encoding);
  if (extension == ".mkv") return encode_video(frames, VideoFormat::kMkv, encoding);
  const auto source = written("small_video_source.mkv", encode_video(frames, VideoFormat::kMkv, encoding));
  const auto target = temporary("small_video" + extension);
  return ffmpeg("-i " + quoted(source) + " " + quoted(target)) ? bytes_of(target) : Bytes();
}

std::string video_error(const std::filesystem::path& path, const MediaLimits& limits) {
  return error_of([&] {
    VideoFile video(path, {.limits = limits, .threads = 1});
    std::vector<int64_t> indices;
    for (int64_t i = 0; i < video.info().frames; ++i) indices.push_back(i);
    video.for_each_frame(indices, [](size_t, const Image&) {});
  });
}

std::string audio_error(const std::filesystem::path& path, const MediaLimits& limits, int sample_rate_hz) {
  return error_of([&] { load_audio(path, {.limits = limits, .sample_rate_hz = sample_rate_hz}); });
}

}  // namespace epalm::media::samples
