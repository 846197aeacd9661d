#pragma once

#include <map>
#include <regex>
#include <string>

namespace epalm::world {

// Sentence patterns with the placeholders of one world: "what colour is the (<shape>)".
class WordPatterns {
 public:
  template <typename Words>
  void define(const std::string& name, const Words& words) {
    std::string any;
    for (const auto& word : words) {
      if (!any.empty()) any += '|';
      any += word;
    }
    placeholders_["<" + name + ">"] = "(?:" + any + ")";
  }

  bool match(const std::string& text, const std::string& pattern, std::smatch& found) {
    return std::regex_match(text, found, compiled(pattern));
  }

 private:
  // Compiling takes far longer than matching.
  const std::regex& compiled(const std::string& pattern) {
    const auto known = compiled_.find(pattern);
    if (known != compiled_.end()) return known->second;
    std::string text = pattern;
    for (const auto& [name, words] : placeholders_) text = std::regex_replace(text, std::regex(name), words);
    return compiled_.emplace(pattern, std::regex(text)).first->second;
  }

  std::map<std::string, std::string> placeholders_;
  std::map<std::string, std::regex> compiled_;
};

}  // namespace epalm::world
