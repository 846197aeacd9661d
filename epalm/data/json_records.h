#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

namespace epalm::data {

// Keeps the keys of an object in file order: the order of a label's answers decides which one a draw picks.
using Json = nlohmann::ordered_json;

// Calls `use` with every element of one array of a JSON file: the array that is the whole file (key ""), or the one
// under a key of the top object. Only one element is in memory at a time. Returns the number of elements. Throws Error
// for a file that is not JSON, holds no such array, or an empty one.
int64_t for_each_record(const std::filesystem::path& file, const std::string& key,
                        const std::function<void(int64_t index, const Json& record)>& use);

}  // namespace epalm::data
