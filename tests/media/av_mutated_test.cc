// Damages videos and sounds at random: whatever comes, reading gives pictures or samples within the limits or an Error,
// in bounded time, and nothing else. EPALM_MUTATIONS: how many of each kind of file. Meant to run under
// AddressSanitizer and UBSan as well.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "epalm/base/python_random.h"
#include "epalm/media/audio_file.h"
#include "epalm/media/video_file.h"
#include "tests/media/av_samples.h"

namespace epalm::media {
namespace {

using samples::Bytes;

// Small, so that a changed size costs no time.
constexpr double kMaxWork_s = 5;
constexpr MediaLimits kLimits{.max_pixels = 1 << 18,
                              .max_frames = 1000,
                              .max_duration_s = 3600,
                              .max_memory_bytes = 64 << 20,
                              .max_work_s = kMaxWork_s};

// The clock is looked at between packets, and one packet holds at most 2^18 pixels; the rest is for a busy machine with
// sanitizers.
constexpr double kMaxCall_s = 2 * kMaxWork_s + 10;

Bytes mutated(Bytes bytes, PythonRandom& random) {
  const auto place = [&](size_t size) { return random.randrange(static_cast<int64_t>(size)); };
  const int64_t changes = random.random() < 0.5 ? 1 : random.randint(2, 4);
  for (int64_t i = 0; i < changes && bytes.size() > 1; ++i) {
    // Half of the changes go to the first 512 bytes, where headers are.
    const size_t range = random.random() < 0.5 ? std::min<size_t>(bytes.size(), 512) : bytes.size();
    const auto begin = bytes.begin() + place(range);
    const auto end = begin + std::min<std::ptrdiff_t>(bytes.end() - begin, random.randint(1, 64));
    switch (random.randrange(7)) {
      case 0:
        *begin ^= static_cast<std::byte>(1 << random.randrange(8));
        break;
      case 1:
        *begin = static_cast<std::byte>(random.getrandbits(8));
        break;
      case 2:
        std::fill(begin, std::min(end, begin + 8), random.random() < 0.5 ? std::byte{0} : std::byte{0xff});
        break;
      case 3:
        bytes.erase(begin, end);
        break;
      case 4: {
        const Bytes piece(begin, end);
        bytes.insert(bytes.begin() + place(bytes.size()), piece.begin(), piece.end());
        break;
      }
      case 5: {  // a piece goes to another place
        const Bytes piece(begin, end);
        bytes.erase(begin, end);
        bytes.insert(bytes.begin() + place(bytes.size() + 1), piece.begin(), piece.end());
        break;
      }
      default:
        std::for_each(begin, end, [&](std::byte& b) { b = static_cast<std::byte>(random.getrandbits(8)); });
    }
  }
  if (random.random() < 0.15) bytes.resize(static_cast<size_t>(place(bytes.size() + 1)));
  return bytes;
}

// Sets Ogg's check sums right after a change, so that the change itself is read.
void repair_ogg_checksums(Bytes& ogg) {
  constexpr size_t kHeader = 27;
  constexpr size_t kChecksumAt = 22;
  const std::array<std::byte, 4> mark{std::byte{'O'}, std::byte{'g'}, std::byte{'g'}, std::byte{'S'}};
  for (auto page = ogg.begin();; ++page) {
    page = std::search(page, ogg.end(), mark.begin(), mark.end());
    const auto left = static_cast<size_t>(ogg.end() - page);
    if (left < kHeader) return;
    const auto segments = static_cast<size_t>(page[kHeader - 1]);
    size_t size = kHeader + segments;
    for (size_t i = 0; i < segments && kHeader + i < left; ++i) size += static_cast<size_t>(page[kHeader + i]);
    std::fill_n(page + kChecksumAt, 4, std::byte{0});
    uint32_t sum = 0;
    for (size_t i = 0; i < std::min(size, left); ++i) {
      sum ^= static_cast<uint32_t>(page[i]) << 24;
      for (int bit = 0; bit < 8; ++bit) sum = sum << 1 ^ ((sum >> 31) != 0 ? 0x04c11db7U : 0U);
    }
    for (size_t i = 0; i < 4; ++i) page[kChecksumAt + i] = static_cast<std::byte>(sum >> (8 * i));
  }
}

void read_video(const std::filesystem::path& path) {
  VideoOptions options;
  options.limits = kLimits;
  options.threads = 1;
  VideoFile video(path, options);
  const VideoInfo& info = video.info();
  ASSERT_GT(info.frames, 0);
  ASSERT_LE(info.frames, kLimits.max_frames);
  ASSERT_GT(info.fps, 0);
  const std::vector<int64_t> wanted{info.frames - 1, 0, info.frames / 2};
  for (const Image& image : video.frames(wanted)) {
    ASSERT_EQ(image.width, info.width);
    ASSERT_EQ(image.height, info.height);
    ASSERT_LE(static_cast<int64_t>(image.width) * image.height, kLimits.max_pixels);
    ASSERT_EQ(image.rgb.size(), static_cast<size_t>(image.width) * static_cast<size_t>(image.height) * 3);
  }
}

void read_sound(const std::filesystem::path& path) {
  const Waveform sound = load_audio(path, {.limits = kLimits});
  ASSERT_GT(sound.length(), 0);
  ASSERT_GT(sound.sample_rate_hz, 0);
  ASSERT_LE(static_cast<int64_t>(sound.samples.size() * sizeof(float)), kLimits.max_memory_bytes);
  ASSERT_EQ(sound.samples.size() % static_cast<size_t>(sound.channels), 0U);
}

struct Kind {
  const char* extension;
  bool is_video;
};

void PrintTo(const Kind& kind, std::ostream* out) {
  *out << kind.extension;
}

class MediaMutated : public testing::TestWithParam<Kind> {};

TEST_P(MediaMutated, IsReadOrRefused) {
  const auto [extension, is_video] = GetParam();
  const Bytes file = is_video ? samples::small_video(extension) : samples::small_sound(extension);
  if (file.empty()) GTEST_SKIP() << "this ffmpeg does not make " << extension;
  const auto read = is_video ? read_video : read_sound;
  ASSERT_NO_THROW(read(samples::written(std::string("whole") + extension, file)));
  PythonRandom random(static_cast<uint64_t>(extension[1]) * 256 + static_cast<uint64_t>(extension[2]));
  int read_count = 0;
  int errors = 0;
  double longest_s = 0;
  const int mutations = samples::mutations(25);
  for (int i = 0; i < mutations; ++i) {
    Bytes bytes = mutated(file, random);
    if (std::string(extension) == ".ogg" && i % 4 != 0) repair_ogg_checksums(bytes);  // they hide the rest
    const auto path = samples::written(std::string("mutated") + extension, bytes);
    const auto start = std::chrono::steady_clock::now();
    try {
      read(path);
      ++read_count;
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(path.filename()), std::string::npos) << error.what();
      ++errors;
    }
    longest_s = std::max(longest_s, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    if (HasFatalFailure() || HasNonfatalFailure()) {
      std::filesystem::copy_file(path, path.string() + ".found", std::filesystem::copy_options::overwrite_existing);
      FAIL() << "mutation " << i;
    }
  }
  std::printf("%s: %d mutations, %d read, %d refused, longest %.2f s\n", extension, mutations, read_count, errors,
              longest_s);
  EXPECT_LT(longest_s, kMaxCall_s);
  EXPECT_GT(errors, 0) << "no mutation did harm: the test tests nothing";
  EXPECT_GT(read_count, 0) << "no mutation was harmless: the test does not come past the header";
}

constexpr Kind kKinds[]{{".mp4", true},  {".webm", true},  {".avi", true},  {".mkv", true},  {".gif", true},
                        {".wav", false}, {".flac", false}, {".mp3", false}, {".ogg", false}, {".m4a", false}};

INSTANTIATE_TEST_SUITE_P(Kinds, MediaMutated, testing::ValuesIn(kKinds),
                         [](const auto& info) { return std::string(info.param.extension + 1); });

}  // namespace
}  // namespace epalm::media
