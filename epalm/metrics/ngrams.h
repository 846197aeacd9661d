#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace epalm::metrics {

using Tokens = std::vector<std::string>;

// One captioned medium: what the model said and what people said, as tokens.
struct CaptionItem {
  Tokens candidate;
  std::vector<Tokens> references;
};

inline constexpr int kMaxOrder = 4;  // all caption metrics look at 1- to 4-grams

struct NgramCount {
  uint32_t id;
  uint8_t order;  // 1..kMaxOrder
  uint32_t count;
};

// The n-grams of one caption, ascending by id.
struct NgramBag {
  std::vector<NgramCount> counts;
  int64_t length = 0;  // words
};

// Numbers the n-grams of a set of captions: equal n-grams, equal numbers from 0 up.
class NgramIds {
 public:
  NgramBag bag(const Tokens& tokens);
  size_t size() const { return next_; }

 private:
  std::unordered_map<std::string, uint32_t> words_;
  std::unordered_map<uint64_t, uint32_t>
      extensions_;  // (number of an n-gram, number of the next word) -> longer n-gram
  uint32_t next_ = 0;
};

}  // namespace epalm::metrics
