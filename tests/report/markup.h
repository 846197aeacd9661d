#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace epalm::report {

// Whether every element is closed in the reverse order of opening and every attribute value is quoted; the first fault,
// or
// "" for sound markup. Knows the void elements that reports use and treats the content of <style> as text.
inline std::string fault_in_markup(std::string_view html) {
  constexpr std::array<std::string_view, 4> kVoid = {"meta", "img", "br", "!DOCTYPE"};
  std::vector<std::string> open;
  for (size_t at = html.find('<'); at != html.npos; at = html.find('<', at)) {
    size_t end = at + 1;
    for (bool quoted = false; end < html.size() && (quoted || html[end] != '>'); ++end) {
      if (html[end] == '"') quoted = !quoted;
      if (html[end] == '<' && !quoted) return "'<' inside a tag: " + std::string(html.substr(at, end - at + 1));
    }
    if (end == html.size()) return "tag without end: " + std::string(html.substr(at, 40));
    const std::string_view tag = html.substr(at + 1, end - at - 1);
    at = end + 1;
    const std::string name(tag.substr(0, tag.find_first_of(" /", 1)));
    bool is_void = tag.back() == '/';
    for (const std::string_view known : kVoid) is_void = is_void || name == known;
    if (name.front() == '/') {
      if (open.empty() || "/" + open.back() != name)
        return "<" + name + "> closes " + (open.empty() ? "nothing" : open.back());
      open.pop_back();
    } else if (!is_void) {
      open.push_back(name);
    }
    if (name == "style") at = html.find("</style>", at);
  }
  return open.empty() ? "" : "not closed: " + open.back();
}

}  // namespace epalm::report
