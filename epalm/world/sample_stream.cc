#include "epalm/world/sample_stream.h"

#include "epalm/base/error.h"

namespace epalm::world {
namespace {

// The finaliser of SplitMix64 (Steele, Lea and Flood, 2014): neighbouring numbers get unrelated results.
uint64_t mixed(uint64_t value) {
  value += 0x9e3779b97f4a7c15U;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9U;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebU;
  return value ^ (value >> 31);
}

}  // namespace

PythonRandom stream(uint64_t seed, Split split, int64_t index, Stream purpose) {
  const uint64_t place = mixed(mixed(seed) + static_cast<uint64_t>(split)) + static_cast<uint64_t>(index);
  return PythonRandom(mixed(mixed(place) + static_cast<uint64_t>(purpose)));
}

void check_counts(const char* what, int64_t index, int captions, int questions) {
  require(index >= 0 && captions >= 0 && questions >= 0,
          "{}: expected an index and counts of 0 or more, got index {}, {} captions, {} questions", what, index,
          captions, questions);
}

}  // namespace epalm::world
