#include <png.h>

#include <algorithm>
#include <csetjmp>
#include <cstdio>
#include <cstring>

#include "epalm/media/image_codec.h"

namespace epalm::media {
namespace {

// Holds libpng's state and everything it calls back with. libpng leaves its functions by longjmp, so the calls that may
// do so sit in functions without objects that need destruction.
struct Reader {
  const uint8_t* data;
  size_t left;
  png_structp png = nullptr;
  png_infop info = nullptr;
  char message[200] = "";

  Reader(const uint8_t* begin, size_t size) : data(begin), left(size) {}
  ~Reader() { png_destroy_read_struct(&png, &info, nullptr); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
};

[[noreturn]] void on_error(png_structp png, png_const_charp text) {
  auto* reader = static_cast<Reader*>(png_get_error_ptr(png));
  std::snprintf(reader->message, sizeof reader->message, "%s", text);
  png_longjmp(png, 1);
}

void on_warning(png_structp, png_const_charp) {}

void on_read(png_structp png, png_bytep out, size_t size) {
  auto* reader = static_cast<Reader*>(png_get_io_ptr(png));
  if (size > reader->left) png_error(png, "the file ends too early");
  std::memcpy(out, reader->data, size);
  reader->data += size;
  reader->left -= size;
}

bool read_header(Reader& reader) {
  reader.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &reader, on_error, on_warning);
  if (reader.png == nullptr) return false;
  reader.info = png_create_info_struct(reader.png);
  if (reader.info == nullptr || setjmp(png_jmpbuf(reader.png)) != 0) return false;
  png_set_user_limits(reader.png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);  // check_image_size has the limits
  png_set_read_fn(reader.png, &reader, on_read);
  png_read_info(reader.png, reader.info);
  return true;
}

// Leaves 8-bit gray or RGB, or 16-bit big-endian gray, each without alpha.
bool choose_layout(Reader& reader) {
  if (setjmp(png_jmpbuf(reader.png)) != 0) return false;
  const int colour = png_get_color_type(reader.png, reader.info);
  const bool gray16 = colour == PNG_COLOR_TYPE_GRAY && png_get_bit_depth(reader.png, reader.info) == 16;
  if (colour == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(reader.png);
  if (colour == PNG_COLOR_TYPE_GRAY) png_set_expand_gray_1_2_4_to_8(reader.png);
  if (!gray16) png_set_strip_16(reader.png);  // the high byte, as Pillow reads all 16-bit images but gray ones
  png_set_strip_alpha(reader.png);
  png_set_interlace_handling(reader.png);
  png_read_update_info(reader.png, reader.info);
  return true;
}

bool read_pixels(Reader& reader, png_bytepp rows) {
  if (setjmp(png_jmpbuf(reader.png)) != 0) return false;
  png_read_image(reader.png, rows);
  return true;
}

}  // namespace

Image decode_png(const Encoded& file) {
  Reader reader(file.data(), file.bytes.size());
  const auto check = [&](bool done) {
    require(done, "'{}': the PNG file is damaged or truncated: {}", file.name, reader.message);
  };
  check(read_header(reader));
  const uint32_t width = png_get_image_width(reader.png, reader.info);
  const uint32_t height = png_get_image_height(reader.png, reader.info);
  check_image_size(file, width, height);
  check(choose_layout(reader));

  Image image(static_cast<int>(width), static_cast<int>(height));
  const size_t row_bytes = png_get_rowbytes(reader.png, reader.info);
  const size_t pixel_bytes = row_bytes / width;  // 3: RGB, 1: gray, 2: 16-bit gray
  EPALM_ASSERT(pixel_bytes >= 1 && pixel_bytes <= 3 && row_bytes == pixel_bytes * width);
  std::vector<uint8_t> gray(pixel_bytes == 3 ? 0 : row_bytes * height);
  uint8_t* pixels = pixel_bytes == 3 ? image.rgb.data() : gray.data();
  std::vector<png_bytep> rows(height);
  for (size_t y = 0; y < height; ++y) rows[y] = pixels + y * row_bytes;
  check(read_pixels(reader, rows.data()));

  if (pixel_bytes == 1) {
    for (size_t i = 0; i < image.rgb.size(); ++i) image.rgb[i] = gray[i / 3];
  } else if (pixel_bytes == 2) {
    for (size_t i = 0; i < image.rgb.size(); ++i) {
      const size_t at = i / 3 * 2;
      image.rgb[i] = gray[at] != 0 ? 255 : gray[at + 1];
    }
  }
  return image;
}

std::vector<std::byte> encode_png(const Image& image) {
  require(image.width > 0 && image.height > 0, "PNG: the image has no pixels to write");
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  png.width = static_cast<png_uint_32>(image.width);
  png.height = static_cast<png_uint_32>(image.height);
  png.format = PNG_FORMAT_RGB;
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(png);
  std::vector<std::byte> bytes(size);
  const int done = png_image_write_to_memory(&png, bytes.data(), &size, 0, image.rgb.data(), 0, nullptr);
  png_image_free(&png);
  require(done != 0, "PNG: the image of {}x{} pixels cannot be written: {}", image.width, image.height, png.message);
  bytes.resize(size);
  return bytes;
}

}  // namespace epalm::media
