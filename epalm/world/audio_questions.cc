#include "epalm/world/audio_questions.h"

#include "epalm/world/asking.h"
#include "epalm/world/wording.h"

namespace epalm::world {
namespace {

std::string kind_word(int kind) {
  return word_of(kSoundKinds, kind);
}

// Pitch, loudness and length: what a sound has besides its kind, with the words of its values and of its question.
struct Quality {
  Attribute<Sound> attribute;
  std::vector<std::string_view> values;
  std::string question;  // "what pitch"
};

const std::vector<Quality>& qualities() {
  static const std::vector<Quality> kQualities = {
      {&Sound::pitch, {kPitches.begin(), kPitches.end()}, "what pitch"},
      {&Sound::loudness, {kLoudnesses.begin(), kLoudnesses.end()}, "how loud"},
      {&Sound::length, {kLengths.begin(), kLengths.end()}, "how long"},
  };
  return kQualities;
}

std::string value_word(const Quality& quality, int value) {
  return std::string(quality.values.at(static_cast<size_t>(value)));
}

// What is held out takes two of the twelve combinations of a kind, with two different pitches, but as many quiet as
// loud and short as long ones: "is the beep high" could be answered by heart a little. True with such a chance that the
// pitches that remain are equally frequent.
bool passes_evenly(PythonRandom& random, Sound sound) {
  int shown = 0;
  for (sound.loudness = 0; sound.loudness < kLoudnessCount; ++sound.loudness) {
    for (sound.length = 0; sound.length < kLengthCount; ++sound.length) shown += is_held_out(sound) ? 0 : 1;
  }
  return random.randrange(shown) < kLoudnessCount * kLengthCount - 1;
}

// A kind with its pitch half of the time, else a kind alone.
MaybeQuestion ask_existence(const AudioScene& scene, PythonRandom& random) {
  const Sound& sound = random.choice(scene.sounds);
  const bool with_pitch = coin(random) && passes_evenly(random, sound);
  const bool yes = coin(random);
  ValuePair pair{sound.pitch, sound.kind};
  if (!yes && with_pitch) {
    pair = absent_pair(random, scene.sounds, sound, &Sound::pitch, kPitchCount, &Sound::kind, kSoundKindCount);
  } else if (!yes) {
    pair.second = random.choice(
        values_where(kSoundKindCount, [&](int value) { return count_value(scene.sounds, &Sound::kind, value) == 0; }));
  }
  const std::string thing =
      with_article((with_pitch ? word_of(kPitches, pair.first) + " " : "") + kind_word(pair.second));
  return Question{pick(random, {"is there " + thing, "do you hear " + thing}), yes_or_no(yes), kYesNo, "is there a"};
}

MaybeQuestion ask_if_quality(const AudioScene& scene, PythonRandom& random) {
  const auto position = draw_unique(random, scene.sounds, &Sound::kind);
  if (!position) return std::nullopt;
  const Sound& sound = scene.sounds[*position];
  const Quality* drawn = &random.choice(qualities());
  if (drawn->attribute == &Sound::pitch && !passes_evenly(random, sound)) drawn = &qualities().back();
  const Quality& quality = *drawn;
  const bool yes = coin(random);
  const int truth = sound.*quality.attribute;
  const int value =
      yes ? truth : draw_other(random, scene.sounds, quality.attribute, static_cast<int>(quality.values.size()), truth);
  const std::string thing = kind_word(sound.kind);
  const std::string word = value_word(quality, value);
  return Question{pick(random, {"is the " + thing + " " + word, "does the " + thing + " sound " + word}),
                  yes_or_no(yes), kYesNo, "is the"};
}

MaybeQuestion ask_count(const AudioScene& scene, PythonRandom& random) {
  return count_question(random, "sounds", "do you hear", static_cast<int>(scene.sounds.size()), "how many sounds");
}

MaybeQuestion ask_count_of(const AudioScene& scene, PythonRandom& random) {
  const bool of_kind = coin(random);
  const Attribute<Sound> attribute = of_kind ? &Sound::kind : &Sound::pitch;
  const int value = draw_counted(random, scene.sounds, attribute, of_kind ? kSoundKindCount : kPitchCount);
  return count_question(random, of_kind ? kind_word(value) + "s" : word_of(kPitches, value) + " sounds", "do you hear",
                        count_value(scene.sounds, attribute, value), "how many of the");
}

MaybeQuestion ask_kind_by_order(const AudioScene& scene, PythonRandom& random) {
  const size_t position = draw_position(random, scene.sounds);
  return Question{pick(random, {"what sound is ", "which sound is "}) + ordinal(position),
                  kind_word(scene.sounds[position].kind), kOther, "what sound is first"};
}

// A quality that only one sound has.
MaybeQuestion ask_kind_of_quality(const AudioScene& scene, PythonRandom& random) {
  struct Found {
    const Quality* quality;
    size_t position;
  };
  std::vector<Found> found;
  for (const Quality& quality : qualities()) {
    for (const size_t position : unique_positions(scene.sounds, quality.attribute))
      found.push_back({&quality, position});
  }
  if (found.empty()) return std::nullopt;
  const auto& [quality, position] = random.choice(found);
  const Sound& sound = scene.sounds[position];
  return Question{pick(random, {"what sound is ", "which sound is "}) + value_word(*quality, sound.*quality->attribute),
                  kind_word(sound.kind), kOther, "what sound is"};
}

// "what pitch is the beep", "how long is the second sound".
Question quality_question(PythonRandom& random, const Quality& quality, const Sound& sound, const std::string& thing,
                          const std::string& type) {
  const bool is_pitch = quality.attribute == &Sound::pitch;
  const std::string choice = value_word(quality, 0) + " or " + value_word(quality, 1);
  const std::string other = is_pitch ? "what is the pitch of the " + thing : "is the " + thing + " " + choice;
  return {pick(random, {quality.question + " is the " + thing, other}), value_word(quality, sound.*quality.attribute),
          kOther, type};
}

MaybeQuestion ask_quality_of_kind(const AudioScene& scene, PythonRandom& random) {
  const auto position = draw_unique(random, scene.sounds, &Sound::kind);
  if (!position) return std::nullopt;
  const Sound& sound = scene.sounds[*position];
  return quality_question(random, random.choice(qualities()), sound, kind_word(sound.kind), "about the kind");
}

MaybeQuestion ask_quality_by_order(const AudioScene& scene, PythonRandom& random) {
  const size_t position = draw_position(random, scene.sounds);
  const Quality& quality = random.choice(qualities());
  return quality_question(random, quality, scene.sounds[position], ordinal(position) + " sound", "about the first");
}

// Alone, every sound is first.
MaybeQuestion ask_order(const AudioScene& scene, PythonRandom& random) {
  const auto position = draw_unique(random, scene.sounds, &Sound::kind);
  if (scene.sounds.size() == 1 || !position) return std::nullopt;
  const std::string thing = kind_word(scene.sounds[*position].kind);
  return Question{pick(random, {"when does the " + thing + " come", "when do you hear the " + thing}),
                  ordinal(*position), kOther, "when does the"};
}

MaybeQuestion ask_neighbour(const AudioScene& scene, PythonRandom& random) {
  const auto found = draw_neighbours(random, scene.sounds, &Sound::kind);
  if (!found) return std::nullopt;
  const std::string where = " comes " + found->side + " the " + kind_word(scene.sounds[found->named].kind);
  return Question{pick(random, {"what" + where, "which sound" + where}), kind_word(scene.sounds[found->answer].kind),
                  kOther, "what comes after the"};
}

}  // namespace

std::vector<Question> questions(const AudioScene& scene, PythonRandom& random) {
  return ask_all<AudioScene>(
      scene, random,
      {ask_existence, ask_if_quality, ask_count, ask_count_of, ask_kind_by_order, ask_kind_of_quality,
       ask_quality_of_kind, ask_quality_by_order, ask_order, ask_neighbour});
}

}  // namespace epalm::world
