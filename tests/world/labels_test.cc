#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "epalm/world/audio_labels.h"
#include "epalm/world/labels.h"
#include "epalm/world/video_labels.h"

namespace epalm::world {
namespace {

template <typename Scene>
std::map<std::string, int64_t> by_name(const Scene& scene, const std::vector<LabelHead>& heads) {
  const std::vector<int64_t> values = labels(scene);
  std::map<std::string, int64_t> named;
  for (size_t i = 0; i < values.size(); ++i) named[heads[i].name] = values[i];
  EXPECT_EQ(named.size(), heads.size()) << "one label for every head, all with names of their own";
  return named;
}

TEST(PictureLabels, FollowASceneByHand) {
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
  const auto label = by_name(scene, label_heads());
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

TEST(VideoLabels, FollowAClipByHand) {
  // A red star moves right, then a gray circle grows, then a blue star grows.
  VideoScene scene;
  scene.events.resize(3);
  const int told[3][3] = {{0, 3, kMoveRight}, {7, 0, kGrow}, {2, 3, kGrow}};
  for (size_t i = 0; i < 3; ++i) {
    scene.events[i].colour = told[i][0];
    scene.events[i].shape = told[i][1];
    scene.events[i].action = told[i][2];
  }
  scene.events[0].from.x_permille = 240;
  scene.events[0].to.x_permille = 760;
  scene.events[0].from.y_permille = scene.events[0].to.y_permille = 500;
  scene.events[1].from.radius_permille = 80;
  scene.events[1].to.radius_permille = 290;
  const auto label = by_name(scene, video_label_heads());
  EXPECT_EQ(label.at("slot 0 colour"), 1);
  EXPECT_EQ(label.at("slot 1 action"), 1 + kGrow);
  EXPECT_EQ(label.at("slot 2 shape"), 4);
  EXPECT_EQ(label.at("slot 0 start across"), 1);  // left …
  EXPECT_EQ(label.at("slot 0 end across"), 3);    // … to right
  EXPECT_EQ(label.at("slot 0 end down"), 2);
  EXPECT_EQ(label.at("slot 1 start size"), 1);  // small …
  EXPECT_EQ(label.at("slot 1 end size"), 3);    // … to big
  EXPECT_EQ(label.at("colour 7 shape"), 1);
  EXPECT_EQ(label.at("colour 7 order"), 2);
  EXPECT_EQ(label.at("colour 1 action"), 0);
  EXPECT_EQ(label.at("shape 0 colour"), 8);
  EXPECT_EQ(label.at("shape 3 colour"), 9);  // several
  EXPECT_EQ(label.at("shape 0 after"), 4);
  EXPECT_EQ(label.at("shape 0 before"), 4);
  EXPECT_EQ(label.at("action 1 shape"), 4);
  EXPECT_EQ(label.at("action 4 colour"), 9);
  EXPECT_EQ(label.at("count"), 3);
  EXPECT_EQ(label.at("count shape 3"), 2);
  EXPECT_EQ(label.at("count action 4"), 2);
  scene.events.resize(1);
  const auto alone = by_name(scene, video_label_heads());
  EXPECT_EQ(alone.at("slot 1 colour"), 0);
  EXPECT_EQ(alone.at("shape 3 after"), 0);
  EXPECT_EQ(alone.at("shape 3 before"), 0);
  EXPECT_EQ(alone.at("shape 3 order"), 1);
}

TEST(AudioLabels, FollowARecordingByHand) {
  // A loud low long noise, then a quiet low short beep.
  AudioScene scene;
  scene.sounds.resize(2);
  scene.sounds[0].kind = kNoise;
  scene.sounds[0].loudness = kLoud;
  scene.sounds[0].length = kLong;
  scene.sounds[1].kind = kBeep;
  const auto label = by_name(scene, audio_label_heads());
  EXPECT_EQ(label.at("slot 0 kind"), 1 + kNoise);
  EXPECT_EQ(label.at("slot 0 loudness"), 2);
  EXPECT_EQ(label.at("slot 1 length"), 1);
  EXPECT_EQ(label.at("slot 2 pitch"), 0);
  EXPECT_EQ(label.at("kind 0 pitch"), 1);
  EXPECT_EQ(label.at("kind 0 order"), 2);
  EXPECT_EQ(label.at("kind 0 before"), 1 + kNoise);
  EXPECT_EQ(label.at("kind 0 after"), 0);
  EXPECT_EQ(label.at("pitch 0 kind"), kSoundKindCount + 1);  // several
  EXPECT_EQ(label.at("loudness 1 kind"), 1 + kNoise);
  EXPECT_EQ(label.at("length 0 kind"), 1 + kBeep);
  EXPECT_EQ(label.at("count"), 2);
  EXPECT_EQ(label.at("count pitch 0"), 2);
  EXPECT_EQ(label.at("count loudness 0"), 1);
}

const LabelHead& head_named(const std::vector<LabelHead>& heads, const std::string& name) {
  return *std::find_if(heads.begin(), heads.end(), [&](const LabelHead& head) { return head.name == name; });
}

// Class 0 is nothing, the last class of what may repeat several: neither is a fact.
TEST(Facts, AreTheClassesThatNameSomething) {
  EXPECT_EQ(head_named(label_heads(), "place 0 colour").facts, kColourCount);
  EXPECT_EQ(head_named(label_heads(), "colour 3 shape").facts, kShapeCount);
  EXPECT_EQ(head_named(label_heads(), "colour 3 shape").classes, kShapeCount + 2);
  EXPECT_EQ(head_named(audio_label_heads(), "count").facts, kMaxItems);
}

TEST(Facts, AreWhatQuestionsAskForAlone) {
  EXPECT_EQ(head_named(label_heads(), "colour 3 size").facts, 0);
  EXPECT_EQ(head_named(label_heads(), "count big").facts, 0);
  EXPECT_EQ(head_named(video_label_heads(), "slot 0 start across").facts, 0);
  EXPECT_EQ(head_named(video_label_heads(), "action 0 order").facts, 0);
  EXPECT_EQ(head_named(video_label_heads(), "shape 0 order").facts, kMaxItems);
}

template <typename DrawScene>
void expect_every_class(DrawScene scene, const std::vector<LabelHead>& heads) {
  PythonRandom random(1);
  std::vector<std::map<int64_t, int>> seen(heads.size());
  for (int i = 0; i < 60'000; ++i) {
    const std::vector<int64_t> values = labels(scene(random, i % 2 == 0 ? Split::kTrain : Split::kTest));
    ASSERT_EQ(values.size(), heads.size());
    for (size_t h = 0; h < values.size(); ++h) {
      ASSERT_GE(values[h], 0);
      ASSERT_LT(values[h], heads[h].classes);
      ++seen[h][values[h]];
    }
  }
  for (size_t h = 0; h < seen.size(); ++h) {
    // No scene is empty, so the class 0 of "count" and of the first slot never occurs.
    // What comes after the only circle is no circle.
    const std::string& name = heads[h].name;
    const bool never_0 = name == "count" || name.starts_with("slot 0");
    const bool never_itself = name.ends_with("after") || name.ends_with("before");
    EXPECT_EQ(seen[h].size(), static_cast<size_t>(heads[h].classes - (never_0 || never_itself ? 1 : 0))) << name;
  }
}

TEST(PictureLabels, StayBelowTheClassCountsAndReachEveryClass) {
  expect_every_class(random_scene, label_heads());
}

TEST(VideoLabels, StayBelowTheClassCountsAndReachEveryClass) {
  expect_every_class(random_video_scene, video_label_heads());
}

TEST(AudioLabels, StayBelowTheClassCountsAndReachEveryClass) {
  expect_every_class(random_audio_scene, audio_label_heads());
}

}  // namespace
}  // namespace epalm::world
