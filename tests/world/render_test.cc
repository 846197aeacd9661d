#include "epalm/world/render.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "epalm/base/error.h"
#include "tests/world/fnv1a.h"

namespace epalm::world {
namespace {

Object object_of(int colour, int shape) {
  Object object;
  object.colour = colour;
  object.shape = shape;
  object.size = kBig;
  object.x_permille = 500;
  object.y_permille = 500;
  object.radius_permille = 200;
  return object;
}

Scene plain_scene(const Object& object) {
  Scene scene;
  scene.objects = {object};
  return scene;
}

// Sum of one channel over 255: the area in pixels of a white object on a black ground.
double white_area_px(const media::Image& image) {
  double sum = 0.0;
  for (size_t i = 0; i < image.rgb.size(); i += 3) sum += image.rgb[i] / 245.0;
  return sum;
}

constexpr int kWhite = 6;

// Hand-made, so that the picture's bytes depend on nothing but how scenes are painted.
TEST(Render, GivesTheSameBytesOnEveryMachine) {
  PythonRandom noise(11);
  Scene scene;
  scene.background = {{20, 40, 60}, 24, -17, 14, 12};
  uint64_t hash = fnv1a(std::string());
  for (int shape = 0; shape < kShapeCount; ++shape) {
    Object object = object_of(shape + 2, shape);
    object.x_permille = 261 + 70 * shape;
    object.radius_permille = 97 + 20 * shape;
    object.angle_deg = 4 * shape - 11;
    object.tint = {3, -9, shape};
    scene.objects = {object, object_of(shape, (shape + 3) % kShapeCount)};
    hash = fnv1a(render(scene, 48 + shape, noise).rgb, hash);
  }
  EXPECT_EQ(hash, 6702430293153403694U);
}

TEST(Render, DrawsACircleOfItsArea) {
  PythonRandom noise(1);
  const media::Image image = render(plain_scene(object_of(kWhite, 0)), 64, noise);
  EXPECT_EQ(image.width, 64);
  EXPECT_EQ(image.height, 64);
  ASSERT_EQ(image.rgb.size(), 64U * 64 * 3);
  const double radius_px = 0.2 * 64;
  // Counting grid points in a circle errs by about the square root of its edge points (4 * 80), a sample being 1/16 px.
  EXPECT_NEAR(white_area_px(image), 3.14159265 * radius_px * radius_px, std::sqrt(4 * 80.0) / 16 * 3);
}

TEST(Render, SmoothsEdges) {
  PythonRandom noise(1);
  const media::Image image = render(plain_scene(object_of(kWhite, 0)), 64, noise);
  int between = 0;
  for (const uint8_t value : image.rgb) between += value > 0 && value < 245 ? 1 : 0;
  EXPECT_GT(between, 100);
}

TEST(Render, KeepsTheAreaOfATurnedShape) {
  for (int shape = 1; shape < kShapeCount; ++shape) {
    PythonRandom noise(1);
    Object object = object_of(kWhite, shape);
    const double straight = white_area_px(render(plain_scene(object), 64, noise));
    object.angle_deg = 12;
    const double turned = white_area_px(render(plain_scene(object), 64, noise));
    // As above with at most 120 px of edge: a straight outline may lie along a row of samples, half a sample each.
    EXPECT_NEAR(turned, straight, 120 * 4 / 16.0 / 2) << kShapes[static_cast<size_t>(shape)];
  }
}

TEST(Render, CentresEveryShapeOnItsPlace) {
  PythonRandom random(3);
  for (int i = 0; i < 50; ++i) {
    Scene scene = random_scene(random, Split::kTrain);
    scene.objects.resize(1);
    scene.background = {};
    const Object& object = scene.objects[0];
    const media::Image image = render(scene, 64, random);
    for (int y = 0; y < 64; ++y) {
      for (int x = 0; x < 64; ++x) {
        const bool in_quarter = (x < 32) == is_left(object.place) && (y < 32) == is_top(object.place);
        const uint8_t* pixel = image.row(y) + 3 * x;
        if (!in_quarter) {
          ASSERT_EQ(pixel[0] + pixel[1] + pixel[2], 0) << "outside its quarter at " << x << "," << y;
        }
      }
    }
    const uint8_t* centre = image.row(object.y_permille * 64 / 1000) + 3 * (object.x_permille * 64 / 1000);
    EXPECT_GT(centre[0] + centre[1] + centre[2], 150);
  }
}

TEST(Render, KeepsColoursApartFromEachOtherAndTheGround) {
  PythonRandom random(4);
  // The pixel at the centre must be nearest to the mean centre of its own colour in at least 99 of 100 objects.
  constexpr int kScenes = 2000;
  struct Seen {
    int colour;
    std::array<double, 3> rgb;
    double ground_distance;
  };
  std::vector<Seen> seen;
  std::array<std::array<double, 4>, kColourCount> sums{};
  for (int i = 0; i < kScenes; ++i) {
    const Scene scene = random_scene(random, Split::kTest);
    const media::Image image = render(scene, 64, random);
    for (const Object& object : scene.objects) {
      const uint8_t* pixel = image.row(object.y_permille * 64 / 1000) + 3 * (object.x_permille * 64 / 1000);
      // The corner of the object's quarter at the middle of the image is ground.
      const uint8_t* ground = image.row(is_top(object.place) ? 0 : 63) + 3 * (is_left(object.place) ? 0 : 63);
      Seen entry{object.colour, {}, 0.0};
      for (size_t c = 0; c < 3; ++c) {
        entry.rgb[c] = pixel[c];
        entry.ground_distance += (pixel[c] - ground[c]) * (pixel[c] - ground[c]);
        sums[static_cast<size_t>(object.colour)][c] += pixel[c];
      }
      sums[static_cast<size_t>(object.colour)][3] += 1;
      seen.push_back(entry);
    }
  }
  int right = 0;
  for (const Seen& entry : seen) {
    int best = -1;
    double best_distance = 1e9;
    for (int colour = 0; colour < kColourCount; ++colour) {
      const auto& sum = sums[static_cast<size_t>(colour)];
      double distance = 0.0;
      for (size_t c = 0; c < 3; ++c) distance += std::pow(entry.rgb[c] - sum[c] / sum[3], 2);
      if (distance < best_distance) {
        best_distance = distance;
        best = colour;
      }
    }
    right += best == entry.colour ? 1 : 0;
    // The darkest object, gray less its tint, and the lightest ground, with pixel noise on both, stay this far apart.
    EXPECT_GT(std::sqrt(entry.ground_distance), 20.0);
  }
  EXPECT_GT(right, 0.99 * static_cast<double>(seen.size()));
}

TEST(Render, RejectsSizesOutOfRange) {
  PythonRandom noise(1);
  EXPECT_THROW(render(plain_scene(object_of(0, 0)), 8, noise), Error);
  EXPECT_THROW(render(plain_scene(object_of(0, 0)), 5000, noise), Error);
}

}  // namespace
}  // namespace epalm::world
