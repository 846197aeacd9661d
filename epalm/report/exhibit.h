#pragma once

#include <optional>
#include <string>
#include <vector>

#include "epalm/report/embedded.h"
#include "epalm/report/sound_chart.h"

namespace epalm::report {

// A picture, or one frame of a clip.
struct Still {
  Embedded file;
  std::string label = {};  // below it, as "0.5 s"; empty: none
};

// A test medium with what was asked and answered: a picture (one still), a clip (its stills in order) or a recording.
struct Exhibit {
  std::vector<Still> stills = {};
  std::optional<Sound> sound = {};
  std::string question = {}, answer = {};  // an empty question means a caption
  std::vector<std::string> expected = {};  // of the annotators, or reference captions; repeated ones are counted
  std::optional<bool> right = {};          // empty: not to be told, as for captions
};

// An HTML <figure>. number: in alternative texts and errors. Throws Error as picture_uri, sound_uri and sound_chart.
std::string exhibit_figure(const Exhibit& exhibit, size_t number);

}  // namespace epalm::report
