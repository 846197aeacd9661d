#pragma once

#include <string>
#include <utility>
#include <vector>

#include "epalm/base/python_random.h"
#include "epalm/world/questions.h"

namespace epalm::world {

inline constexpr int kAnnotators = 10;

// The three worlds; each has answers of its own.
enum class Medium { kImage, kVideo, kAudio };

// What ten people would answer: at least seven give the answer itself, the others a synonym or, rarely, a wrong answer
// of the same sort.
std::vector<std::string> annotators(const Question& question, PythonRandom& random);

// Every answer and synonym that annotators() can give about that medium, in a fixed order, without repetition.
const std::vector<std::string>& all_answers(Medium medium = Medium::kImage);

// Answers that people also say in another word: {"gray", "grey"}.
const std::vector<std::pair<std::string, std::string>>& synonyms(Medium medium = Medium::kImage);

}  // namespace epalm::world
