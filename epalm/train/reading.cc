#include "epalm/train/reading.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "epalm/text/batch.h"
#include "epalm/train/world_text.h"
#include "epalm/world/audio_language.h"
#include "epalm/world/language.h"
#include "epalm/world/video_language.h"

namespace epalm::train {
namespace {

const std::string kEndOfText = "</s>";

}  // namespace

TextCeiling text_ceiling(const lm::Opt& lm, const text::Tokenizer& tokenizer, const std::vector<ReadingTest>& tests) {
  const at::NoGradGuard no_grad;
  TextCeiling result;
  int64_t right = 0;
  for (const auto& [description, questions] : tests) {
    std::vector<std::vector<int64_t>> lines;
    std::vector<std::vector<int64_t>> answers;
    for (const auto& question : questions) {
      lines.push_back(tokenizer.encode(description + kEndOfText + question.text + "?</a>"));
      answers.push_back(tokenizer.encode(question.answer + kEndOfText, false));
      lines.back().insert(lines.back().end(), answers.back().begin(), answers.back().end());
    }
    if (lines.empty()) continue;
    const auto padded = text::pad(lines, tokenizer.pad_id());
    lm::OptInput input;
    input.ids = at::tensor(padded.ids).view({padded.rows, padded.columns});
    input.mask = at::tensor(padded.mask).view({padded.rows, padded.columns});
    const at::Tensor best = lm.head(lm.hidden(input)).argmax(-1);  // [questions,T]
    for (size_t i = 0; i < questions.size(); ++i) {
      // Greedy decoding gives the expected answer exactly when each of its tokens is the likeliest after the ones
      // before.
      const auto end = static_cast<int64_t>(lines[i].size());
      const auto length = static_cast<int64_t>(answers[i].size());
      const bool correct =
          at::equal(best[static_cast<int64_t>(i)].slice(0, end - length - 1, end - 1), at::tensor(answers[i]));
      auto& type = result.by_type[questions[i].question_type];
      type.first += correct ? 1 : 0;
      ++type.second;
      right += correct ? 1 : 0;
      ++result.questions;
    }
  }
  result.accuracy = 100.0 * static_cast<double>(right) / static_cast<double>(std::max<int64_t>(result.questions, 1));
  return result;
}

std::vector<ReadingTest> reading_tests(world::Medium medium, world::Split split, int64_t scenes, uint64_t seed) {
  PythonRandom random(seed);
  std::vector<ReadingTest> tests;
  for (int64_t i = 0; i < scenes; ++i) {
    tests.push_back(with_random_scene(medium, split, random, [&](const auto& scene) {
      return ReadingTest{world::describe(scene, random), world::questions(scene, random)};
    }));
  }
  return tests;
}

}  // namespace epalm::train
