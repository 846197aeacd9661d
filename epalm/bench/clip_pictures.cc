#include "epalm/bench/clip_pictures.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "epalm/base/error.h"
#include "epalm/base/python_random.h"

namespace epalm::bench {
namespace {

constexpr int kReach_px = 64;  // the camera's way from its middle position

// Adds a grid of random values `spacing` pixels apart, smoothed between them.
void add_texture(std::vector<float>& plane, int width, int height, int spacing, float strength, PythonRandom& random) {
  const int columns = width / spacing + 2;
  std::vector<float> grid(static_cast<size_t>(columns) * static_cast<size_t>(height / spacing + 2));
  for (float& value : grid) value = strength * static_cast<float>(random.uniform(-1, 1));
  for (int y = 0; y < height; ++y) {
    const float down = static_cast<float>(y % spacing) / static_cast<float>(spacing);
    for (int x = 0; x < width; ++x) {
      const float along = static_cast<float>(x % spacing) / static_cast<float>(spacing);
      const float* corner = grid.data() + static_cast<ptrdiff_t>(y / spacing) * columns + x / spacing;
      const float upper = corner[0] + (corner[1] - corner[0]) * along;
      const float lower = corner[columns] + (corner[columns + 1] - corner[columns]) * along;
      plane[static_cast<size_t>(y) * static_cast<size_t>(width) + static_cast<size_t>(x)] +=
          upper + (lower - upper) * down;
    }
  }
}

media::Image landscape(int width, int height) {
  PythonRandom random(1);
  media::Image image(width, height);
  for (size_t channel = 0; channel < 3; ++channel) {
    std::vector<float> plane(static_cast<size_t>(width) * static_cast<size_t>(height), 128.0F);
    add_texture(plane, width, height, 64, 60, random);
    add_texture(plane, width, height, 16, 25, random);
    add_texture(plane, width, height, 4, 12, random);
    for (size_t i = 0; i < plane.size(); ++i) {
      image.rgb[3 * i + channel] = static_cast<uint8_t>(std::clamp(plane[i], 0.0F, 255.0F));
    }
  }
  return image;
}

void draw_disc(media::Image& image, double centre_x, double centre_y, double radius,
               const std::array<uint8_t, 3>& color) {
  const int top = std::max(0, static_cast<int>(std::ceil(centre_y - radius)));
  const int bottom = std::min(image.height - 1, static_cast<int>(std::floor(centre_y + radius)));
  for (int y = top; y <= bottom; ++y) {
    const double half = std::sqrt(radius * radius - (y - centre_y) * (y - centre_y));
    const int left = std::max(0, static_cast<int>(std::ceil(centre_x - half)));
    const int right = std::min(image.width - 1, static_cast<int>(std::floor(centre_x + half)));
    for (int x = left; x <= right; ++x) std::copy(color.begin(), color.end(), image.row(y) + x * 3);
  }
}

}  // namespace

ClipPictures::ClipPictures(int width, int height) : width_(width), height_(height) {
  EPALM_ASSERT(width >= 1 && width <= 8192 && height >= 1 && height <= 8192);
  landscape_ = landscape(width + 2 * kReach_px, height + 2 * kReach_px);
}

media::Image ClipPictures::operator()(int64_t index) const {
  const auto time = static_cast<double>(index);
  const auto way = [](double angle) { return kReach_px + static_cast<int>(std::lround(kReach_px * std::sin(angle))); };
  const int left = way(0.013 * time);
  const int top = way(0.017 * time + 1);
  media::Image image(width_, height_);
  for (int y = 0; y < height_; ++y) std::copy_n(landscape_.row(top + y) + left * 3, image.row_bytes(), image.row(y));
  const std::array<std::array<uint8_t, 3>, 3> colors{{{220, 40, 40}, {40, 200, 60}, {40, 80, 230}}};
  for (size_t i = 0; i < colors.size(); ++i) {
    const double angle = 2.1 * static_cast<double>(i) + (0.02 + 0.011 * static_cast<double>(i)) * time;
    draw_disc(image, width_ * (0.5 + 0.4 * std::sin(angle)), height_ * (0.5 + 0.4 * std::cos(1.3 * angle)),
              height_ / 12.0, colors[i]);
  }
  return image;
}

}  // namespace epalm::bench
