#pragma once

#include <cstddef>
#include <filesystem>
#include <vector>

#include "epalm/media/waveform.h"

namespace epalm::media {

enum class AudioFormat { kWav, kFlac };

// 16 bits a sample, round(32768 x) clipped, so that reading gives back what was read from such a file; the same bytes
// for the same input. Throws Error for sound without samples, more than 8 channels or an impossible rate.
std::vector<std::byte> encode_audio(const Waveform& waveform, AudioFormat format);

// By extension: .wav or .flac. The file is replaced whole or not at all.
void save_audio(const std::filesystem::path& path, const Waveform& waveform);

}  // namespace epalm::media
