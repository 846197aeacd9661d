#pragma once

#include "epalm/lm/opt.h"
#include "epalm/text/tokenizer.h"
#include "epalm/train/pretrain.h"
#include "epalm/world/questions.h"
#include "epalm/world/scene.h"

namespace epalm::train {

// Trains every weight of `lm` on text alone: descriptions of scenes with questions and answers after them, captions and
// plain sentences. It never meets a picture. Answer tokens weigh five times the others.
void pretrain_lm(const lm::Opt& lm, const text::Tokenizer& tokenizer, const PretrainOptions& options,
                 const OnPretrainProgress& progress);

struct TextCeiling {
  double accuracy = 0;  // percent of questions answered exactly
  int64_t questions = 0;
  std::map<std::string, std::pair<int64_t, int64_t>> by_type;  // question type -> right, asked
};

// A scene and what is asked about it.
struct ReadingTest {
  world::Scene scene;
  std::vector<world::Question> questions;
};

// How well the LM answers from the true description given as text: the ceiling for any eye (TINY_WORLD.md, gate 1).
// seed chooses the wording of the descriptions.
TextCeiling text_ceiling(const lm::Opt& lm, const text::Tokenizer& tokenizer, const std::vector<ReadingTest>& tests,
                         uint64_t seed);
// The same on every kind of question about random scenes.
TextCeiling text_ceiling(const lm::Opt& lm, const text::Tokenizer& tokenizer, world::Split split, int64_t scenes,
                         uint64_t seed);

}  // namespace epalm::train
