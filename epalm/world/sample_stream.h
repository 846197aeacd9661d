#pragma once

#include <cstdint>

#include "epalm/base/python_random.h"
#include "epalm/world/scene.h"

namespace epalm::world {

// What the random numbers of a sample are for. The order is part of every world's bytes.
enum class Stream : uint64_t {
  kScene,
  kPicture,
  kWords,
  kVideoScene,
  kVideoPicture,
  kVideoWords,
  kAudioScene,
  kAudioSound,
  kAudioWords
};

// Unrelated random numbers for every seed, split, index and purpose, so that samples can be made in any order.
PythonRandom stream(uint64_t seed, Split split, int64_t index, Stream purpose);

// Throws Error, in the name of `what`, for a negative index or count.
void check_counts(const char* what, int64_t index, int captions, int questions);

}  // namespace epalm::world
