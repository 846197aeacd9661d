#pragma once

#include <filesystem>

#include "epalm/media/media_limits.h"

namespace epalm::media {

enum class MediaKind { kPicture, kVideo, kSound };

// What a local file holds, by content: a picture, also an animated one, of the formats of load_image or a single one
// that FFmpeg knows; else a video if it has one, else sound. Looks at the headers and the first packets alone, so that
// damage farther on is not seen. Throws Error naming the file: not a regular file, empty, none of the three, beyond the
// limits. Thread-safe.
MediaKind media_kind(const std::filesystem::path& path, const MediaLimits& limits = {});

}  // namespace epalm::media
