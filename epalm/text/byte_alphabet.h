#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace epalm::text {

// Vocabulary files spell each byte as one printable character: itself where it is one of '!'..'~', U+00A1..U+00AC,
// U+00AE..U+00FF, else U+0100, U+0101, ... in the order of the bytes. A blank thus reads 'Ġ'.
const std::array<std::string, 256>& byte_alphabet();

// The bytes a vocabulary entry stands for; an entry with a character outside the alphabet stands for its own text.
std::string spelled_bytes(std::string_view token);

}  // namespace epalm::text
