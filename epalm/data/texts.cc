#include "epalm/data/texts.h"

#include "epalm/metrics/answer_text.h"

namespace epalm::data {
namespace {

constexpr std::string_view kEos = "</s>";
constexpr std::string_view kPad = "<pad>";
constexpr std::string_view kSeparator = "[SEP]";

std::string without(std::string text, std::string_view part) {
  if (part.empty()) return text;
  for (size_t at = 0; (at = text.find(part, at)) != text.npos;) text.erase(at, part.size());
  return text;
}

// The piece of that index between separators; "" if there are fewer.
std::string piece(std::string_view text, std::string_view separator, int index) {
  for (; index > 0; --index) {
    const size_t at = text.find(separator);
    if (at == text.npos) return "";
    text.remove_prefix(at + separator.size());
  }
  return std::string(text.substr(0, text.find(separator)));
}

std::string with_mark(const TextRules& rules, std::string_view question) {
  if (rules.question_mark == TextRules::QuestionMark::kExactlyOne) {
    while (!question.empty() && (question.back() == '?' || question.back() == ' ')) question.remove_suffix(1);
    return std::string(question) + "?";
  }
  // Without an answer token the published code appends none.
  return std::string(question) + (rules.answer_token.empty() ? "" : "?");
}

std::string cleaned(const TextRules& rules, std::string text) {
  text = without(without(std::move(text), kPad), kEos);
  return rules.strip_answers ? std::string(metrics::strip(text)) : text;
}

}  // namespace

TextRules TextRules::reference() {
  return {};
}

TextRules TextRules::causal() {
  TextRules rules;
  rules.question_mark = QuestionMark::kExactlyOne;
  rules.strip_answers = true;
  rules.caption_end = true;
  return rules;
}

std::string question_training_text(const TextRules& rules, std::string_view question, std::string_view answer) {
  const std::string_view between = rules.answer_token.empty() ? kEos : std::string_view(rules.answer_token);
  return with_mark(rules, question) + std::string(between) + without(std::string(answer), kSeparator) + rules.end_token;
}

std::string caption_training_text(const TextRules& rules, std::string_view caption) {
  return rules.caption_end ? without(std::string(caption), kEos) + std::string(kEos) : std::string(caption);
}

std::string question_prompt(const TextRules& rules, std::string_view question) {
  return with_mark(rules, question) + (rules.answer_token.empty() ? rules.end_token : rules.answer_token);
}

std::string caption_prompt(const TextRules&) {
  return "";
}

std::string extracted_answer(const TextRules& rules, std::string_view decoded) {
  // Without an answer token the text is `</s>question</s>answer</s>`.
  const std::string answer =
      rules.answer_token.empty() ? piece(decoded, kEos, 2) : piece(decoded, rules.answer_token, 1);
  return cleaned(rules, without(answer, rules.end_token));
}

std::string extracted_caption(const TextRules& rules, std::string_view decoded) {
  return cleaned(rules, piece(decoded, kEos, 1));
}

}  // namespace epalm::data
