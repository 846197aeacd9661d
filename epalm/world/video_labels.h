#pragma once

#include <cstdint>
#include <vector>

#include "epalm/world/labels.h"
#include "epalm/world/video_scene.h"

namespace epalm::world {

// The classification tasks over a clip, the same for every split. By slot, which is the place in the order: colour,
// shape and action of the event (class 0: no such event). By colour, shape and action: the other attributes and the
// order of the event that has it, and by shape also the shapes after and before it (class 0: none, last class: several
// events). Then the number of events, of each colour, of each shape and of each action.
const std::vector<LabelHead>& video_label_heads();

// The class of the scene for every head, in their order.
std::vector<int64_t> labels(const VideoScene& scene);

}  // namespace epalm::world
