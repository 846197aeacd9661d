#include "epalm/text/unicode.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace epalm::text {
namespace {

using testing::ElementsAre;

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> list;
  while (!text.empty()) list.emplace_back(take_word(text));
  return list;
}

TEST(TakeWord, JoinsOneBlankToTheRunThatFollows) {
  EXPECT_THAT(words("a cat 12 !?"), ElementsAre("a", " cat", " 12", " !?"));
  EXPECT_THAT(words("ab12-+c"), ElementsAre("ab", "12", "-+", "c"));
}

TEST(TakeWord, LeavesTheLastOfSeveralBlanksToTheNextWord) {
  EXPECT_THAT(words("a   b"), ElementsAre("a", "  ", " b"));
  EXPECT_THAT(words("a \n b"), ElementsAre("a", " \n", " b"));
  EXPECT_THAT(words("a\n\nb"), ElementsAre("a", "\n", "\n", "b"));
  EXPECT_THAT(words("a\tb"), ElementsAre("a", "\t", "b"));
}

TEST(TakeWord, KeepsBlanksAtTheEndTogether) {
  EXPECT_THAT(words("a   "), ElementsAre("a", "   "));
  EXPECT_THAT(words(" "), ElementsAre(" "));
}

TEST(TakeWord, CutsLowerCaseContractions) {
  EXPECT_THAT(words("it's we'll I'd 'tis"), ElementsAre("it", "'s", " we", "'ll", " I", "'d", " '", "tis"));
  EXPECT_THAT(words("'tis IT'S"), ElementsAre("'t", "is", " IT", "'", "S"));
  EXPECT_THAT(words("x'rey'vez'm"), ElementsAre("x", "'re", "y", "'ve", "z", "'m"));
}

TEST(TakeWord, KnowsLettersAndNumbersOfAllScripts) {
  EXPECT_THAT(words("日本語 Ελλάδα ٣٤ Ⅷ½"), ElementsAre("日本語", " Ελλάδα", " ٣٤", " Ⅷ½"));
  // A combining accent is neither letter nor number; nor are an emoji and its joiners.
  EXPECT_THAT(words("cafe\u0301s"), ElementsAre("cafe", "\u0301", "s"));
  EXPECT_THAT(words("ok 👨‍👩‍👧!"), ElementsAre("ok", " 👨‍👩‍👧!"));
}

TEST(TakeWord, TakesWhiteSpaceOfUnicodeButNotTheSeparators) {
  // Only U+0020 joins the next word.
  EXPECT_THAT(words("a\u00A0b\u3000\u2003c"), ElementsAre("a", "\u00A0", "b", "\u3000", "\u2003", "c"));
  EXPECT_THAT(words("a\x1C\x1F b"), ElementsAre("a", "\x1C\x1F", " b"));
}

TEST(Strip, RemovesWhatPythonCallsSpace) {
  const std::string space = " \t\n\v\f\r\x1C\x1D\x1E\x1F\u0085\u00A0\u1680\u2000\u200A\u2028\u2029\u202F\u205F\u3000";
  EXPECT_EQ(strip_left(space + "a b" + space), "a b" + space);
  EXPECT_EQ(strip_right(space + "a b" + space), space + "a b");
  EXPECT_EQ(strip_left(space), "");
  EXPECT_EQ(strip_right(space), "");
}

TEST(Strip, KeepsInvisibleCharactersThatAreNoSpace) {
  const std::string text = "\u200Bé\uFEFF";
  EXPECT_EQ(strip_left(text), text);
  EXPECT_EQ(strip_right(text), text);
}

TEST(ToValidUtf8, ReplacesEachLongestValidBeginningOnce) {
  const std::string bad = "\uFFFD";
  EXPECT_EQ(to_valid_utf8("aé日😀"), "aé日😀");
  EXPECT_EQ(to_valid_utf8("a\xFF\xFE"
                          "b"),
            "a" + bad + bad + "b");
  EXPECT_EQ(to_valid_utf8("\xE2\x82"
                          "A"),
            bad + "A");
  EXPECT_EQ(to_valid_utf8("\xF0\x9F\x98"), bad);
  EXPECT_EQ(to_valid_utf8("\xF0\x80\x80"), bad + bad + bad);
  EXPECT_EQ(to_valid_utf8("\xED\xA0\x80"), bad + bad + bad);            // a surrogate
  EXPECT_EQ(to_valid_utf8("\xF4\x90\x80\x80"), bad + bad + bad + bad);  // beyond U+10FFFF
  EXPECT_EQ(to_valid_utf8("\xC0\xAF"), bad + bad);                      // an overlong '/'
}

TEST(IsValidUtf8, AgreesWithTheReplacement) {
  EXPECT_TRUE(is_valid_utf8(""));
  EXPECT_TRUE(is_valid_utf8("aé日😀"));
  EXPECT_FALSE(is_valid_utf8("a\x80"));
  EXPECT_FALSE(is_valid_utf8("\xE2\x82"));
}

}  // namespace
}  // namespace epalm::text
