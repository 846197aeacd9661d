#pragma once

#include <set>
#include <string>
#include <vector>

#include "epalm/world/audio_scene.h"
#include "tests/world/word_patterns.h"

namespace epalm::world {

// Answers a question by reading its words against the recording, knowing nothing of how questions are made. Returns ""
// for a question it cannot read and "?" where the words fit no sound or several.
class AudioQuestionSolver {
 public:
  explicit AudioQuestionSolver(const AudioScene& scene) {
    for (size_t i = 0; i < scene.sounds.size(); ++i) {
      const Sound& sound = scene.sounds[i];
      const std::vector<std::string> orders = {"first", "second", "third"};
      told_.push_back({std::string(kSoundKinds[static_cast<size_t>(sound.kind)]),
                       std::string(kPitches[static_cast<size_t>(sound.pitch)]),
                       std::string(kLoudnesses[static_cast<size_t>(sound.loudness)]),
                       std::string(kLengths[static_cast<size_t>(sound.length)]), orders[i]});
    }
  }

  std::string solve(const std::string& question) const {
    std::smatch m;
    const auto is = [&](const std::string& pattern) { return patterns().match(question, pattern, m); };
    if (is("how many (<pitch> |)sounds (?:are there|do you hear)") ||
        is("how many (<kind>)s (?:are there|do you hear)")) {
      return std::to_string(find(m[1]).size());
    }
    if (is("(?:is there|do you hear) an? ((?:<pitch> )?<kind>)")) return find(m[1]).empty() ? "no" : "yes";
    if (is("is the (<kind>) (<quality>)") || is("does the (<kind>) sound (<quality>)")) {
      const std::string quality = m[2];
      return about(m[1], [&](const Told& told) { return std::string(told.has(quality) ? "yes" : "no"); });
    }
    if (is("(?:what|which) sound is (<order>|<quality>)")) {
      return about(m[1], [](const Told& told) { return told.kind; });
    }
    const std::string thing = "(<kind>|<order> sound)";
    if (is("what pitch is the " + thing) || is("what is the pitch of the " + thing)) {
      return about(m[1], [](const Told& told) { return told.pitch; });
    }
    if (is("how loud is the " + thing) || is("is the " + thing + " quiet or loud")) {
      return about(m[1], [](const Told& told) { return told.loudness; });
    }
    if (is("how long is the " + thing) || is("is the " + thing + " short or long")) {
      return about(m[1], [](const Told& told) { return told.length; });
    }
    if (is("when does the (<kind>) come") || is("when do you hear the (<kind>)")) {
      return about(m[1], [](const Told& told) { return told.order; });
    }
    if (is("(?:what|which sound) comes (after|before) the (<kind>)")) return next_to(m[2], m[1] == "after");
    return "";
  }

 private:
  struct Told {
    std::string kind, pitch, loudness, length, order;

    bool has(const std::string& word) const {
      return word == "sound" || std::set<std::string>{kind, pitch, loudness, length, order}.contains(word);
    }
  };

  static WordPatterns& patterns() {
    static WordPatterns patterns = [] {
      WordPatterns made;
      made.define("kind", kSoundKinds);
      made.define("pitch", kPitches);
      made.define("quality", std::vector<std::string>{"low", "middle", "high", "quiet", "loud", "short", "long"});
      made.define("order", std::vector<std::string>{"first", "second", "third"});
      return made;
    }();
    return patterns;
  }

  // The sounds that fit every word.
  std::vector<Told> find(const std::string& words) const {
    std::vector<Told> found;
    for (const Told& told : told_) {
      bool fits = true;
      for (size_t at = 0; at < words.size();) {
        const size_t end = std::min(words.find(' ', at), words.size());
        fits = fits && told.has(words.substr(at, end - at));
        at = end + 1;
      }
      if (fits) found.push_back(told);
    }
    return found;
  }

  template <typename Function>
  std::string about(const std::string& words, Function answer) const {
    const std::vector<Told> found = find(words);
    return found.size() == 1 ? answer(found[0]) : "?";
  }

  std::string next_to(const std::string& kind, bool after) const {
    std::string answer;
    for (size_t i = 0; i < told_.size(); ++i) {
      if (told_[i].kind != kind) continue;
      if (!answer.empty()) return "?";
      const size_t other = after ? i + 1 : i - 1;
      answer = other < told_.size() ? told_[other].kind : "?";
    }
    return answer;
  }

  std::vector<Told> told_;
};

}  // namespace epalm::world
