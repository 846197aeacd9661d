#pragma once

#include <string>

#include "epalm/world/annotators.h"
#include "epalm/world/document.h"

namespace epalm::train {

// One text of the tiny world about a train scene of the medium, as the language model and its tokenizer learn from it.
world::Document random_document(world::Medium medium, PythonRandom& random);  // description, questions, answers
std::string random_sentence(world::Medium medium, PythonRandom& random);      // a fact or a caption

// Each medium equally often.
world::Medium random_medium(PythonRandom& random);

}  // namespace epalm::train
