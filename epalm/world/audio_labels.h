#pragma once

#include <cstdint>
#include <vector>

#include "epalm/world/audio_scene.h"
#include "epalm/world/labels.h"

namespace epalm::world {

// The classification tasks over a recording, the same for every split. By slot, which is the place in the order: kind,
// pitch, loudness and length of the sound (class 0: no such sound). By kind: the other attributes, the order and the
// kinds after and before it; by pitch, loudness and length: the kind (class 0: none, last class: several sounds). Then
// the number of sounds and of those with each kind, pitch, loudness and length.
const std::vector<LabelHead>& audio_label_heads();

// The class of the scene for every head, in their order.
std::vector<int64_t> labels(const AudioScene& scene);

}  // namespace epalm::world
