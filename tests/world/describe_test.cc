#include "epalm/world/describe.h"

#include <gtest/gtest.h>

#include <set>

#include "epalm/world/words.h"

namespace epalm::world {
namespace {

int occurrences(const std::string& text, const std::string& phrase) {
  int count = 0;
  for (size_t at = text.find(phrase); at != std::string::npos; at = text.find(phrase, at + 1)) ++count;
  return count;
}

TEST(Describe, NamesEveryAttributeOfEveryObject) {
  PythonRandom random(1);
  for (int i = 0; i < 2000; ++i) {
    const Scene scene = random_scene(random, Split::kTest);
    const std::string text = describe(scene, random);
    std::array<int, kSizeCount> sizes{};
    for (const Object& object : scene.objects) {
      EXPECT_EQ(occurrences(text, colour_word(object.colour) + " " + shape_word(object.shape)), [&] {
        int same = 0;
        for (const Object& o : scene.objects) same += o.colour == object.colour && o.shape == object.shape;
        return same;
      }()) << text;
      EXPECT_EQ(occurrences(text, place_word(object.place)), 1) << text;
      ++sizes[static_cast<size_t>(object.size)];
    }
    for (int size = 0; size < kSizeCount; ++size) {
      EXPECT_EQ(occurrences(text, size_word(size)), sizes[static_cast<size_t>(size)]) << text;
    }
    EXPECT_EQ(text.back(), '.');
  }
}

TEST(Describe, VariesItsWording) {
  PythonRandom random(2);
  const auto wordings = [&](const Scene& scene) {
    std::set<std::string> texts;
    // All of 32 equally likely texts: one stays unseen with a chance of 32 (31/32)^1000 < 1e-12.
    for (int i = 0; i < 1000; ++i) texts.insert(describe(scene, random));
    return texts.size();
  };
  Scene scene;
  scene.objects.resize(1);
  EXPECT_EQ(wordings(scene), 4U * 2U) << "four forms, in or at the place";
  scene.objects.resize(2);
  scene.objects[1].place = 3;
  EXPECT_EQ(wordings(scene), 4U * 2U * 2U * 2U) << "four forms, two orders, in or at each place";
}

TEST(Captions, AreDifferentAndTrue) {
  PythonRandom random(3);
  for (int i = 0; i < 1000; ++i) {
    const Scene scene = random_scene(random, Split::kTrain);
    const std::vector<std::string> texts = captions(scene, random, 5);
    ASSERT_EQ(texts.size(), 5U);
    EXPECT_EQ(std::set<std::string>(texts.begin(), texts.end()).size(), 5U);
    for (const std::string& text : texts) {
      for (int colour = 0; colour < kColourCount; ++colour) {
        EXPECT_EQ(occurrences(text, colour_word(colour) + " "), count_value(scene.objects, &Object::colour, colour))
            << text;
      }
      for (int shape = 0; shape < kShapeCount; ++shape) {
        EXPECT_EQ(occurrences(text, " " + shape_word(shape)), count_value(scene.objects, &Object::shape, shape))
            << text;
      }
    }
  }
}

TEST(WithArticle, LooksAtTheFirstLetter) {
  EXPECT_EQ(with_article("orange star"), "an orange star");
  EXPECT_EQ(with_article("red star"), "a red star");
}

TEST(PluralWord, EndsCrossInEs) {
  EXPECT_EQ(plural_word(4), "crosses");
  EXPECT_EQ(plural_word(0), "circles");
}

}  // namespace
}  // namespace epalm::world
