#pragma once

#include <string>
#include <vector>

#include "epalm/base/python_random.h"
#include "epalm/world/document.h"
#include "epalm/world/video_scene.h"

namespace epalm::world {

// A clip in words alone, for a language model that sees none.
Document document(const VideoScene& scene, PythonRandom& random);

// Plain sentences about train clips and actions: captions and facts. One text an entry, lower case.
std::vector<std::string> video_corpus(PythonRandom& random, int count);

}  // namespace epalm::world
