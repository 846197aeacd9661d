#include "epalm/metrics/answer_text.h"

#include <gtest/gtest.h>

namespace epalm::metrics {
namespace {

TEST(AnswerText, RemovesMarksBesideSpacesAndBlanksTheOthers) {
  EXPECT_EQ(process_punctuation("what?! no"), "what  no");
  EXPECT_EQ(process_punctuation("white/black"), "white black");
  EXPECT_EQ(process_punctuation("white / black"), "white  black");
}

TEST(AnswerText, RemovesAllMarksWhereACommaStandsBetweenDigits) {
  EXPECT_EQ(process_punctuation("1,2 a-b"), "12 ab");
  EXPECT_EQ(process_punctuation("\u0661,\u0662 a-b"), "\u0661\u0662 ab");  // Arabic digits are digits
}

TEST(AnswerText, KeepsPeriodsBeforeDigits) {
  EXPECT_EQ(process_punctuation("3.5 p.m."), "3.5 pm");
}

TEST(AnswerText, RemovesAtMostThirtyTwoPeriods) {
  EXPECT_EQ(process_punctuation(std::string(32, '.')), "");
  EXPECT_EQ(process_punctuation(std::string(40, '.')), std::string(8, '.'));
}

TEST(AnswerText, MapsNumbersArticlesAndContractions) {
  EXPECT_EQ(process_digit_article("The dog dont have Ten tails"), "dog don't have 10 tails");
  EXPECT_EQ(process_digit_article("Yalld've y'all'dve couldntve"), "yalld've y'all'd've couldntve");
  EXPECT_EQ(process_digit_article("somebody'd"), "somebodyd");
}

TEST(AnswerText, SplitsAtUnicodeSpaces) {
  EXPECT_EQ(normalize_answer("\u00A0a\u2003red\x1Fhat\n"), "red hat");
}

TEST(AnswerText, KeepsBytesThatAreNotUtf8FromBreakingAnything) {
  EXPECT_EQ(split_words("a\xFF"
                        "b c"),
            (std::vector<std::string>{"a\xFF"
                                      "b",
                                      "c"}));
  EXPECT_EQ(process_punctuation("1,\xC3"), "1 \xC3");
}

}  // namespace
}  // namespace epalm::metrics
