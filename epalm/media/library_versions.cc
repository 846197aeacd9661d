#include "epalm/media/library_versions.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
}

#include <fmt/format.h>

namespace epalm::media {
namespace {

std::string text_of(unsigned version) {
  return fmt::format("{}.{}.{}", AV_VERSION_MAJOR(version), AV_VERSION_MINOR(version), AV_VERSION_MICRO(version));
}

}  // namespace

std::string ffmpeg_versions() {
  return fmt::format("libavformat {}, libavcodec {}", text_of(avformat_version()), text_of(avcodec_version()));
}

}  // namespace epalm::media
