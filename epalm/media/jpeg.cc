#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include <jpeglib.h>

#include <jerror.h>

#include "epalm/media/image_codec.h"

namespace epalm::media {
namespace {

// libjpeg reports errors by calling back and must not be returned to, so its calls sit in functions without objects
// that need destruction, and `Failure` carries the message out of them.
struct Failure {
  jpeg_error_mgr manager;  // first: libjpeg hands back a pointer to it
  std::jmp_buf exit;
  char message[JMSG_LENGTH_MAX];
};

Failure* failure_of(j_common_ptr info) {
  return reinterpret_cast<Failure*>(info->err);
}

[[noreturn]] void on_error(j_common_ptr info) {
  Failure* failure = failure_of(info);
  info->err->format_message(info, failure->message);
  std::longjmp(failure->exit, 1);
}

// Warnings about damaged data are passed over, as Pillow does; the end of the file before the end of the image is not.
void on_message(j_common_ptr info, int level) {
  if (level < 0 && info->err->msg_code == JWRN_JPEG_EOF) on_error(info);
}

void on_output(j_common_ptr) {}

jpeg_error_mgr* catch_in(Failure& failure) {
  jpeg_std_error(&failure.manager);
  failure.manager.error_exit = on_error;
  failure.manager.emit_message = on_message;
  failure.manager.output_message = on_output;
  return &failure.manager;
}

// A progressive file may repeat scans without end, each costing a pass over the whole image.
constexpr int kMaxScans = 500;

void on_progress(j_common_ptr info) {
  if (info->is_decompressor == 0) return;
  if (reinterpret_cast<j_decompress_ptr>(info)->input_scan_number > kMaxScans) {
    Failure* failure = failure_of(info);
    std::snprintf(failure->message, sizeof failure->message, "more than %d scans", kMaxScans);
    std::longjmp(failure->exit, 1);
  }
}

struct Decompressor {
  jpeg_decompress_struct info{};
  jpeg_progress_mgr progress{};
  Failure failure{};

  Decompressor() { info.err = catch_in(failure); }
  ~Decompressor() { jpeg_destroy_decompress(&info); }
  Decompressor(const Decompressor&) = delete;
  Decompressor& operator=(const Decompressor&) = delete;
};

bool read_header(Decompressor& jpeg, const uint8_t* data, size_t size) {
  if (setjmp(jpeg.failure.exit) != 0) return false;
  jpeg_create_decompress(&jpeg.info);
  jpeg.progress.progress_monitor = on_progress;
  jpeg.info.progress = &jpeg.progress;
  jpeg_mem_src(&jpeg.info, data, size);
  jpeg_read_header(&jpeg.info, TRUE);
  return true;
}

// pixels: [height,width,components]
bool read_pixels(Decompressor& jpeg, uint8_t* pixels, size_t row_bytes) {
  if (setjmp(jpeg.failure.exit) != 0) return false;
  jpeg_start_decompress(&jpeg.info);
  while (jpeg.info.output_scanline < jpeg.info.output_height) {
    JSAMPROW row = pixels + jpeg.info.output_scanline * row_bytes;
    jpeg_read_scanlines(&jpeg.info, &row, 1);
  }
  jpeg_finish_decompress(&jpeg.info);
  return true;
}

// a*b/255 rounded, in the integer form that Pillow uses.
int multiply_255(int a, int b) {
  const int product = a * b + 128;
  return ((product >> 8) + product) >> 8;
}

// Adobe writes CMYK inverted, 255 meaning no ink; Pillow takes every four-component file to be so.
void inverted_cmyk_to_rgb(const uint8_t* cmyk, uint8_t* rgb, size_t pixels) {
  for (size_t i = 0; i < pixels; ++i, cmyk += 4, rgb += 3) {
    const int white = cmyk[3];
    for (int c = 0; c < 3; ++c) rgb[c] = static_cast<uint8_t>(white - multiply_255(255 - cmyk[c], white));
  }
}

}  // namespace

Image decode_jpeg(const Encoded& file) {
  Decompressor jpeg;
  const auto check = [&](bool done) {
    require(done, "'{}': the JPEG file is damaged or truncated: {}", file.name, jpeg.failure.message);
  };
  check(read_header(jpeg, file.data(), file.bytes.size()));
  check_image_size(file, jpeg.info.image_width, jpeg.info.image_height);
  const int components = jpeg.info.num_components;
  require(components == 1 || components == 3 || components == 4,
          "'{}': the JPEG file has {} components; expected 1 (gray), 3 (colour) or 4 (CMYK)", file.name, components);
  jpeg.info.out_color_space = components == 1 ? JCS_GRAYSCALE : components == 3 ? JCS_RGB : JCS_CMYK;

  Image image(static_cast<int>(jpeg.info.image_width), static_cast<int>(jpeg.info.image_height));
  if (components == 3) {
    check(read_pixels(jpeg, image.rgb.data(), image.row_bytes()));
    return image;
  }
  const size_t pixels = image.rgb.size() / 3;
  std::vector<uint8_t> other(pixels * static_cast<size_t>(components));
  check(read_pixels(jpeg, other.data(), static_cast<size_t>(image.width) * static_cast<size_t>(components)));
  if (components == 4) {
    inverted_cmyk_to_rgb(other.data(), image.rgb.data(), pixels);
  } else {
    for (size_t i = 0; i < image.rgb.size(); ++i) image.rgb[i] = other[i / 3];
  }
  return image;
}

namespace {

struct Compressor {
  jpeg_compress_struct info{};
  Failure failure{};
  unsigned char* buffer = nullptr;  // libjpeg takes it from malloc
  unsigned long size = 0;

  Compressor() { info.err = catch_in(failure); }
  ~Compressor() {
    jpeg_destroy_compress(&info);
    std::free(buffer);
  }
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;
};

bool write_pixels(Compressor& jpeg, const uint8_t* rgb, int width, int height, int quality) {
  if (setjmp(jpeg.failure.exit) != 0) return false;
  jpeg_create_compress(&jpeg.info);
  jpeg_mem_dest(&jpeg.info, &jpeg.buffer, &jpeg.size);
  jpeg.info.image_width = static_cast<JDIMENSION>(width);
  jpeg.info.image_height = static_cast<JDIMENSION>(height);
  jpeg.info.input_components = 3;
  jpeg.info.in_color_space = JCS_RGB;
  jpeg_set_defaults(&jpeg.info);
  jpeg_set_quality(&jpeg.info, quality, TRUE);
  jpeg_start_compress(&jpeg.info, TRUE);
  while (jpeg.info.next_scanline < jpeg.info.image_height) {
    auto* row =
        const_cast<uint8_t*>(rgb + static_cast<size_t>(jpeg.info.next_scanline) * 3 * static_cast<size_t>(width));
    jpeg_write_scanlines(&jpeg.info, &row, 1);
  }
  jpeg_finish_compress(&jpeg.info);
  return true;
}

}  // namespace

std::vector<std::byte> encode_jpeg(const Image& image, int quality) {
  require(image.width > 0 && image.height > 0, "JPEG: the image has no pixels to write");
  require(quality >= 1 && quality <= 100, "JPEG: expected a quality of 1 to 100, got {}", quality);
  Compressor jpeg;
  require(write_pixels(jpeg, image.rgb.data(), image.width, image.height, quality),
          "JPEG: the image of {}x{} pixels cannot be written: {}", image.width, image.height, jpeg.failure.message);
  const auto* bytes = reinterpret_cast<const std::byte*>(jpeg.buffer);
  return {bytes, bytes + jpeg.size};
}

}  // namespace epalm::media
