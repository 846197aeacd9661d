#include "epalm/media/media_kind.h"

#include <array>
#include <span>

#include "epalm/media/av_input.h"
#include "epalm/media/image_file.h"

namespace epalm::media {

MediaKind media_kind(const std::filesystem::path& path, const MediaLimits& limits) {
  const auto file = std::make_shared<LocalFile>(path);
  file->start_clock(limits.max_work_s);
  std::array<uint8_t, 64> head{};  // more than any of the formats' marks takes
  const int64_t count = file->read_at(0, head.data(), std::ssize(head));
  if (count > 0 && looks_like_image(std::as_bytes(std::span(head).first(static_cast<size_t>(count))))) {
    return MediaKind::kPicture;
  }
  const AvInput input(file, limits);
  if (input.has(AVMEDIA_TYPE_VIDEO)) return input.is_still_picture() ? MediaKind::kPicture : MediaKind::kVideo;
  input.stream(AVMEDIA_TYPE_AUDIO);
  return MediaKind::kSound;
}

}  // namespace epalm::media
