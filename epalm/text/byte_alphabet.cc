#include "epalm/text/byte_alphabet.h"

#include <unordered_map>

namespace epalm::text {
namespace {

// UTF-8 of a character below U+0800; the alphabet ends at U+0143.
std::string utf8_of(unsigned character) {
  if (character < 0x80) return {static_cast<char>(character)};
  return {static_cast<char>(0xC0 | character >> 6), static_cast<char>(0x80 | (character & 0x3F))};
}

bool stands_for_itself(unsigned byte) {
  return (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

}  // namespace

const std::array<std::string, 256>& byte_alphabet() {
  static const std::array<std::string, 256> alphabet = [] {
    std::array<std::string, 256> characters;
    unsigned spare = 0x100;
    for (unsigned byte = 0; byte < 256; ++byte) characters[byte] = utf8_of(stands_for_itself(byte) ? byte : spare++);
    return characters;
  }();
  return alphabet;
}

std::string spelled_bytes(std::string_view token) {
  static const std::unordered_map<std::string_view, char> bytes = [] {
    std::unordered_map<std::string_view, char> map;
    for (unsigned byte = 0; byte < 256; ++byte) map.emplace(byte_alphabet()[byte], static_cast<char>(byte));
    return map;
  }();
  std::string result;
  for (size_t at = 0; at < token.size();) {
    const size_t width = static_cast<uint8_t>(token[at]) < 0x80 ? 1 : 2;
    const auto byte = bytes.find(token.substr(at, width));
    if (byte == bytes.end()) return std::string(token);
    result += byte->second;
    at += width;
  }
  return result;
}

}  // namespace epalm::text
