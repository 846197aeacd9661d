#pragma once

#include <string>

namespace epalm::infer {

// Where to get the published weights of the encoder of that vision_model_name, as "FILE from URL"; "" where none are
// known. Source: the README and models/vit.py of the published program.
std::string published_weights(const std::string& vision_model_name);

}  // namespace epalm::infer
