#pragma once

#include <cstddef>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

namespace epalm::world {

// What the writers of all worlds share. Throw Error naming the option or the file.
void check_range(const char* name, int value, int low, int high);
void make_folder(const std::filesystem::path& folder);
void write_bytes(const std::filesystem::path& file_path, std::span<const std::byte> bytes);

// The score that VQAv2's annotations are commonly turned into, by how many of the ten gave the answer.
nlohmann::ordered_json soft_scores(const std::vector<std::string>& answers);

}  // namespace epalm::world
