// Damages files at random: whatever comes, decoding gives an image within the limits or an Error, and nothing else.
// Meant to run under AddressSanitizer and UBSan as well.
#include <gtest/gtest.h>

#include <algorithm>

#include "epalm/base/error.h"
#include "epalm/base/python_random.h"
#include "epalm/media/image_file.h"
#include "tests/media/av_samples.h"
#include "tests/media/encoded_samples.h"

namespace epalm::media {
namespace {

using samples::Bytes;

constexpr ImageLimits kLimits{1 << 18, 4096};  // small, so that a changed size costs no time

size_t position(PythonRandom& random, size_t size) {
  // Half of the changes go to the first 64 bytes, where the headers are.
  const size_t range = random.random() < 0.5 ? std::min<size_t>(size, 64) : size;
  return static_cast<size_t>(random.randrange(static_cast<int64_t>(range)));
}

Bytes mutated(Bytes bytes, PythonRandom& random) {
  const int64_t changes = random.randint(1, 4);
  for (int64_t i = 0; i < changes && !bytes.empty(); ++i) {
    const size_t at = position(random, bytes.size());
    const auto count = static_cast<ptrdiff_t>(random.randint(1, 16));
    const auto begin = bytes.begin() + static_cast<ptrdiff_t>(at);
    const auto end = bytes.end() - begin < count ? bytes.end() : begin + count;
    switch (random.randrange(6)) {
      case 0:
        *begin ^= static_cast<std::byte>(1 << random.randrange(8));
        break;
      case 1:
        *begin = static_cast<std::byte>(random.getrandbits(8));
        break;
      case 2:
        *begin = random.random() < 0.5 ? std::byte{0} : std::byte{0xff};
        break;
      case 3:
        bytes.erase(begin, end);
        break;
      case 4: {
        const Bytes copy(begin, end);
        bytes.insert(begin, copy.begin(), copy.end());
        break;
      }
      default:
        std::for_each(begin, end, [&](std::byte& b) { b = static_cast<std::byte>(random.getrandbits(8)); });
    }
  }
  if (random.random() < 0.1)
    bytes.resize(static_cast<size_t>(random.randrange(static_cast<int64_t>(bytes.size()) + 1)));
  return bytes;
}

void decode_mutations_of(const Bytes& file, uint64_t seed, bool is_png = false) {
  ASSERT_NO_THROW(decode_image(file, "unchanged", kLimits));
  PythonRandom random(seed);
  int images = 0;
  int errors = 0;
  for (int i = samples::mutations(400); i > 0; --i) {
    Bytes bytes = mutated(file, random);
    if (is_png && i % 4 != 0) samples::repair_png_checksums(bytes);  // or else the check sums hide the rest
    try {
      const Image image = decode_image(bytes, "mutated", kLimits);
      ASSERT_GT(image.width, 0);
      ASSERT_GT(image.height, 0);
      ASSERT_LE(static_cast<int64_t>(image.width) * image.height, kLimits.max_pixels);
      ASSERT_EQ(image.rgb.size(), static_cast<size_t>(image.width) * static_cast<size_t>(image.height) * 3);
      ++images;
    } catch (const Error&) {
      ++errors;
    }
  }
  EXPECT_GT(errors, 0) << "no mutation did harm: the test tests nothing";
  EXPECT_GT(images, 0) << "no mutation was harmless: the test does not come past the header";
}

TEST(DecodeMutated, Jpeg) {
  const Image image = samples::gradient(40, 30);
  decode_mutations_of(samples::jpeg(image, samples::JpegKind::kColour), 1);
  decode_mutations_of(samples::jpeg(image, samples::JpegKind::kProgressive), 2);
  decode_mutations_of(samples::jpeg(image, samples::JpegKind::kCmyk), 3);
  decode_mutations_of(samples::jpeg(image, samples::JpegKind::kGray), 4);
}

TEST(DecodeMutated, Png) {
  decode_mutations_of(encode_png(samples::gradient(40, 30)), 5, true);
  samples::PngOptions palette;
  palette.colour_type = 3;
  palette.palette = std::vector<uint8_t>(3 * 200, 7);
  palette.transparent = {1, 2, 3};
  palette.interlaced = true;
  decode_mutations_of(samples::png(40, 30, palette, std::vector<uint8_t>(40 * 30, 5)), 6, true);
  samples::PngOptions gray;
  gray.colour_type = 0;
  gray.bit_depth = 16;
  decode_mutations_of(samples::png(40, 30, gray, std::vector<uint8_t>(40 * 30 * 2, 5)), 7, true);
}

TEST(DecodeMutated, Webp) {
  decode_mutations_of(samples::webp_lossless(samples::gradient(40, 30)), 8);
  decode_mutations_of(samples::webp_lossy(samples::gradient(40, 30)), 9);
}

TEST(DecodeMutated, Gif) {
  std::vector<uint8_t> indices(30 * 20);
  for (size_t i = 0; i < indices.size(); ++i) indices[i] = static_cast<uint8_t>(i * i / 7 % 4);
  const std::vector<uint8_t> palette{1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4};
  decode_mutations_of(samples::gif({40, 30, 5, 5, 30, 20, false, 2}, palette, indices), 10);
  decode_mutations_of(samples::gif({40, 30, 5, 5, 30, 20, true, -1}, palette, indices), 11);
}

TEST(DecodeMutated, Bmp) {
  samples::BmpHeader header;
  header.width = 40;
  header.height = 30;
  decode_mutations_of(samples::bmp(header, {}, std::vector<uint8_t>(40 * 3 * 30, 7)), 12);
  header.bits = 8;
  decode_mutations_of(samples::bmp(header, std::vector<uint8_t>(1024, 3), std::vector<uint8_t>(40 * 30, 7)), 13);
  header.bits = 32;
  header.compression = 3;
  const std::vector<uint8_t> masks{0, 0, 0xff, 0, 0, 0xff, 0, 0, 0xff, 0, 0, 0};
  decode_mutations_of(samples::bmp(header, masks, std::vector<uint8_t>(40 * 30 * 4, 7)), 14);
}

}  // namespace
}  // namespace epalm::media
