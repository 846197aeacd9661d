#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

// Whether a data file of LMDB (data format 1: versions 0.9) is whole. LMDB believes every number in it, and over a
// wrong one it ends the process. Every page number, offset, count and order that LMDB would follow is checked; what
// values hold is not. Both say what is wrong with which page, or "" where nothing is.
namespace epalm::eval {

// What LMDB looks at on opening. A missing or an empty file is whole: LMDB begins it.
std::string lmdb_start_damage(const std::filesystem::path& data_file);

// The trees of records and of free pages as transaction `id` left them. Nothing may be written meanwhile: the caller
// has a writing transaction open, whose number is the next one. Reads the pages of the trees, and the header of each
// value that has pages of its own.
std::string lmdb_tree_damage(const std::filesystem::path& data_file, uint64_t id);

}  // namespace epalm::eval
