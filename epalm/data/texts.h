#pragma once

#include <string>
#include <string_view>

namespace epalm::data {

// How a task is put into words for the language model. Each quirk of the published texts is one field, so that the
// defaults (reference) and what the method means (causal) are two values of one struct. Source: SPEC.md §5.1.
struct TextRules {
  enum class QuestionMark { kAppendAlways, kExactlyOne };

  std::string answer_token;        // stands before the answer, as `</a>`; empty: the end token does
  std::string end_token = "</s>";  // ends the answer
  bool caption_end = false;        // captions end with `</s>` in training
  QuestionMark question_mark = QuestionMark::kAppendAlways;  // kAppendAlways gives `??` for most questions
  bool strip_answers = false;  // false keeps the space that decoding leaves before the answer

  static TextRules reference();
  static TextRules causal();
};

// The text of one training example.
std::string question_training_text(const TextRules& rules, std::string_view question, std::string_view answer);
std::string caption_training_text(const TextRules& rules, std::string_view caption);

// What the model continues; captions start from the empty text.
std::string question_prompt(const TextRules& rules, std::string_view question);
std::string caption_prompt(const TextRules& rules);

// The answer in what the tokenizer decodes from prompt and continuation, special tokens included; "" if it holds none.
std::string extracted_answer(const TextRules& rules, std::string_view decoded);
std::string extracted_caption(const TextRules& rules, std::string_view decoded);

}  // namespace epalm::data
