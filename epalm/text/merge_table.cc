#include "epalm/text/merge_table.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "epalm/base/error.h"

namespace epalm::text {
namespace {

constexpr uint32_t kNone = UINT32_MAX;
constexpr uint64_t kEmpty = UINT64_MAX;  // no pair: ids are below 2^32 - 1

uint64_t pair_key(uint32_t left, uint32_t right) {
  return uint64_t{left} << 32 | right;
}

uint64_t scramble(uint64_t key) {
  key *= 0x9E3779B97F4A7C15;
  key ^= key >> 32;
  key *= 0xD6E8FEB86659FD93;
  return key ^ key >> 29;
}

bool runs_later(const MergeTable::Workspace::Candidate& a, const MergeTable::Workspace::Candidate& b) {
  return a.rank != b.rank ? a.rank > b.rank : a.position > b.position;
}

}  // namespace

MergeTable::MergeTable(size_t expected_count)
    : slots_(std::bit_ceil(std::max<size_t>(16, 2 * expected_count)), Slot{kEmpty, kNone}) {}

size_t MergeTable::find_slot(uint64_t pair) const {
  const size_t mask = slots_.size() - 1;
  size_t slot = scramble(pair) & mask;
  while (slots_[slot].pair != pair && slots_[slot].pair != kEmpty) slot = (slot + 1) & mask;
  return slot;
}

uint32_t MergeTable::rank_of(uint32_t left, uint32_t right) const {
  return slots_[find_slot(pair_key(left, right))].rank;
}

void MergeTable::grow() {
  std::vector<Slot> old(2 * slots_.size(), Slot{kEmpty, kNone});
  old.swap(slots_);
  for (const Slot& slot : old) {
    if (slot.pair != kEmpty) slots_[find_slot(slot.pair)] = slot;
  }
}

bool MergeTable::add(uint32_t left, uint32_t right, uint32_t result) {
  if (2 * (results_.size() + 1) > slots_.size()) grow();
  Slot& slot = slots_[find_slot(pair_key(left, right))];
  if (slot.pair != kEmpty) return false;
  slot = {pair_key(left, right), static_cast<uint32_t>(results_.size())};
  results_.push_back(result);
  return true;
}

void MergeTable::apply(std::vector<uint32_t>& symbols, Workspace& workspace) const {
  require(symbols.size() < uint64_t{1} << 31, "a word of {} bytes is too long: expected fewer than 2^31; cut the text",
          symbols.size());
  const auto count = static_cast<uint32_t>(symbols.size());
  if (count < 2) return;
  auto& [previous, next, rank, heap, found] = workspace;
  previous.resize(count);
  next.resize(count);
  rank.assign(count, kNone);  // rank[i]: of the pair that starts at symbol i; kNone also where i was merged away
  heap.clear();
  for (uint32_t i = 0; i < count; ++i) {
    previous[i] = i - 1;  // kNone before the first
    next[i] = i + 1;
    if (i + 1 < count) rank[i] = rank_of(symbols[i], symbols[i + 1]);
    if (rank[i] != kNone) heap.push_back({rank[i], i});
  }
  std::make_heap(heap.begin(), heap.end(), runs_later);

  const auto refresh = [this, count, &symbols, &next = next, &rank = rank, &found = found](uint32_t i) {
    rank[i] = next[i] < count ? rank_of(symbols[i], symbols[next[i]]) : kNone;
    if (rank[i] != kNone) found.push_back({rank[i], i});
  };
  while (!heap.empty()) {
    const uint32_t lowest = heap.front().rank;
    // Pairs that arise wait until every occurrence of this merge is done, even if theirs has a lower rank.
    found.clear();
    while (!heap.empty() && heap.front().rank == lowest) {
      const uint32_t i = heap.front().position;
      std::pop_heap(heap.begin(), heap.end(), runs_later);
      heap.pop_back();
      if (rank[i] != lowest) continue;  // a neighbour was merged away meanwhile
      const uint32_t gone = next[i];
      symbols[i] = results_[lowest];
      rank[gone] = kNone;
      next[i] = next[gone];
      if (next[i] < count) previous[next[i]] = i;
      if (previous[i] != kNone) refresh(previous[i]);
      refresh(i);
    }
    for (const auto& candidate : found) {
      heap.push_back(candidate);
      std::push_heap(heap.begin(), heap.end(), runs_later);
    }
  }
  size_t kept = 0;
  for (uint32_t i = 0; i < count; i = next[i]) symbols[kept++] = symbols[i];
  symbols.resize(kept);
}

}  // namespace epalm::text
