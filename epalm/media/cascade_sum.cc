#include "epalm/media/cascade_sum.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>

namespace epalm::media {
namespace {

constexpr size_t kColumns = 8;
constexpr size_t kChains = 4;
constexpr size_t kLevels = 4;

using Row = std::array<float, kColumns>;
using Block = std::array<Row, kChains>;  // consecutive values: one step of all chains

void add(Row& sum, const float* values) {
  for (size_t i = 0; i < kColumns; ++i) sum[i] += values[i];
}

void add(Block& sum, const float* values) {
  for (Row& row : sum) {
    add(row, values);
    values += kColumns;
  }
}

}  // namespace

float cascade_sum(std::span<const float> values) {
  constexpr size_t kBlock = kColumns * kChains;
  const size_t blocks = values.size() / kBlock;
  // A level takes over from the one below after 2^bits additions.
  const auto bits = std::max<size_t>(4, std::bit_width(std::max<size_t>(blocks, 1) - 1) / kLevels);
  std::array<Block, kLevels> levels{};
  for (size_t i = 0; i < blocks;) {
    add(levels[0], values.data() + i++ * kBlock);
    for (size_t level = 1; level < kLevels && i % (size_t{1} << (level * bits)) == 0; ++level) {
      add(levels[level], levels[level - 1][0].data());
      levels[level - 1] = {};
    }
  }
  for (size_t level = 1; level < kLevels; ++level) add(levels[0], levels[level][0].data());
  size_t done = blocks * kBlock;
  Row& row = levels[0][0];
  for (; done + kColumns <= values.size(); done += kColumns) add(row, values.data() + done);
  for (size_t chain = 1; chain < kChains; ++chain) add(row, levels[0][chain].data());
  float sum = 0;
  for (; done < values.size(); ++done) sum += values[done];
  for (const float column : row) sum += column;
  return sum;
}

}  // namespace epalm::media
