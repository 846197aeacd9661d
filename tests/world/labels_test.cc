#include "epalm/world/labels.h"

#include <gtest/gtest.h>

#include <map>

namespace epalm::world {
namespace {

std::map<std::string, int64_t> by_name(const Scene& scene) {
  const std::vector<int64_t> values = labels(scene);
  std::map<std::string, int64_t> named;
  for (size_t i = 0; i < values.size(); ++i) named[label_heads()[i].name] = values[i];
  return named;
}

TEST(Labels, FollowASceneByHand) {
  // A small red star in the top right, a big gray star in the bottom left.
  Scene scene;
  scene.objects.resize(2);
  scene.objects[0].colour = 0;
  scene.objects[0].shape = 3;
  scene.objects[0].size = 0;
  scene.objects[0].place = 1;
  scene.objects[1].colour = 7;
  scene.objects[1].shape = 3;
  scene.objects[1].size = 1;
  scene.objects[1].place = 2;
  std::map<std::string, int64_t> label = by_name(scene);
  EXPECT_EQ(label.at("place 0 colour"), 0);
  EXPECT_EQ(label.at("place 1 colour"), 1);
  EXPECT_EQ(label.at("place 2 colour"), 8);
  EXPECT_EQ(label.at("place 2 shape"), 4);
  EXPECT_EQ(label.at("place 2 size"), 2);
  EXPECT_EQ(label.at("colour 0 shape"), 4);
  EXPECT_EQ(label.at("colour 0 place"), 2);
  EXPECT_EQ(label.at("colour 1 shape"), 0);
  EXPECT_EQ(label.at("shape 3 colour"), 9);  // several
  EXPECT_EQ(label.at("shape 3 size"), 3);
  EXPECT_EQ(label.at("shape 3 place"), 5);
  EXPECT_EQ(label.at("count"), 2);
  EXPECT_EQ(label.at("count colour 7"), 1);
  EXPECT_EQ(label.at("count shape 3"), 2);
  EXPECT_EQ(label.at("count big"), 1);
}

TEST(Labels, StayBelowTheClassCountsAndReachEveryClass) {
  PythonRandom random(1);
  std::vector<std::map<int64_t, int>> seen(label_heads().size());
  for (int i = 0; i < 30'000; ++i) {
    const std::vector<int64_t> values = labels(random_scene(random, i % 2 == 0 ? Split::kTrain : Split::kTest));
    ASSERT_EQ(values.size(), label_heads().size());
    for (size_t h = 0; h < values.size(); ++h) {
      ASSERT_GE(values[h], 0);
      ASSERT_LT(values[h], label_heads()[h].classes);
      ++seen[h][values[h]];
    }
  }
  for (size_t h = 0; h < seen.size(); ++h) {
    // No scene is empty, so the class 0 of "count" never occurs.
    const int reachable = label_heads()[h].classes - (label_heads()[h].name == "count" ? 1 : 0);
    EXPECT_EQ(seen[h].size(), static_cast<size_t>(reachable)) << label_heads()[h].name;
  }
}

}  // namespace
}  // namespace epalm::world
