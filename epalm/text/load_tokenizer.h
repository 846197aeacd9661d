#pragma once

#include <filesystem>

#include "epalm/text/tokenizer.h"

namespace epalm::text {

// Reads the tokenizer of a model folder: tokenizer.json if there is one, else vocab.json and merges.txt.
// Throws Error naming the file at fault.
Tokenizer load_tokenizer(const std::filesystem::path& folder);

}  // namespace epalm::text
