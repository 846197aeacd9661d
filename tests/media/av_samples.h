#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "epalm/base/error.h"
#include "epalm/media/image.h"
#include "epalm/media/media_limits.h"
#include "epalm/media/waveform.h"

// Videos and sounds for tests, and the programs ffmpeg and ffprobe as makers of what epalm does not write itself and as
// a second opinion.
namespace epalm::media::samples {

using Bytes = std::vector<std::byte>;

// A path in a folder of this run's own.
std::filesystem::path temporary(const std::string& name);
std::filesystem::path written(const std::string& name, const Bytes& bytes);
Bytes bytes_of(const std::filesystem::path& path);

// A picture that shows a number from 0 to 1023 as ten squares, light or dark, on a ground that moves with it.
Image numbered_frame(int64_t number, int width, int height);
int64_t number_shown(const Image& image);
std::vector<Image> numbered_frames(int64_t count, int width, int height);

// Sines of a different pitch in each channel, at most 0.5 high.
Waveform tones(int sample_rate_hz, int channels, int64_t length);

// Runs `ffmpeg ARGUMENTS`; false if there is no such program or it fails, as it does without the encoder.
bool ffmpeg(const std::string& arguments);
// What `ffprobe -count_frames` says of the video; -1 without an answer.
int64_t frames_by_ffprobe(const std::filesystem::path& path);

// By how much the memory of a process of its own grows at most while it does that; -1 if that process fails.
int64_t growth_mib(const std::function<void()>& work);

// How many files of each kind a test is to damage: the variable EPALM_MUTATIONS, if it is set.
int mutations(int unless_set);

// The same sound, or a clip of 30 frames of 64x48 pixels at 25 a second, as a small file of this extension; empty where
// ffmpeg cannot make it.
Bytes small_sound(const std::string& extension);
Bytes small_video(const std::string& extension);

// What is said of a file that cannot be read; "no error" if it can.
template <typename Read>
std::string error_of(const Read& read) {
  try {
    read();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

// The same of every frame of a video, as a reader that wants to know all of the file.
std::string video_error(const std::filesystem::path& path, const MediaLimits& limits = {});
std::string audio_error(const std::filesystem::path& path, const MediaLimits& limits = {}, int sample_rate_hz = 0);

}  // namespace epalm::media::samples
