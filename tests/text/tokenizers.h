#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "epalm/text/byte_alphabet.h"

namespace epalm::text::testing_data {

// A vocabulary laid out as OPT's: `<s>` `<pad>` `</s>` `<unk>`, the bytes in their order (byte b has id 4 + b), then
// the merged tokens from id 260 on, in the order of the merges.
inline const std::vector<std::string> kMerges = {"Ġ t", "h e", "Ġt he", "a n", "n '", "c a", "ca t"};

inline nlohmann::json vocabulary() {
  nlohmann::json ids = {{"<s>", 0}, {"<pad>", 1}, {"</s>", 2}, {"<unk>", 3}};
  for (int byte = 0; byte < 256; ++byte) ids[byte_alphabet()[static_cast<size_t>(byte)]] = 4 + byte;
  for (std::string merge : kMerges) {
    const int next = static_cast<int>(ids.size());
    ids[merge.erase(merge.find(' '), 1)] = next;
  }
  return ids;
}

inline std::string merges_txt() {
  std::string text = "#version: 0.2\n";
  for (const auto& merge : kMerges) text += merge + "\n";
  return text;
}

inline nlohmann::json tokenizer_json() {
  const auto added = [](const char* text, int id) -> nlohmann::json {
    return {{"id", id},        {"content", text},    {"single_word", false}, {"lstrip", false},
            {"rstrip", false}, {"normalized", true}, {"special", true}};
  };
  return {{"version", "1.0"},
          {"added_tokens", {added("<pad>", 1), added("</s>", 2)}},
          {"normalizer", nullptr},
          {"pre_tokenizer", {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}}},
          {"model", {{"type", "BPE"}, {"dropout", nullptr}, {"vocab", vocabulary()}, {"merges", kMerges}}}};
}

}  // namespace epalm::text::testing_data
