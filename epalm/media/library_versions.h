#pragma once

#include <string>

namespace epalm::media {

// Of FFmpeg's libraries that are loaded, as "libavformat 59.27.100, libavcodec 59.37.100".
std::string ffmpeg_versions();

}  // namespace epalm::media
