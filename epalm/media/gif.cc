#include <gif_lib.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include "epalm/media/image_codec.h"

namespace epalm::media {
namespace {

struct Source {
  std::span<const std::byte> left;
};

int on_read(GifFileType* gif, GifByteType* out, int size) {
  auto& left = static_cast<Source*>(gif->UserData)->left;
  const size_t count = std::min(left.size(), static_cast<size_t>(std::max(size, 0)));
  if (count > 0) std::memcpy(out, left.data(), count);
  left = left.subspan(count);
  return static_cast<int>(count);
}

struct Close {
  void operator()(GifFileType* gif) const { DGifCloseFile(gif, nullptr); }
};

class FrameReader {
 public:
  explicit FrameReader(const Encoded& file) : file_(file), source_{file.bytes} {
    int error = 0;
    gif_.reset(DGifOpen(&source_, on_read, &error));
    require(gif_ != nullptr, "'{}': the GIF file is damaged or truncated: {}", file.name, text(error));
  }

  Image first_frame() {
    const int transparent = skip_to_frame();
    check(DGifGetImageDesc(gif_.get()));
    const GifImageDesc& frame = gif_->Image;
    require(frame.Left >= 0 && frame.Top >= 0 && frame.Width > 0 && frame.Height > 0,
            "'{}': the GIF file's first frame has no pixels; the file is damaged", file_.name);
    // A frame may reach past the screen that the header states; Pillow then widens the screen.
    const int width = std::max(gif_->SWidth, frame.Left + frame.Width);
    const int height = std::max(gif_->SHeight, frame.Top + frame.Height);
    check_image_size(file_, width, height);

    const auto palette = colours(frame.ColorMap != nullptr ? frame.ColorMap : gif_->SColorMap);
    Image image(width, height);
    const auto put = [&](uint8_t* pixel, int index) {
      std::copy_n(palette[static_cast<size_t>(index)].data(), 3, pixel);
    };
    for (size_t i = 0; i < image.rgb.size(); i += 3) put(&image.rgb[i], std::max(transparent, 0));

    std::vector<GifPixelType> line(static_cast<size_t>(frame.Width));
    const auto read_row = [&](int y) {
      check(DGifGetLine(gif_.get(), line.data(), frame.Width));
      uint8_t* pixel = image.row(frame.Top + y) + 3 * static_cast<ptrdiff_t>(frame.Left);
      for (const GifPixelType index : line) {
        put(pixel, index);
        pixel += 3;
      }
    };
    constexpr int kPasses[4][2] = {{0, 8}, {4, 8}, {2, 4}, {1, 2}};  // first row, step
    if (frame.Interlace) {
      for (const auto& [first, step] : kPasses) {
        for (int y = first; y < frame.Height; y += step) read_row(y);
      }
    } else {
      for (int y = 0; y < frame.Height; ++y) read_row(y);
    }
    return image;
  }

 private:
  // Returns the transparent index of the first frame, or -1.
  int skip_to_frame() {
    int transparent = NO_TRANSPARENT_COLOR;
    for (;;) {
      GifRecordType record = UNDEFINED_RECORD_TYPE;
      check(DGifGetRecordType(gif_.get(), &record));
      if (record == IMAGE_DESC_RECORD_TYPE) return transparent;
      require(record == EXTENSION_RECORD_TYPE, "'{}': the GIF file has no frame", file_.name);
      int code = 0;
      GifByteType* block = nullptr;
      check(DGifGetExtension(gif_.get(), &code, &block));
      while (block != nullptr) {
        GraphicsControlBlock control{};
        if (code == GRAPHICS_EXT_FUNC_CODE && DGifExtensionToGCB(block[0], block + 1, &control) == GIF_OK) {
          transparent = control.TransparentColor;
        }
        check(DGifGetExtensionNext(gif_.get(), &block));
      }
    }
  }

  // Indices past the palette are black; without any palette the index is the gray level.
  static std::array<std::array<uint8_t, 3>, 256> colours(const ColorMapObject* map) {
    std::array<std::array<uint8_t, 3>, 256> palette{};
    for (size_t i = 0; i < palette.size(); ++i) {
      if (map == nullptr) {
        palette[i].fill(static_cast<uint8_t>(i));
      } else if (static_cast<int>(i) < map->ColorCount) {
        palette[i] = {map->Colors[i].Red, map->Colors[i].Green, map->Colors[i].Blue};
      }
    }
    return palette;
  }

  void check(int result) const {
    require(result == GIF_OK, "'{}': the GIF file is damaged or truncated: {}", file_.name, text(gif_->Error));
  }

  static const char* text(int error) {
    const char* message = GifErrorString(error);
    return message != nullptr ? message : "the data ends too early";
  }

  const Encoded& file_;
  Source source_;
  std::unique_ptr<GifFileType, Close> gif_;
};

}  // namespace

Image decode_gif(const Encoded& file) {
  return FrameReader(file).first_frame();
}

}  // namespace epalm::media
