#include "epalm/media/image_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "epalm/base/error.h"
#include "tests/media/encoded_samples.h"

namespace epalm::media {
namespace {

using samples::Bytes;
using samples::gradient;
using testing::ElementsAre;
using testing::HasSubstr;

std::filesystem::path temporary(const std::string& name) {
  return std::filesystem::path(testing::TempDir()) / name;
}

Image decode(const Bytes& bytes) {
  return decode_image(bytes, "sample");
}

std::string error_of(const Bytes& bytes, const ImageLimits& limits = {}) {
  try {
    decode_image(bytes, "sample", limits);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

// The largest difference that two images of one size have in any byte.
int distance(const Image& a, const Image& b) {
  if (a.width != b.width || a.height != b.height) return 256;
  int largest = 0;
  for (size_t i = 0; i < a.rgb.size(); ++i) largest = std::max(largest, std::abs(a.rgb[i] - b.rgb[i]));
  return largest;
}

// At quality 95 the steps of JPEG's luma table are 1 to 12 and of its chroma table up to 10; a gradient has its energy
// in the low frequencies, whose steps are at most 3, and the colour matrix multiplies a chroma error by at most 1.8.
constexpr int kJpegDistance = 8;

TEST(SaveImage, PngKeepsEveryPixel) {
  const Image image = gradient(33, 20);
  save_image(temporary("gradient.png"), image);
  EXPECT_EQ(load_image(temporary("gradient.png")), image);
}

TEST(SaveImage, JpegStaysClose) {
  const Image image = gradient(33, 20);
  save_image(temporary("gradient.JPG"), image);
  EXPECT_LE(distance(load_image(temporary("gradient.JPG")), image), kJpegDistance);
}

TEST(SaveImage, RefusesOtherExtensionsAndEmptyImages) {
  EXPECT_THROW(save_image(temporary("gradient.webp"), gradient(2, 2)), Error);
  EXPECT_THROW(save_image(temporary("empty.png"), Image()), Error);
  EXPECT_THROW(save_image(temporary("empty.jpg"), Image()), Error);
  EXPECT_FALSE(std::filesystem::exists(temporary("empty.png")));
  EXPECT_THROW(encode_jpeg(gradient(2, 2), 0), Error);
  EXPECT_THROW(encode_jpeg(Image(70'000, 1), 90), Error);  // a JPEG side has at most 65,500 pixels
}

TEST(DecodeJpeg, ReadsGrayColourProgressiveAndCmyk) {
  const Image image = gradient(40, 24);
  EXPECT_LE(distance(decode(samples::jpeg(image, samples::JpegKind::kColour)), image), kJpegDistance);
  EXPECT_LE(distance(decode(samples::jpeg(image, samples::JpegKind::kProgressive)), image), kJpegDistance);
  EXPECT_LE(distance(decode(samples::jpeg(image, samples::JpegKind::kCmyk)), image), kJpegDistance);
  Image gray = image;
  for (size_t i = 0; i < gray.rgb.size(); ++i) gray.rgb[i] = image.rgb[i / 3 * 3];
  EXPECT_LE(distance(decode(samples::jpeg(image, samples::JpegKind::kGray)), gray), kJpegDistance);
}

TEST(DecodePng, ClipsSixteenBitGrayAndKeepsTheHighByteOfSixteenBitColour) {
  samples::PngOptions gray;
  gray.colour_type = 0;
  gray.bit_depth = 16;
  EXPECT_THAT(decode(samples::png(3, 1, gray, {0x00, 0x07, 0x01, 0x00, 0x00, 0xff})).rgb,
              ElementsAre(7, 7, 7, 255, 255, 255, 255, 255, 255));
  samples::PngOptions colour;
  colour.bit_depth = 16;
  EXPECT_THAT(decode(samples::png(1, 1, colour, {0x01, 0xff, 0x80, 0x00, 0xff, 0x01})).rgb, ElementsAre(1, 128, 255));
}

TEST(DecodePng, DropsAlphaWithoutCompositing) {
  samples::PngOptions rgba;
  rgba.colour_type = 6;
  EXPECT_THAT(decode(samples::png(2, 1, rgba, {1, 2, 3, 0, 4, 5, 6, 128})).rgb, ElementsAre(1, 2, 3, 4, 5, 6));
  samples::PngOptions gray;
  gray.colour_type = 4;
  EXPECT_THAT(decode(samples::png(2, 1, gray, {9, 0, 8, 255})).rgb, ElementsAre(9, 9, 9, 8, 8, 8));
}

TEST(DecodePng, ExpandsPalettesAndFewBits) {
  samples::PngOptions palette;
  palette.colour_type = 3;
  palette.bit_depth = 2;
  palette.palette = {10, 11, 12, 20, 21, 22, 30, 31, 32};
  palette.transparent = {0, 128};
  EXPECT_THAT(decode(samples::png(3, 1, palette, {0b10'00'01'00})).rgb,
              ElementsAre(30, 31, 32, 10, 11, 12, 20, 21, 22));
  samples::PngOptions gray;
  gray.colour_type = 0;
  gray.bit_depth = 4;
  EXPECT_THAT(decode(samples::png(2, 1, gray, {0x1f})).rgb, ElementsAre(17, 17, 17, 255, 255, 255));
}

TEST(DecodePng, ReadsInterlacedFiles) {
  const Image image = gradient(13, 9);
  samples::PngOptions options;
  options.interlaced = true;
  EXPECT_EQ(decode(samples::png(image.width, image.height, options, image.rgb)), image);
}

TEST(DecodePng, RefusesAWrongCheckSum) {
  Bytes png = encode_png(gradient(8, 8));
  png[png.size() - 20] ^= std::byte{1};  // within the pixels
  EXPECT_THAT(error_of(png), HasSubstr("damaged"));
}

TEST(DecodeWebp, ReadsLosslessExactlyAndLossyClosely) {
  const Image image = gradient(37, 21);
  EXPECT_EQ(decode(samples::webp_lossless(image)), image);
  // Lossy WebP halves the chroma, which a gradient of 7 to 12 levels a pixel shifts by about one pixel.
  EXPECT_LE(distance(decode(samples::webp_lossy(image)), image), 24);
}

const std::vector<uint8_t> kPalette{1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4};

TEST(DecodeGif, PlacesTheFrameOnTheScreenAndFillsTheRestWithTheTransparentIndex) {
  const samples::GifFrame frame{3, 2, 1, 1, 2, 1, false, 3};
  EXPECT_THAT(decode(samples::gif(frame, kPalette, {1, 3})).rgb,
              ElementsAre(4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 2, 2, 2, 4, 4, 4));
}

TEST(DecodeGif, WidensTheScreenForAFrameThatReachesPastIt) {
  const samples::GifFrame frame{1, 1, 0, 0, 2, 1, false, -1};
  const Image image = decode(samples::gif(frame, kPalette, {1, 2}));
  EXPECT_EQ(image.width, 2);
  EXPECT_THAT(image.rgb, ElementsAre(2, 2, 2, 3, 3, 3));
}

TEST(DecodeGif, ReadsInterlacedRowsInTheirPlace) {
  const samples::GifFrame frame{1, 10, 0, 0, 1, 10, true, -1};
  const std::vector<uint8_t> indices{0, 1, 2, 3, 0, 1, 2, 3, 0, 1};
  const Image image = decode(samples::gif(frame, kPalette, indices));
  for (int y = 0; y < 10; ++y) EXPECT_EQ(image.row(y)[0], indices[static_cast<size_t>(y)] + 1) << "row " << y;
}

TEST(DecodeBmp, ReadsTwentyFourBitsBothWaysUp) {
  const std::vector<uint8_t> pixels{3, 2, 1, 0, 6, 5, 4, 0};  // blue first, rows padded to 4 bytes
  samples::BmpHeader header;
  header.width = 1;
  header.height = 2;
  EXPECT_THAT(decode(samples::bmp(header, {}, pixels)).rgb, ElementsAre(4, 5, 6, 1, 2, 3));
  header.height = -2;
  EXPECT_THAT(decode(samples::bmp(header, {}, pixels)).rgb, ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST(DecodeBmp, ReadsPalettesOfOneFourAndEightBits) {
  const std::vector<uint8_t> palette{3, 2, 1, 0, 6, 5, 4, 0};
  samples::BmpHeader header;
  header.width = 2;
  header.height = 1;
  header.colours_used = 2;
  const std::vector<std::pair<uint16_t, std::vector<uint8_t>>> kinds{
      {1, {0x40, 0, 0, 0}}, {4, {0x01, 0, 0, 0}}, {8, {0, 1, 0, 0}}};
  for (const auto& [bits, pixels] : kinds) {
    header.bits = bits;
    EXPECT_THAT(decode(samples::bmp(header, palette, pixels)).rgb, ElementsAre(1, 2, 3, 4, 5, 6)) << bits << " bits";
  }
}

TEST(DecodeBmp, ReadsOs2HeadersAndColourMasks) {
  samples::BmpHeader os2;
  os2.header_bytes = 12;
  os2.width = 1;
  os2.height = 1;
  os2.bits = 8;
  std::vector<uint8_t> palette(256 * 3);
  palette[3] = 30;
  palette[4] = 20;
  palette[5] = 10;
  EXPECT_THAT(decode(samples::bmp(os2, palette, {1, 0, 0, 0})).rgb, ElementsAre(10, 20, 30));

  samples::BmpHeader masked;
  masked.width = 1;
  masked.height = 1;
  masked.bits = 32;
  masked.compression = 3;
  const std::vector<uint8_t> masks{0xff, 0, 0, 0, 0, 0xff, 0, 0, 0, 0, 0xff, 0};  // red in the lowest byte
  EXPECT_THAT(decode(samples::bmp(masked, masks, {1, 2, 3, 9})).rgb, ElementsAre(1, 2, 3));
}

TEST(DecodeBmp, RefusesRunLengthsAndOddBits) {
  samples::BmpHeader header;
  header.width = 1;
  header.height = 1;
  header.bits = 8;
  header.compression = 1;
  EXPECT_THAT(error_of(samples::bmp(header, {}, std::vector<uint8_t>(2000))), HasSubstr("compressed"));
  header.compression = 0;
  header.bits = 16;
  EXPECT_THAT(error_of(samples::bmp(header, {}, std::vector<uint8_t>(2000))), HasSubstr("16"));
}

TEST(LoadImage, NamesTheFileAndTheFormatsForOtherContent) {
  for (const std::string& content : {std::string("a text, not a picture"), std::string(), std::string("%PDF-1.7")}) {
    std::ofstream(temporary("notes.jpg"), std::ios::binary) << content;
    try {
      load_image(temporary("notes.jpg"));
      FAIL() << "expected Error for '" << content << "'";
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("notes.jpg"));
      EXPECT_THAT(error.what(), HasSubstr("JPEG, PNG, WebP, GIF or BMP"));
    }
  }
  EXPECT_THROW(load_image(temporary("missing.jpg")), Error);
  EXPECT_THROW(load_image(testing::TempDir()), Error);
}

struct Sample {
  std::string name;
  Bytes bytes;
};

std::vector<Sample> one_of_each() {
  const Image image = gradient(40, 30);
  samples::BmpHeader bmp;
  bmp.width = 40;
  bmp.height = 30;
  const std::vector<uint8_t> indices(40 * 30, 2);
  return {{"JPEG", samples::jpeg(image, samples::JpegKind::kColour)},
          {"progressive JPEG", samples::jpeg(image, samples::JpegKind::kProgressive)},
          {"PNG", encode_png(image)},
          {"lossless WebP", samples::webp_lossless(image)},
          {"lossy WebP", samples::webp_lossy(image)},
          {"GIF", samples::gif({40, 30, 0, 0, 40, 30, false, -1}, kPalette, indices)},
          {"BMP", samples::bmp(bmp, {}, std::vector<uint8_t>(40 * 3 * 30))}};
}

TEST(DecodeImage, RefusesEveryFormatCutAtAnyTenthOfItsLength) {
  for (const Sample& sample : one_of_each()) {
    ASSERT_EQ(error_of(sample.bytes), "no error") << sample.name;
    for (size_t tenth = 0; tenth < 10; ++tenth) {
      Bytes cut = sample.bytes;
      cut.resize(cut.size() * tenth / 10);
      EXPECT_THAT(error_of(cut), HasSubstr("'sample'")) << sample.name << " cut at " << tenth << "/10";
    }
  }
}

TEST(DecodeImage, RefusesMorePixelsOrALongerSideThanTheLimits) {
  const std::vector<ImageLimits> limits{{40 * 30 - 1, 65'535}, {1'000'000, 39}};
  for (const Sample& sample : one_of_each()) {
    EXPECT_EQ(error_of(sample.bytes, {40 * 30, 40}), "no error") << sample.name;
    for (const ImageLimits& limit : limits)
      EXPECT_THAT(error_of(sample.bytes, limit), HasSubstr("40x30")) << sample.name;
  }
}

void set_big_endian(Bytes& bytes, size_t at, uint32_t value, size_t count) {
  for (size_t i = 0; i < count; ++i) bytes[at + i] = static_cast<std::byte>(value >> (8 * (count - 1 - i)));
}

void set_little_endian(Bytes& bytes, size_t at, uint32_t value, size_t count) {
  for (size_t i = 0; i < count; ++i) bytes[at + i] = static_cast<std::byte>(value >> (8 * i));
}

// A header of 50,000 x 50,000 pixels on a file of a few hundred bytes: 7.5 GB of RGB that must not be asked for.
TEST(DecodeImage, RefusesAHugeSizeFromTheHeader) {
  constexpr uint32_t kSide = 50'000;
  auto samples = one_of_each();
  Bytes& jpeg = samples[0].bytes;
  size_t frame = 2;  // the start-of-frame marker: ff c0, length, precision, height, width
  while (!(jpeg[frame] == std::byte{0xff} && jpeg[frame + 1] == std::byte{0xc0})) ++frame;
  set_big_endian(jpeg, frame + 5, kSide, 2);
  set_big_endian(jpeg, frame + 7, kSide, 2);
  EXPECT_THAT(error_of(jpeg), HasSubstr("50000x50000"));

  Bytes& png = samples[2].bytes;
  set_big_endian(png, 16, kSide, 4);
  set_big_endian(png, 20, kSide, 4);
  samples::repair_png_checksums(png);
  EXPECT_THAT(error_of(png), HasSubstr("50000x50000"));

  Bytes& gif = samples[5].bytes;
  set_little_endian(gif, 6, kSide, 2);
  set_little_endian(gif, 8, kSide, 2);
  EXPECT_THAT(error_of(gif), HasSubstr("50000x50000"));

  Bytes& bmp = samples[6].bytes;
  set_little_endian(bmp, 18, kSide, 4);
  set_little_endian(bmp, 22, kSide, 4);
  EXPECT_THAT(error_of(bmp), HasSubstr("50000x50000"));
  set_little_endian(bmp, 22, 0x80000000U, 4);  // the one height without a positive counterpart in 32 bits
  EXPECT_THAT(error_of(bmp), HasSubstr("50000x2147483648"));

  Bytes& webp = samples[3].bytes;  // the lossless header holds at most 16,384 a side: 14 bits each, less 1
  set_little_endian(webp, 21, 0x0fffffffU, 4);
  EXPECT_THAT(error_of(webp), HasSubstr("16384x16384"));
}

}  // namespace
}  // namespace epalm::media
