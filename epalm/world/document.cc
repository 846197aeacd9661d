#include "epalm/world/document.h"

#include "epalm/world/describe.h"
#include "epalm/world/questions.h"
#include "epalm/world/telling.h"
#include "epalm/world/words.h"

namespace epalm::world {
namespace {

std::string fact(PythonRandom& random) {
  const int colour = static_cast<int>(random.randrange(kColourCount));
  const int shape = static_cast<int>(random.randrange(kShapeCount));
  const int place = static_cast<int>(random.randrange(kPlaceCount));
  switch (random.randrange(7)) {
    case 0:
      return colour_word(colour) + pick(random, {" is a colour.", " is the name of a colour."});
    case 1:
      return with_article(shape_word(shape)) + " is a shape.";
    case 2:
      return plural_word(shape) + pick(random, {" are shapes.", " can be small or big."});
    case 3:
      return "the " + place_word(place) + " is " + (is_top(place) ? "above the " : "below the ") +
             place_word(place ^ 2) + ".";
    case 4:
      return "the " + place_word(place) + " is " + (is_left(place) ? "left of the " : "right of the ") +
             place_word(place ^ 1) + ".";
    case 5:
      return synonym_fact(Medium::kImage, random);
    default:
      return pick(random, {"a circle is round.", "a triangle has three corners.", "a square has four corners.",
                           "a diamond has four corners.", "a star has five points.", "a cross has four arms.",
                           "one and one is two.", "one and two is three.", "a big shape is not small.",
                           "a small shape is not big.", "top is not bottom.", "left is not right."});
  }
}

std::string story(const Scene& scene, PythonRandom& random) {
  std::string text;
  for (const Object& object : scene.objects) {
    const std::string thing =
        with_article(size_word(object.size) + " " + colour_word(object.colour) + " " + shape_word(object.shape));
    text += text.empty() ? "first there was " + thing + ". " : "then " + thing + " came. ";
  }
  const int count = static_cast<int>(scene.objects.size());
  return text + (count == 1 ? "now there is " : "now there are ") + number_word(count) +
         (count == 1 ? " shape." : " shapes.") + pick(random, {"", " that is the end."});
}

}  // namespace

Document document(const Scene& scene, PythonRandom& random) {
  return document_of(scene, random);
}

std::vector<std::string> corpus(PythonRandom& random, int count) {
  std::vector<std::string> texts;
  for (int i = 0; i < count; ++i) {
    const Scene scene = random_scene(random, Split::kTrain);
    const int64_t kind = random.randrange(4);
    texts.push_back(kind == 0 ? fact(random) : kind == 1 ? story(scene, random) : captions(scene, random, 1).front());
  }
  return texts;
}

}  // namespace epalm::world
