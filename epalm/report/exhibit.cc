#include "epalm/report/exhibit.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "epalm/report/escape.h"

namespace epalm::report {
namespace {

// {"red", "red", "blue"} -> "red ×2, blue".
std::string counted(const std::vector<std::string>& texts) {
  std::vector<std::pair<std::string_view, int>> counts;
  for (const std::string& text : texts) {
    const auto found =
        std::find_if(counts.begin(), counts.end(), [&](const auto& entry) { return entry.first == text; });
    if (found == counts.end()) {
      counts.emplace_back(text, 1);
    } else {
      ++found->second;
    }
  }
  std::string line;
  for (const auto& [text, count] : counts) {
    if (!line.empty()) line += ", ";
    line += text;
    if (count > 1) line += fmt::format(" ×{}", count);
  }
  return line;
}

std::string still_image(const Still& still, const std::string& what, const std::string& alternative) {
  return fmt::format("<img src=\"{}\" alt=\"{}\">", picture_uri(still.file, what), escape_html(alternative));
}

// What stands in front of the question, in words for those who cannot see it.
std::string asked_with(const Exhibit& exhibit) {
  return exhibit.question.empty() ? "" : ", shown with: " + exhibit.question;
}

std::string strip(const Exhibit& exhibit, size_t number) {
  std::string html =
      fmt::format("<div class=\"strip\" role=\"group\" aria-label=\"test clip {}, {} frames in order{}\">", number,
                  exhibit.stills.size(), escape_html(asked_with(exhibit)));
  for (size_t i = 0; i < exhibit.stills.size(); ++i) {
    const Still& still = exhibit.stills[i];
    html += "<span>" + still_image(still, fmt::format("clip {}", number), fmt::format("frame {}", i + 1));
    if (!still.label.empty()) html += fmt::format("<small>{}</small>", escape_html(still.label));
    html += "</span>";
  }
  return html + "</div>";
}

std::string recording(const Exhibit& exhibit, size_t number) {
  const std::string what = fmt::format("recording {}", number);
  const std::string spoken = fmt::format("test {}: waveform and spectrogram{}", what, asked_with(exhibit));
  std::string html = sound_chart(*exhibit.sound, spoken, what);
  if (!exhibit.sound->file.bytes.empty()) {
    html += fmt::format("<audio controls=\"\" aria-label=\"test {}\" src=\"{}\"></audio>", what,
                        sound_uri(exhibit.sound->file, what));
  }
  return html;
}

std::string medium(const Exhibit& exhibit, size_t number) {
  if (exhibit.sound) return recording(exhibit, number);
  if (exhibit.stills.empty()) return {};
  if (exhibit.stills.size() > 1) return strip(exhibit, number);
  return still_image(exhibit.stills.front(), fmt::format("picture {}", number),
                     fmt::format("test picture {}{}", number, asked_with(exhibit)));
}

std::string answers(const std::vector<std::string>& expected) {
  if (expected.empty()) return {};
  return fmt::format("<p class=\"expected\">expected: {}</p>", escape_html(counted(expected)));
}

// The first reference caption, and the others on demand.
std::string references(const std::vector<std::string>& expected) {
  if (expected.empty()) return {};
  std::string html = fmt::format("<p class=\"expected\">expected: {}</p>", escape_html(expected.front()));
  if (expected.size() == 1) return html;
  html += fmt::format("<details class=\"expected\"><summary>or {} more</summary><ul>", expected.size() - 1);
  for (size_t i = 1; i < expected.size(); ++i) html += fmt::format("<li>{}</li>", escape_html(expected[i]));
  return html + "</ul></details>";
}

}  // namespace

std::string exhibit_figure(const Exhibit& exhibit, size_t number) {
  const char* verdict = !exhibit.right ? "" : *exhibit.right ? " right" : " wrong";
  std::string html = fmt::format("<figure class=\"exhibit{}\">{}<figcaption>", verdict, medium(exhibit, number));
  if (!exhibit.question.empty()) html += fmt::format("<p class=\"question\">{}</p>", escape_html(exhibit.question));
  html += fmt::format("<p class=\"answer\">{}", exhibit.answer.empty() ? "(no answer)" : escape_html(exhibit.answer));
  if (exhibit.right) html += fmt::format(" <span class=\"mark\">{}</span>", *exhibit.right ? "✓ right" : "✗ wrong");
  html += "</p>";
  html += exhibit.question.empty() ? references(exhibit.expected) : answers(exhibit.expected);
  return html + "</figcaption></figure>\n";
}

}  // namespace epalm::report
