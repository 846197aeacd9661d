#include "epalm/world/canvas.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace epalm::world {
namespace {

// Lengths: 65536 is the side of the image. Inside a shape's own frame 4096 is its radius.
constexpr int64_t kSide = 65536;
constexpr int64_t kUnit = 4096;
constexpr int kSamples = 4;
constexpr int kBlotchGrid = 9;

struct Point {
  int64_t x;
  int64_t y;
};

using Rgb = std::array<int, 3>;

// In the order of kColours; far enough apart to survive tint, noise and JPEG, and brighter than any background.
constexpr std::array<Rgb, kColourCount> kPaint = {{{220, 35, 40},
                                                   {30, 165, 60},
                                                   {45, 90, 235},
                                                   {245, 225, 45},
                                                   {165, 55, 205},
                                                   {250, 130, 20},
                                                   {245, 245, 245},
                                                   {150, 150, 150}}};

// Corners in units of kUnit per radius, y down; the circle has none. In the order of kShapes.
const std::array<std::vector<Point>, kShapeCount>& outlines() {
  static const std::array<std::vector<Point>, kShapeCount> kOutlines = {{
      {},
      {{-3400, -3400}, {3400, -3400}, {3400, 3400}, {-3400, 3400}},
      {{0, -4300}, {4000, 3000}, {-4000, 3000}},
      {{0, -4500},
       {1117, -1537},
       {4280, -1391},
       {1807, 587},
       {2645, 3641},
       {0, 1900},
       {-2645, 3641},
       {-1807, 587},
       {-4280, -1391},
       {-1117, -1537}},
      {{-1400, -4200},
       {1400, -4200},
       {1400, -1400},
       {4200, -1400},
       {4200, 1400},
       {1400, 1400},
       {1400, 4200},
       {-1400, 4200},
       {-1400, 1400},
       {-4200, 1400},
       {-4200, -1400},
       {-1400, -1400}},
      {{0, -4500}, {2900, 0}, {0, 4500}, {-2900, 0}},
  }};
  return kOutlines;
}

// Even-odd rule; the side of an edge is decided by the sign of a cross product.
bool is_inside(const std::vector<Point>& outline, Point p) {
  if (outline.empty()) return p.x * p.x + p.y * p.y <= kUnit * kUnit;
  bool inside = false;
  for (size_t i = 0, j = outline.size() - 1; i < outline.size(); j = i++) {
    const Point a = outline[i];
    const Point b = outline[j];
    if ((a.y > p.y) == (b.y > p.y)) continue;
    const int64_t cross = (b.x - a.x) * (p.y - a.y) - (p.x - a.x) * (b.y - a.y);
    if ((cross > 0) == (b.y > a.y)) inside = !inside;
  }
  return inside;
}

// The straight line from one corner to the next.
struct Side {
  double x, y;    // its first corner
  double dx, dy;  // to its last
  double per_square_length;
};

std::vector<Side> sides_of(const std::vector<Point>& outline) {
  std::vector<Side> sides;
  for (size_t i = 0, j = outline.size() - 1; i < outline.size(); j = i++) {
    const auto dx = static_cast<double>(outline[i].x - outline[j].x);
    const auto dy = static_cast<double>(outline[i].y - outline[j].y);
    sides.push_back(
        {static_cast<double>(outline[j].x), static_cast<double>(outline[j].y), dx, dy, 1.0 / (dx * dx + dy * dy)});
  }
  return sides;
}

const std::vector<Side>& sides_of_shape(int shape) {
  static const std::array<std::vector<Side>, kShapeCount> kSides = [] {
    std::array<std::vector<Side>, kShapeCount> all;
    for (size_t i = 0; i < all.size(); ++i) all[i] = sides_of(outlines()[i]);
    return all;
  }();
  return kSides.at(static_cast<size_t>(shape));
}

// Whether the outline passes the point at no less than this distance.
bool is_clear_of(const std::vector<Side>& sides, double x, double y, double distance) {
  if (sides.empty()) return std::abs(std::hypot(x, y) - static_cast<double>(kUnit)) > distance;
  return std::all_of(sides.begin(), sides.end(), [&](const Side& side) {
    const double along =
        std::clamp(((x - side.x) * side.dx + (y - side.y) * side.dy) * side.per_square_length, 0.0, 1.0);
    const double right = x - side.x - along * side.dx;
    const double down = y - side.y - along * side.dy;
    return right * right + down * down > distance * distance;
  });
}

// Rounded to 1/65536, far coarser than the last bits in which mathematics libraries differ.
int64_t fixed(double value) {
  return std::llround(value * static_cast<double>(kSide));
}

int deviation(PythonRandom& random, int largest) {
  return static_cast<int>(random.randint(-largest, largest));
}

// Brightness added to each pixel by a coarse grid of random heights, read bilinearly.
std::vector<int> blotches(int size_px, int largest, PythonRandom& noise) {
  std::array<int, static_cast<size_t>(kBlotchGrid * kBlotchGrid)> heights{};
  for (int& height : heights) height = deviation(noise, largest);
  const auto height = [&](int64_t row, int64_t column) {
    return heights[static_cast<size_t>(row * kBlotchGrid + column)];
  };
  std::vector<int> values;
  values.reserve(static_cast<size_t>(size_px) * static_cast<size_t>(size_px));
  const int64_t cells = kBlotchGrid - 1;
  for (int64_t y = 0; y < size_px; ++y) {
    for (int64_t x = 0; x < size_px; ++x) {
      const int64_t row = y * cells / size_px;
      const int64_t column = x * cells / size_px;
      const int64_t down = y * cells % size_px;
      const int64_t right = x * cells % size_px;
      const int64_t top = height(row, column) * (size_px - right) + height(row, column + 1) * right;
      const int64_t bottom = height(row + 1, column) * (size_px - right) + height(row + 1, column + 1) * right;
      values.push_back(static_cast<int>((top * (size_px - down) + bottom * down) / (int64_t{size_px} * size_px)));
    }
  }
  return values;
}

}  // namespace

Canvas::Canvas(const Background& background, int size_px, PythonRandom& noise) : size_px_(size_px) {
  const std::vector<int> clouds = blotches(size_px, background.blotches, noise);
  pixels_.resize(clouds.size());
  for (int y = 0; y < size_px; ++y) {
    for (int x = 0; x < size_px; ++x) {
      const size_t at = static_cast<size_t>(y) * static_cast<size_t>(size_px) + static_cast<size_t>(x);
      const int slope =
          (background.slope_x * (2 * x - size_px) + background.slope_y * (2 * y - size_px)) / (2 * size_px);
      for (size_t c = 0; c < 3; ++c) pixels_[at][c] = background.rgb[c] + slope + clouds[at];
    }
  }
}

void Canvas::paint(const Object& object) {
  const std::vector<Point>& outline = outlines().at(static_cast<size_t>(object.shape));
  const std::vector<Side>& sides = sides_of_shape(object.shape);
  const Point centre{object.x_permille * kSide / 1000, object.y_permille * kSide / 1000};
  const int64_t radius = object.radius_permille * kSide / 1000;
  const double angle = object.angle_deg * std::numbers::pi / 180.0;
  const int64_t cosine = fixed(std::cos(angle));
  const int64_t sine = fixed(std::sin(angle));
  const auto sample_position = [&](int64_t index) {
    return (2 * index + 1) * kSide / (int64_t{2} * kSamples * size_px_);
  };
  const auto covered = [&](int64_t column, int64_t row) {
    const int64_t x = sample_position(column) - centre.x;
    const int64_t y = sample_position(row) - centre.y;
    return is_inside(
        outline, {(x * cosine + y * sine) / kSide * kUnit / radius, (y * cosine - x * sine) / kSide * kUnit / radius});
  };
  // All samples of a pixel agree where the outline is further from its middle than they are: 3/8 of a pixel across and
  // down, and what the whole numbers above round off, below three steps of either unit.
  const double unit_per_side = static_cast<double>(kUnit) / static_cast<double>(radius);
  const double pixel = static_cast<double>(kSide) / size_px_;
  const double sample_reach = (0.375 * pixel + 3.0) * std::numbers::sqrt2 * unit_per_side + 5.0;
  const auto is_even = [&](int64_t column, int64_t row) {
    const double x = (static_cast<double>(column) + 0.5) * pixel - static_cast<double>(centre.x);
    const double y = (static_cast<double>(row) + 0.5) * pixel - static_cast<double>(centre.y);
    const double c = static_cast<double>(cosine) / static_cast<double>(kSide) * unit_per_side;
    const double s = static_cast<double>(sine) / static_cast<double>(kSide) * unit_per_side;
    return is_clear_of(sides, x * c + y * s, y * c - x * s, sample_reach);
  };
  const auto clip = [&](int64_t position) { return std::clamp<int64_t>(position, 0, size_px_); };
  const int64_t reach = radius + radius / 5;
  const int64_t first_row = clip((centre.y - reach) * size_px_ / kSide);
  const int64_t last_row = clip((centre.y + reach) * size_px_ / kSide + 1);
  const int64_t first_column = clip((centre.x - reach) * size_px_ / kSide);
  const int64_t last_column = clip((centre.x + reach) * size_px_ / kSide + 1);
  const Rgb& colour = kPaint.at(static_cast<size_t>(object.colour));
  for (int64_t row = first_row; row < last_row; ++row) {
    for (int64_t column = first_column; column < last_column; ++column) {
      int hits = 0;
      if (is_even(column, row)) {
        if (!covered(column * kSamples, row * kSamples)) continue;
        hits = kSamples * kSamples;
      } else {
        for (int sample = 0; sample < kSamples * kSamples; ++sample) {
          if (covered(column * kSamples + sample % kSamples, row * kSamples + sample / kSamples)) ++hits;
        }
      }
      Rgb& under = pixels_[static_cast<size_t>(row * size_px_ + column)];
      for (size_t c = 0; c < 3; ++c) {
        const int top = colour[c] + object.tint[c];
        under[c] = (under[c] * (kSamples * kSamples - hits) + top * hits) / (kSamples * kSamples);
      }
    }
  }
}

media::Image Canvas::picture(int largest_noise, PythonRandom& noise) const {
  media::Image image;
  image.width = size_px_;
  image.height = size_px_;
  image.rgb.reserve(pixels_.size() * 3);
  for (const Rgb& pixel : pixels_) {
    for (const int channel : pixel) {
      image.rgb.push_back(static_cast<uint8_t>(std::clamp(channel + deviation(noise, largest_noise), 0, 255)));
    }
  }
  return image;
}

}  // namespace epalm::world
