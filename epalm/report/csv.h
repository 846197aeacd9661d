#pragma once

#include <string>
#include <vector>

namespace epalm::report {

// One line of a CSV file (RFC 4180, ended by a line feed): fields with a comma, a quote or a line break stand in
// quotes.
std::string csv_line(const std::vector<std::string>& fields);

}  // namespace epalm::report
