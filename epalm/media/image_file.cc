#include "epalm/media/image_file.h"

#include <algorithm>
#include <cctype>
#include <string>

#include "epalm/base/atomic_write.h"
#include "epalm/base/mapped_file.h"
#include "epalm/media/image_codec.h"

namespace epalm::media {
namespace {

constexpr int kSavedJpegQuality = 95;

std::string lower_extension(const std::filesystem::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return extension;
}

using Decoder = Image (*)(const Encoded&);

// By the first bytes; none for what is no such image.
Decoder decoder_for(std::span<const std::byte> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (text.starts_with("\xff\xd8\xff")) return decode_jpeg;
  if (text.starts_with("\x89PNG\r\n\x1a\n")) return decode_png;
  if (text.starts_with("RIFF") && text.substr(0, 12).ends_with("WEBP")) return decode_webp;
  if (text.starts_with("GIF87a") || text.starts_with("GIF89a")) return decode_gif;
  if (text.starts_with("BM")) return decode_bmp;
  return nullptr;
}

}  // namespace

bool looks_like_image(std::span<const std::byte> bytes) {
  return decoder_for(bytes) != nullptr;
}

Image decode_image(std::span<const std::byte> bytes, std::string_view name_for_errors, const ImageLimits& limits) {
  const Decoder decode = decoder_for(bytes);
  require(decode != nullptr,
          "'{}' is not an image that can be read; expected JPEG, PNG, WebP, GIF or BMP content, got {}",
          name_for_errors, bytes.empty() ? "an empty file" : "something else");
  return decode({bytes, name_for_errors, limits});
}

Image load_image(const std::filesystem::path& path, const ImageLimits& limits) {
  const MappedFile file(path);
  return decode_image(file.bytes(), path.string(), limits);
}

void save_image(const std::filesystem::path& path, const Image& image) {
  const std::string extension = lower_extension(path);
  if (extension == ".png") return write_file_atomically(path, encode_png(image));
  if (extension == ".jpg" || extension == ".jpeg") {
    return write_file_atomically(path, encode_jpeg(image, kSavedJpegQuality));
  }
  fail("'{}': images are saved as .jpg, .jpeg or .png, got the extension '{}'", path.string(), extension);
}

}  // namespace epalm::media
