#include "epalm/world/audio_describe.h"

#include "epalm/world/wording.h"
#include "epalm/world/words.h"

namespace epalm::world {
namespace {

struct Said {
  bool loudness = true;
  bool pitch = true;
  bool length = true;
};

// "a loud high short beep", less what is not said.
std::string phrase(const Sound& sound, const Said& said) {
  std::string text;
  if (said.loudness) text += word_of(kLoudnesses, sound.loudness) + " ";
  if (said.pitch) text += word_of(kPitches, sound.pitch) + " ";
  if (said.length) text += word_of(kLengths, sound.length) + " ";
  return with_article(text + word_of(kSoundKinds, sound.kind));
}

std::vector<std::string> phrases(const AudioScene& scene, const Said& said) {
  return each(scene.sounds, [&](const Sound& sound) { return phrase(sound, said); });
}

std::string counted_sounds(const AudioScene& scene) {
  return counted(static_cast<int>(scene.sounds.size()), "sound");
}

std::string one_caption(const AudioScene& scene, PythonRandom& random) {
  Said said;
  said.loudness = coin(random);
  said.pitch = random.randrange(3) != 0;
  said.length = coin(random);
  const std::string text = chained(phrases(scene, said), {", then ", " and then ", " followed by "}, random);
  return pick(random, {"", "a recording of ", "there is ", "we hear ", "this is ", counted_sounds(scene) + ": "}) +
         text + ".";
}

}  // namespace

std::string describe(const AudioScene& scene, PythonRandom& random) {
  const std::string sounds = counted_sounds(scene) + ": ";
  const std::string there = scene.sounds.size() == 1 ? "there is " : "there are ";
  return numbered(phrases(scene, {}), {there + sounds, "we hear " + sounds, "the recording has " + sounds}, random);
}

std::vector<std::string> captions(const AudioScene& scene, PythonRandom& random, int count) {
  return different_texts(count, [&] { return one_caption(scene, random); });
}

}  // namespace epalm::world
