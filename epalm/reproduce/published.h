#pragma once

#include <map>
#include <optional>
#include <string>

#include "epalm/infer/task.h"

namespace epalm::reproduce {

// A row of the paper that is like one of ours, on other data.
struct PublishedFigures {
  std::string data;                       // as "VQA v2"
  std::map<std::string, double> metrics;  // percent, named as ours
};

// What the paper gives for a row of the methods table; none where it gives nothing, or nothing that could be checked.
// Source: arXiv:2303.11403, table 1, which the published repository also shows (images/epalm_sota.png).
std::optional<PublishedFigures> published_figures(const std::string& row, infer::Task task);

// Models and decoding that those figures are of, for a note.
inline constexpr const char* kPublishedModels = "OPT-6.7B, 0.06 % of its parameters trained, 3 beams";

}  // namespace epalm::reproduce
