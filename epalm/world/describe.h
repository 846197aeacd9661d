#pragma once

#include <string>
#include <vector>

#include "epalm/base/python_random.h"
#include "epalm/world/scene.h"

namespace epalm::world {

// A true and complete description: size, colour, shape and place of every object, in this order; the objects in any
// order and several phrasings.
// Lower case, every sentence ends with a full stop.
std::string describe(const Scene& scene, PythonRandom& random);

// True captions of one scene, differently phrased, the objects in reading order; all name every object by colour and
// shape, some omit size or place. No two are equal where the phrasings allow it.
std::vector<std::string> captions(const Scene& scene, PythonRandom& random, int count);

}  // namespace epalm::world
