#include <webp/decode.h>

#include "epalm/media/image_codec.h"

namespace epalm::media {

Image decode_webp(const Encoded& file) {
  WebPBitstreamFeatures features;
  require(WebPGetFeatures(file.data(), file.bytes.size(), &features) == VP8_STATUS_OK,
          "'{}': the WebP file's header is damaged or truncated", file.name);
  check_image_size(file, features.width, features.height);
  require(features.has_animation == 0, "'{}' is an animated WebP file; expected a still one; save one frame of it",
          file.name);
  Image image(features.width, features.height);
  const uint8_t* done = WebPDecodeRGBInto(file.data(), file.bytes.size(), image.rgb.data(), image.rgb.size(),
                                          static_cast<int>(image.row_bytes()));
  require(done != nullptr, "'{}': the WebP file is damaged or truncated", file.name);
  return image;
}

}  // namespace epalm::media
