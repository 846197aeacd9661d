#pragma once

#include <string>

namespace epalm::infer {

// Where to get the published weights of the encoder of that vision_model_name, as "FILE from URL"; "" where none are
// known. Source: the README and models/vit.py of the published program.
std::string published_weights(const std::string& vision_model_name);

// The name on the Hugging Face hub of the same weights in a form that is read here, which timm (and so the published
// program) loads for that vision_model_name; "" where there are none.
std::string hub_weights(const std::string& vision_model_name);

}  // namespace epalm::infer
