#include "tests/media/encoded_samples.h"

#include <gif_lib.h>
#include <png.h>
#include <webp/encode.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include <jpeglib.h>

namespace epalm::media::samples {
namespace {

void append(Bytes& bytes, const void* data, size_t size) {
  const auto* begin = static_cast<const std::byte*>(data);
  bytes.insert(bytes.end(), begin, begin + size);
}

void put_number(Bytes& bytes, uint32_t value, int count) {
  for (int i = 0; i < count; ++i) bytes.push_back(static_cast<std::byte>(value >> (8 * i)));
}

void expect_done(bool done) {
  if (!done) throw std::logic_error("a sample file could not be made");
}

uint32_t crc32(const std::byte* data, size_t size) {
  uint32_t crc = 0xffffffffU;
  for (size_t i = 0; i < size; ++i) {
    crc ^= static_cast<uint32_t>(data[i]);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1U) != 0 ? 0xedb88320U : 0U);
  }
  return ~crc;
}

}  // namespace

Image gradient(int width, int height) {
  Image image(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      uint8_t* pixel = image.row(y) + 3 * x;
      pixel[0] = static_cast<uint8_t>(x * 255 / width);
      pixel[1] = static_cast<uint8_t>(y * 255 / height);
      pixel[2] = 100;
    }
  }
  return image;
}

Bytes jpeg(const Image& image, JpegKind kind) {
  jpeg_compress_struct info{};
  jpeg_error_mgr errors;
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* buffer = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &buffer, &size);
  const int components = kind == JpegKind::kGray ? 1 : kind == JpegKind::kCmyk ? 4 : 3;
  info.image_width = static_cast<JDIMENSION>(image.width);
  info.image_height = static_cast<JDIMENSION>(image.height);
  info.input_components = components;
  info.in_color_space = components == 1 ? JCS_GRAYSCALE : components == 4 ? JCS_CMYK : JCS_RGB;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, 95, TRUE);
  if (kind == JpegKind::kProgressive) jpeg_simple_progression(&info);
  jpeg_start_compress(&info, TRUE);
  for (int y = 0; y < image.height; ++y) {
    std::vector<uint8_t> row;
    for (int x = 0; x < image.width; ++x) {
      const uint8_t* pixel = image.row(y) + 3 * x;
      row.insert(row.end(), pixel, pixel + (components == 1 ? 1 : 3));
      if (components == 4) row.push_back(255);
    }
    JSAMPROW pointer = row.data();
    jpeg_write_scanlines(&info, &pointer, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  Bytes bytes;
  append(bytes, buffer, size);
  std::free(buffer);
  return bytes;
}

Bytes png(int width, int height, const PngOptions& options, const std::vector<uint8_t>& rows) {
  Bytes bytes;
  png_structp writer = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(writer);
  const auto write = [](png_structp png, png_bytep data, size_t size) {
    append(*static_cast<Bytes*>(png_get_io_ptr(png)), data, size);
  };
  png_set_write_fn(writer, &bytes, write, [](png_structp) {});
  png_set_IHDR(writer, info, static_cast<png_uint_32>(width), static_cast<png_uint_32>(height), options.bit_depth,
               options.colour_type, options.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  if (!options.palette.empty()) {
    std::vector<png_color> palette(options.palette.size() / 3);
    for (size_t i = 0; i < palette.size(); ++i) {
      palette[i] = {options.palette[3 * i], options.palette[3 * i + 1], options.palette[3 * i + 2]};
    }
    png_set_PLTE(writer, info, palette.data(), static_cast<int>(palette.size()));
  }
  if (!options.transparent.empty()) {
    png_set_tRNS(writer, info, options.transparent.data(), static_cast<int>(options.transparent.size()), nullptr);
  }
  png_write_info(writer, info);
  const size_t row_bytes = png_get_rowbytes(writer, info);
  expect_done(rows.size() == row_bytes * static_cast<size_t>(height));
  std::vector<png_bytep> pointers;
  for (size_t y = 0; y < static_cast<size_t>(height); ++y) {
    pointers.push_back(const_cast<uint8_t*>(rows.data() + y * row_bytes));
  }
  png_write_image(writer, pointers.data());
  png_write_end(writer, info);
  png_destroy_write_struct(&writer, &info);
  return bytes;
}

void repair_png_checksums(Bytes& png) {
  constexpr size_t kSignature = 8;
  const auto number = [&](size_t at) {
    uint32_t value = 0;
    for (size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<uint32_t>(png[at + i]);
    return value;
  };
  for (size_t at = kSignature; at + 12 <= png.size();) {
    const size_t length = number(at);
    if (length > png.size() - at - 12) return;
    const uint32_t crc = crc32(png.data() + at + 4, length + 4);
    for (size_t i = 0; i < 4; ++i) png[at + 8 + length + i] = static_cast<std::byte>(crc >> (24 - 8 * i));
    at += length + 12;
  }
}

namespace {

Bytes taken(uint8_t* data, size_t size) {
  expect_done(size > 0);
  Bytes bytes;
  append(bytes, data, size);
  WebPFree(data);
  return bytes;
}

}  // namespace

Bytes webp_lossless(const Image& image) {
  uint8_t* data = nullptr;
  const size_t size =
      WebPEncodeLosslessRGB(image.rgb.data(), image.width, image.height, static_cast<int>(image.row_bytes()), &data);
  return taken(data, size);
}

Bytes webp_lossy(const Image& image) {
  uint8_t* data = nullptr;
  const size_t size =
      WebPEncodeRGB(image.rgb.data(), image.width, image.height, static_cast<int>(image.row_bytes()), 95, &data);
  return taken(data, size);
}

Bytes gif(const GifFrame& frame, const std::vector<uint8_t>& palette, const std::vector<uint8_t>& indices) {
  Bytes bytes;
  int error = 0;
  const auto write = [](GifFileType* gif, const GifByteType* data, int size) {
    append(*static_cast<Bytes*>(gif->UserData), data, static_cast<size_t>(size));
    return size;
  };
  GifFileType* gif = EGifOpen(&bytes, write, &error);
  expect_done(gif != nullptr);
  EGifSetGifVersion(gif, true);
  std::vector<GifColorType> colours(palette.size() / 3);
  for (size_t i = 0; i < colours.size(); ++i) colours[i] = {palette[3 * i], palette[3 * i + 1], palette[3 * i + 2]};
  ColorMapObject* map = GifMakeMapObject(static_cast<int>(colours.size()), colours.data());
  expect_done(EGifPutScreenDesc(gif, frame.screen_width, frame.screen_height, 2, 0, map) == GIF_OK);
  GifFreeMapObject(map);
  if (frame.transparent >= 0) {
    const GraphicsControlBlock control{DISPOSAL_UNSPECIFIED, false, 0, frame.transparent};
    GifByteType extension[4];
    EGifGCBToExtension(&control, extension);
    expect_done(EGifPutExtension(gif, GRAPHICS_EXT_FUNC_CODE, sizeof extension, extension) == GIF_OK);
  }
  expect_done(EGifPutImageDesc(gif, frame.left, frame.top, frame.width, frame.height, frame.interlaced, nullptr) ==
              GIF_OK);
  std::vector<int> order;
  if (frame.interlaced) {
    for (const auto& [first, step] : {std::pair{0, 8}, std::pair{4, 8}, std::pair{2, 4}, std::pair{1, 2}}) {
      for (int y = first; y < frame.height; y += step) order.push_back(y);
    }
  } else {
    for (int y = 0; y < frame.height; ++y) order.push_back(y);
  }
  for (const int y : order) {
    std::vector<GifPixelType> row(indices.begin() + y * frame.width, indices.begin() + (y + 1) * frame.width);
    expect_done(EGifPutLine(gif, row.data(), frame.width) == GIF_OK);
  }
  expect_done(EGifCloseFile(gif, &error) == GIF_OK);
  return bytes;
}

Bytes bmp(const BmpHeader& header, const std::vector<uint8_t>& tables, const std::vector<uint8_t>& pixels) {
  const auto pixels_at = static_cast<uint32_t>(14 + header.header_bytes + tables.size());
  Bytes bytes{std::byte{'B'}, std::byte{'M'}};
  put_number(bytes, pixels_at + static_cast<uint32_t>(pixels.size()), 4);
  put_number(bytes, 0, 4);
  put_number(bytes, pixels_at, 4);
  put_number(bytes, header.header_bytes, 4);
  const int side_bytes = header.header_bytes == 12 ? 2 : 4;
  put_number(bytes, static_cast<uint32_t>(header.width), side_bytes);
  put_number(bytes, static_cast<uint32_t>(header.height), side_bytes);
  put_number(bytes, 1, 2);  // planes
  put_number(bytes, header.bits, 2);
  if (header.header_bytes >= 40) {
    put_number(bytes, header.compression, 4);
    put_number(bytes, 0, 4);  // size of the pixels, may be 0
    put_number(bytes, 2835, 4);
    put_number(bytes, 2835, 4);
    put_number(bytes, header.colours_used, 4);
    put_number(bytes, 0, 4);
  }
  bytes.resize(14 + header.header_bytes);
  append(bytes, tables.data(), tables.size());
  append(bytes, pixels.data(), pixels.size());
  return bytes;
}

}  // namespace epalm::media::samples
