#pragma once

#include <filesystem>

#include "epalm/media/media_limits.h"
#include "epalm/media/waveform.h"

namespace epalm::media {

struct AudioOptions {
  MediaLimits limits{};
  int sample_rate_hz = 0;  // to resample to; 0: the file's own
};

// Reads the sound of any local file that FFmpeg knows, the sound track of a video too, all channels. Integers become
// value / 2^(bits-1) and so lie in [-1,1); what floating-point and lossy codecs give beyond that stays. Samples that a
// codec adds before and after the sound are left out as the file says.
// Throws Error naming the file: not a regular file, no sound in it, beyond the limits, truncated, a packet that cannot
// be decoded, samples that are no numbers, another rate or number of channels midway. Of the packets of an MP3 one of
// 50 may be junk, which players skip: it is left out with a warning. Damage is noticed as far as codec and container
// let it: FLAC and Ogg have checksums and show every changed byte, ALAC and AAC about half, others hardly any.
// Thread-safe.
Waveform load_audio(const std::filesystem::path& path, const AudioOptions& options = {});

}  // namespace epalm::media
