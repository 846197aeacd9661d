#pragma once

#include "epalm/world/scene.h"

namespace epalm::train {

// Objects that no word fits. An encoder that meets only named ones learns which colours a shape never has in a place,
// and then is blind to just the combinations that are held out; from these it learns each attribute by itself.
enum class Strange { kNothing, kColours, kShapes };

// Three in ten: colours between the named ones; two in ten: two shapes at once, one askew. Else the scene as it is.
Strange make_strange(world::Scene& scene, PythonRandom& random);

}  // namespace epalm::train
