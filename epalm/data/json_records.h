#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "epalm/data/annotation_report.h"
#include "epalm/data/json_value.h"

namespace epalm::data {

// index: from 0; of the record in its list, or of the line in its file. The value is gone after the call.
using RecordUse = std::function<void(int64_t index, const JsonValue& record)>;

// Calls `use` with every element of one array of a JSON file: the array that is the whole file (key ""), or the one
// under a key of the top object. Only one element is in memory at a time. An element that is no JSON or no UTF-8
// goes to the report, and the others are read. Returns the number of elements. Throws Error for a file that ends too
// early, holds no such array, or an empty one.
int64_t for_each_record(const std::filesystem::path& file, const std::string& key, AnnotationReport& report,
                        const RecordUse& use);

// Whether the top object of a JSON file has such a list; false for any other file.
bool has_records(const std::filesystem::path& file, const std::string& key);

// As for_each_record for a file with one JSON value on each line (JSON Lines). Lines of white space count but are not
// read. Throws Error for a file without a record.
int64_t for_each_line(const std::filesystem::path& file, AnnotationReport& report, const RecordUse& use);

}  // namespace epalm::data
