#pragma once

#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "epalm/world/scene.h"

namespace epalm::world {

// Answers a question by reading its words against the scene, knowing nothing of how questions are made. Returns "" for
// a question it cannot read and "?" where the words fit no object or several.
class QuestionSolver {
 public:
  explicit QuestionSolver(const Scene& scene) : scene_(scene) {}

  std::string solve(const std::string& question) const {
    std::smatch m;
    const auto is = [&](const std::string& pattern) { return std::regex_match(question, m, compiled(pattern)); };
    if (is("how many (<colour> )?(shapes) (?:are there|do you see)")) {
      return std::to_string(find(m[1].str() + "shape").size());
    }
    if (is("(?:is there|do you see) an? (<colour> <shape>)")) return yes(!find(m[1]).empty());
    if (is("is the (?:colour of the )?(<shape>) (<colour>)")) {
      return about(m[1], [&](const Object& o) { return yes(kColours[static_cast<size_t>(o.colour)] == m[2].str()); });
    }
    if (is("(?:what|which) colour is the (<shape>)") || is("what is the colour of the (<shape>)") ||
        is("(?:what|which) colour is (?:in|at) the (<place>)")) {
      return about(m[1], [](const Object& o) { return std::string(kColours[static_cast<size_t>(o.colour)]); });
    }
    if (is("(?:what|which) shape is (<colour>)") || is("(?:what|which) shape is (?:in|at) the (<place>)")) {
      return about(m[1], [](const Object& o) { return std::string(kShapes[static_cast<size_t>(o.shape)]); });
    }
    if (is("what size is the (<shape>)") || is("what is the size of the (<shape>)")) {
      return about(m[1], [](const Object& o) { return std::string(kSizes[static_cast<size_t>(o.size)]); });
    }
    if (is("(?:where|in which corner) is the (<shape>|<colour> shape)")) {
      return about(m[1], [](const Object& o) { return std::string(kPlaces[static_cast<size_t>(o.place)]); });
    }
    if (is("(?:what|which shape) is (<side>) the (<shape>)")) {
      const std::string side = m[1];
      return about(m[2], [&](const Object& named) {
        std::vector<Object> beside;
        for (const Object& o : scene_.objects) {
          if (lies(o, side, named)) beside.push_back(o);
        }
        return beside.size() == 1 ? std::string(kShapes[static_cast<size_t>(beside[0].shape)]) : "?";
      });
    }
    return "";
  }

 private:
  static std::string yes(bool value) { return value ? "yes" : "no"; }

  // Compiling takes far longer than matching.
  static const std::regex& compiled(const std::string& pattern) {
    static std::map<std::string, std::regex> cache;
    const auto known = cache.find(pattern);
    return known != cache.end() ? known->second : cache.emplace(pattern, std::regex(expand(pattern))).first->second;
  }

  static std::string expand(std::string pattern) {
    const auto replace = [&](const std::string& name, const auto& words) {
      std::string any;
      for (const auto& word : words) {
        if (!any.empty()) any += '|';
        any += word;
      }
      pattern = std::regex_replace(pattern, std::regex("<" + name + ">"), "(?:" + any + ")");
    };
    replace("colour", kColours);
    replace("shape", kShapes);
    replace("size", kSizes);
    replace("place", kPlaces);
    replace("side", std::vector<std::string>{"above", "below", "left of", "right of"});
    return pattern;
  }

  // The objects that have every word of the filter: colour, shape, size, or the two words of a place.
  std::vector<Object> find(const std::string& filter) const {
    std::vector<Object> found;
    for (const Object& o : scene_.objects) {
      std::set<std::string> words = {"shape",
                                     std::string(kColours[static_cast<size_t>(o.colour)]),
                                     std::string(kShapes[static_cast<size_t>(o.shape)]),
                                     std::string(kSizes[static_cast<size_t>(o.size)]),
                                     o.place < 2 ? "top" : "bottom",
                                     o.place % 2 == 0 ? "left" : "right"};
      bool fits = true;
      for (size_t at = 0; at < filter.size();) {
        const size_t end = std::min(filter.find(' ', at), filter.size());
        fits = fits && words.contains(filter.substr(at, end - at));
        at = end + 1;
      }
      if (fits) found.push_back(o);
    }
    return found;
  }

  template <typename Function>
  std::string about(const std::string& filter, Function answer) const {
    const std::vector<Object> found = find(filter);
    return found.size() == 1 ? std::string(answer(found[0])) : "?";
  }

  // By the places on paper, 0 1 / 2 3.
  static bool lies(const Object& a, const std::string& side, const Object& b) {
    if (side == "above") return a.place / 2 < b.place / 2;
    if (side == "below") return a.place / 2 > b.place / 2;
    if (side == "left of") return a.place % 2 < b.place % 2;
    return a.place % 2 > b.place % 2;
  }

  const Scene& scene_;
};

}  // namespace epalm::world
