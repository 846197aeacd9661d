#pragma once

#include <vector>

#include "epalm/base/python_random.h"
#include "epalm/world/scene.h"

namespace epalm::world {

// The random choices that every kind of scene is made of.
int draw(PythonRandom& random, int count);             // 0 .. count - 1
int between(PythonRandom& random, int low, int high);  // low .. high
bool chance(PythonRandom& random, int percent);        // true so often
int draw_count(PythonRandom& random);                  // one in 30 %, two in 40 %, three in 30 %
Background draw_background(PythonRandom& random);

// Values of one attribute for the things of a scene: all distinct, or each later one equal to the first two times in
// three and at least one of them equal.
std::vector<int> draw_values(PythonRandom& random, int count, int kinds, bool repeat);

}  // namespace epalm::world
