#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "epalm/world/scene.h"

namespace epalm::world {

// One classification task over a scene; an encoder learns all of them without seeing a word.
struct LabelHead {
  std::string name;  // "place 0 colour", "colour 3 shape", "count"
  int classes;
  int facts;  // classes 1 to facts are what a text may tell of a scene; 0: it speaks of other things
};

// The tasks, the same for every split. By place: colour, shape and size of the object there (class 0: nobody there).
// By colour and by shape: the other attributes of the objects that have it (class 0: none, last class: several
// objects). Then the number of objects, of each colour, of each shape and of big ones.
const std::vector<LabelHead>& label_heads();

// The class of the scene for every head, in their order.
std::vector<int64_t> labels(const Scene& scene);

}  // namespace epalm::world
