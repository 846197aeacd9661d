#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace epalm::text {

// The merges of a byte-pair encoding: which two neighbouring symbols become one, and in what order.
// Immutable after the last add(); apply() is then safe from several threads, each with its own Workspace.
class MergeTable {
 public:
  // Buffers of apply(), kept between words.
  struct Workspace {
    struct Candidate {
      uint32_t rank, position;
    };
    std::vector<uint32_t> previous, next, rank;
    std::vector<Candidate> heap, found;
  };

  explicit MergeTable(size_t expected_count = 0);

  // Adds the merge of the next rank; false if the pair has one already. All three ids below 2^32 - 1, and the result
  // different from both parts.
  bool add(uint32_t left, uint32_t right, uint32_t result);

  // Replaces the symbols of one word by its final ones: while some merge applies, the one of lowest rank is carried out
  // everywhere, from left to right. O(n log n) for n symbols. Throws Error above 2^31 symbols.
  void apply(std::vector<uint32_t>& symbols, Workspace& workspace) const;

 private:
  struct Slot {
    uint64_t pair;
    uint32_t rank;
  };
  size_t find_slot(uint64_t pair) const;
  uint32_t rank_of(uint32_t left, uint32_t right) const;
  void grow();

  std::vector<Slot> slots_;        // open addressing, a power of two, at most half full
  std::vector<uint32_t> results_;  // by rank
};

}  // namespace epalm::text
