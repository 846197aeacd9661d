#include "epalm/world/video_describe.h"

#include <algorithm>

#include "epalm/world/wording.h"
#include "epalm/world/words.h"

namespace epalm::world {
namespace {

std::string thing(const Event& event) {
  return with_article(colour_word(event.colour) + " " + shape_word(event.shape));
}

std::string clause(const Event& event) {
  return thing(event) + " " + action_words(event.action);
}

std::string counted_shapes(const VideoScene& scene) {
  return counted(static_cast<int>(scene.events.size()), "shape");
}

// "a red circle moves left, then a blue star grows."
std::string told(const VideoScene& scene, PythonRandom& random) {
  const bool several = scene.events.size() > 1;
  const std::string text = chained(each(scene.events, clause), {", then ", " and then "}, random);
  return (several && coin(random) ? "first " : "") + text + ".";
}

// "a video of a red circle that moves left followed by a blue star that grows."
std::string shown(const VideoScene& scene, PythonRandom& random) {
  const bool with_action = random.randrange(3) != 0;
  const auto phrase = [&](const Event& event) {
    return thing(event) + (with_action ? " that " + action_words(event.action) : "");
  };
  const std::string text = chained(each(scene.events, phrase), {", then ", " and then ", " followed by "}, random);
  return pick(random, {"a video of ", "there is ", "we see ", "the video shows ", counted_shapes(scene) + ": "}) +
         text + ".";
}

}  // namespace

std::string action_words(int action) {
  return word_of(kActions, action);
}

std::string bare_action_words(int action) {
  std::string words = action_words(action);
  return words.erase(std::min(words.find(' '), words.size()) - 1, 1);  // the s of the verb
}

std::string describe(const VideoScene& scene, PythonRandom& random) {
  const std::string shapes = counted_shapes(scene) + ": ";
  const std::string there = scene.events.size() == 1 ? "there is " : "there are ";
  return numbered(each(scene.events, clause), {there + shapes, "we see " + shapes, "the video shows " + shapes},
                  random);
}

std::vector<std::string> captions(const VideoScene& scene, PythonRandom& random, int count) {
  // Told one time in three: a single event can be told in one way only.
  return different_texts(count, [&] { return random.randrange(3) == 0 ? told(scene, random) : shown(scene, random); });
}

}  // namespace epalm::world
