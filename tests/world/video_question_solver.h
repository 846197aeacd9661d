#pragma once

#include <string>
#include <vector>

#include "epalm/world/video_scene.h"
#include "tests/world/word_patterns.h"

namespace epalm::world {

// Answers a question by reading its words against the clip, knowing nothing of how questions are made. Returns "" for
// a question it cannot read and "?" where the words fit no event or several.
class VideoQuestionSolver {
 public:
  explicit VideoQuestionSolver(const VideoScene& scene) {
    for (size_t i = 0; i < scene.events.size(); ++i) {
      const Event& event = scene.events[i];
      const std::vector<std::string> orders = {"first", "second", "third"};
      told_.push_back({std::string(kColours[static_cast<size_t>(event.colour)]),
                       std::string(kShapes[static_cast<size_t>(event.shape)]),
                       std::string(kActions[static_cast<size_t>(event.action)]), orders[i]});
    }
  }

  std::string solve(const std::string& question) const {
    std::smatch m;
    const auto is = [&](const std::string& pattern) { return patterns().match(question, pattern, m); };
    const std::string thing = "(<colour> shape|<order> shape|<shape>)";
    if (is("how many (<colour> )?shapes (?:are there|do you see)")) {
      return std::to_string(find(m[1]).size());
    }
    if (is("(?:is there|do you see) an? (<colour> <shape>)")) return find(m[1]).empty() ? "no" : "yes";
    if (is("(?:does|do you see) the (<shape>) (move|grow|shrink)( <side>)?")) {
      const std::string action = m[2].str() + "s" + m[3].str();
      return about(m[1], [&](const Told& told) { return std::string(told.action == action ? "yes" : "no"); });
    }
    if (is("(?:what|which) colour is (?:the )?(<shape>|<order>)")) {
      return about(m[1], [](const Told& told) { return told.colour; });
    }
    if (is("(?:what|which) shape is (<colour>|<order>)")) {
      return about(m[1], [](const Told& told) { return told.shape; });
    }
    if (is("what does the " + thing + " do") || is("what happens to the " + thing) || is("what happens (<order>)")) {
      return about(m[1], [](const Told& told) { return told.action; });
    }
    if (is("(?:what|which) shape (moves <side>|grows|shrinks)")) return shape_that(m[1]);
    if (is("when does the (<shape>) come") || is("when do you see the (<shape>)")) {
      return about(m[1], [](const Told& told) { return told.order; });
    }
    if (is("(?:what|which shape) comes (after|before) the (<shape>)")) return next_to(m[2], m[1] == "after");
    return "";
  }

 private:
  struct Told {
    std::string colour, shape, action, order;
  };

  static WordPatterns& patterns() {
    static WordPatterns patterns = [] {
      WordPatterns made;
      made.define("colour", kColours);
      made.define("shape", kShapes);
      made.define("order", std::vector<std::string>{"first", "second", "third"});
      made.define("side", std::vector<std::string>{"left", "right", "up", "down"});
      return made;
    }();
    return patterns;
  }

  // The events that fit every word.
  std::vector<Told> find(const std::string& words) const {
    std::vector<Told> found;
    for (const Told& told : told_) {
      bool fits = true;
      for (size_t at = 0; at < words.size();) {
        const size_t end = std::min(words.find(' ', at), words.size());
        const std::string word = words.substr(at, end - at);
        fits = fits && (word == "shape" || word == told.colour || word == told.shape || word == told.order);
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

  std::string shape_that(const std::string& action) const {
    std::string shape;
    for (const Told& told : told_) {
      if (told.action == action) shape = shape.empty() ? told.shape : "?";
    }
    return shape.empty() ? "?" : shape;
  }

  std::string next_to(const std::string& shape, bool after) const {
    std::string answer;
    for (size_t i = 0; i < told_.size(); ++i) {
      if (told_[i].shape != shape) continue;
      if (!answer.empty()) return "?";
      const size_t other = after ? i + 1 : i - 1;
      answer = other < told_.size() ? told_[other].shape : "?";
    }
    return answer;
  }

  std::vector<Told> told_;
};

}  // namespace epalm::world
