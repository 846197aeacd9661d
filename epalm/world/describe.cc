#include "epalm/world/describe.h"

#include <fmt/format.h>

#include <algorithm>

#include "epalm/world/wording.h"
#include "epalm/world/words.h"

namespace epalm::world {
namespace {

// "red circle" or "small red circle".
std::string noun(const Object& object, bool with_size) {
  return (with_size ? size_word(object.size) + " " : "") + colour_word(object.colour) + " " + shape_word(object.shape);
}

std::string at_place(const Object& object, PythonRandom& random) {
  const std::string place = place_word(object.place);
  return pick(random, {"in the " + place, "at the " + place});
}

std::vector<Object> in_reading_order(const Scene& scene) {
  std::vector<Object> objects = scene.objects;
  std::sort(objects.begin(), objects.end(), [](const Object& a, const Object& b) { return a.place < b.place; });
  return objects;
}

std::vector<Object> shuffled(const Scene& scene, PythonRandom& random) {
  std::vector<Object> objects = scene.objects;
  random.shuffle(objects);
  return objects;
}

std::string counted_shapes(const Scene& scene) {
  return counted(static_cast<int>(scene.objects.size()), "shape");
}

std::string one_caption(const Scene& scene, PythonRandom& random) {
  const std::vector<Object> objects = in_reading_order(scene);
  const bool with_size = random.randrange(3) != 0;
  const bool with_place = random.randrange(3) != 0;
  const auto phrase = [&](const Object& object) {
    const std::string what = with_article(noun(object, with_size));
    return with_place ? fmt::format("{} {}", what, at_place(object, random)) : what;
  };
  const std::string list = listed(each(objects, phrase));
  switch (random.randrange(5)) {
    case 0:
      return list + ".";
    case 1:
      return pick(random, {"a picture of ", "an image of ", "a picture with "}) + list + ".";
    case 2:
      return "there is " + list + ".";
    case 3:
      return pick(random, {"we see ", "the picture shows "}) + list + ".";
    default:
      return counted_shapes(scene) + ": " + list + ".";
  }
}

}  // namespace

std::string describe(const Scene& scene, PythonRandom& random) {
  const std::vector<Object> objects = shuffled(scene, random);
  const auto placed = [&](const Object& o) { return with_article(noun(o, true)) + " " + at_place(o, random); };
  switch (random.randrange(4)) {
    case 0:
      return listed(each(objects, placed)) + ".";
    case 1:
      return sentences(each(objects, [&](const Object& o) { return "there is " + placed(o); }));
    case 2:
      return counted_shapes(scene) + ": " + listed(each(objects, placed)) + ".";
    default:
      return "the picture shows " + listed(each(objects, placed)) + ".";
  }
}

std::vector<std::string> captions(const Scene& scene, PythonRandom& random, int count) {
  return different_texts(count, [&] { return one_caption(scene, random); });
}

}  // namespace epalm::world
