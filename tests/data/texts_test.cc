#include "epalm/data/texts.h"

#include <gtest/gtest.h>

namespace epalm::data {
namespace {

TextRules with_token(TextRules rules) {
  rules.answer_token = "</a>";
  return rules;
}

TEST(Texts, ReferenceAppendsAQuestionMarkEvenToQuestions) {
  const TextRules rules = with_token(TextRules::reference());
  EXPECT_EQ(question_training_text(rules, "Why?", "so [SEP]it is"),
            "Why?"
            "?</a>so it is</s>");
  EXPECT_EQ(question_prompt(rules, "Why?"),
            "Why?"
            "?</a>");
}

TEST(Texts, ReferenceWithoutAnswerTokenSeparatesByTheEndToken) {
  EXPECT_EQ(question_training_text(TextRules::reference(), "Why?", "so"), "Why?</s>so</s>");
  EXPECT_EQ(question_prompt(TextRules::reference(), "Why?"), "Why?</s>");
}

TEST(Texts, CausalHasExactlyOneQuestionMark) {
  for (const char* question : {"Why", "Why?", "Why??", "Why ? "}) {
    EXPECT_EQ(question_prompt(with_token(TextRules::causal()), question), "Why?</a>") << question;
    EXPECT_EQ(question_prompt(TextRules::causal(), question), "Why?</s>") << question;
  }
}

TEST(Texts, AnswersAreWhatStandsBehindTheToken) {
  EXPECT_EQ(extracted_answer(with_token(TextRules::reference()), "</s>Why?? </a> yes</s><pad><pad>"), " yes");
  EXPECT_EQ(extracted_answer(with_token(TextRules::causal()), "</s>Why? </a> yes</s><pad>"), "yes");
  EXPECT_EQ(extracted_answer(TextRules::reference(), "</s>Why?</s>yes</s><pad>"), "yes");
  EXPECT_EQ(extracted_answer(with_token(TextRules::reference()), "</s>Why??"), "");
}

TEST(Texts, AnswersLoseTheirOwnEndToken) {
  TextRules rules = with_token(TextRules::reference());
  rules.end_token = "</e>";
  EXPECT_EQ(question_training_text(rules, "Q", "a"), "Q?</a>a</e>");
  EXPECT_EQ(extracted_answer(rules, "</s>Q? </a> a </e> </s>"), " a  ");
}

TEST(Texts, CaptionsEndWhereAsked) {
  TextRules rules = TextRules::reference();
  EXPECT_EQ(caption_training_text(rules, "a</s>b"), "a</s>b");
  rules.caption_end = true;
  EXPECT_EQ(caption_training_text(rules, "a</s>b"), "ab</s>");
  EXPECT_EQ(caption_prompt(rules), "");
  EXPECT_EQ(extracted_caption(rules, "</s>a dog</s><pad>"), "a dog");
}

}  // namespace
}  // namespace epalm::data
