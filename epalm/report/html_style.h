#pragma once

#include <string_view>

namespace epalm::report {

// The style sheet of the report: light and dark by the reader's preference, and a plain one for paper.
extern const std::string_view kStyle;

}  // namespace epalm::report
