#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "epalm/metrics/longest_match.h"

namespace epalm::metrics {

// What a rule makes of its match: the token (none: the match is skipped) and how many units it uses up; the rest is
// scanned again.
struct Emitted {
  std::optional<std::u16string> token;
  size_t used;
};

// One line of the scanner's table. A rule applies where `head` is followed by `context`; the longest head + context
// wins, then the earlier rule, and only the head is handed to `emit`.
struct PtbRule {
  Pattern head;
  std::optional<Pattern> context;
  Emitted (*emit)(std::u16string_view head);
};

std::vector<PtbRule> ptb_rules();

}  // namespace epalm::metrics
