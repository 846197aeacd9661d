#pragma once

#include <initializer_list>
#include <string>

#include "epalm/base/python_random.h"
#include "epalm/world/scene.h"

namespace epalm::world {

// One of the wordings, each equally likely.
std::string pick(PythonRandom& random, std::initializer_list<std::string> wordings);

// True half of the time.
bool coin(PythonRandom& random);

std::string colour_word(int colour);
std::string shape_word(int shape);
std::string plural_word(int shape);
std::string size_word(int size);
std::string place_word(int place);
std::string number_word(int number);  // 0..3, "zero".."three"

// "a red circle", "an orange star": the indefinite article in front of a phrase.
std::string with_article(const std::string& phrase);

}  // namespace epalm::world
