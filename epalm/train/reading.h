#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "epalm/lm/opt.h"
#include "epalm/text/tokenizer.h"
#include "epalm/world/annotators.h"
#include "epalm/world/questions.h"
#include "epalm/world/scene.h"

namespace epalm::train {

// The true description of a scene and what is asked about it.
struct ReadingTest {
  std::string description;
  std::vector<world::Question> questions;
};

struct TextCeiling {
  double accuracy = 0;  // percent of questions answered exactly
  int64_t questions = 0;
  std::map<std::string, std::pair<int64_t, int64_t>> by_type;  // question type -> right, asked
};

// How well the LM answers from the true description given as text: the ceiling for any eye and ear (TINY_WORLD.md, gate
// 1).
TextCeiling text_ceiling(const lm::Opt& lm, const text::Tokenizer& tokenizer, const std::vector<ReadingTest>& tests);

// Every kind of question about random scenes of one medium.
std::vector<ReadingTest> reading_tests(world::Medium medium, world::Split split, int64_t scenes, uint64_t seed);

}  // namespace epalm::train
