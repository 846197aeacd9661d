#include "epalm/metrics/ptb_tokenizer.h"

#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "epalm/base/error.h"

namespace epalm::metrics {
namespace {

std::string tokens(const std::vector<std::string>& lines, size_t line = 0) {
  static PtbTokenizer tokenizer;
  return fmt::format("{}", fmt::join(tokenizer.tokenize(lines)[line], " "));
}

TEST(PtbTokenizer, SplitsContractions) {
  EXPECT_EQ(tokens({"He's sure they don't, can't and cannot; gonna"}),
            "he 's sure they do n't , ca n't and can not ; gon na");
}

TEST(PtbTokenizer, SpellsOutBracketsAndQuotes) {
  EXPECT_EQ(tokens({"a \"big\" (red) {x} [y]"}), "a `` big '' -lrb- red -rrb- -lcb- x -rcb- -lsb- y -rsb-");
}

TEST(PtbTokenizer, KeepsNumbersAbbreviationsAndAddressesWhole) {
  EXPECT_EQ(tokens({"Mr. Lee paid $1,000.50 at 2:30 via me@mail.com , e.g. on http://a.b/c"}),
            "mr. lee paid $ 1,000.50 at 2:30 via me@mail.com , e.g. on http://a.b/c");
}

TEST(PtbTokenizer, JoinsFractionsAndPhoneNumbersWithANoBreakSpace) {
  EXPECT_EQ(tokens({"2 1/2 cups \u00BD"}), "2\u00A01/2 cups 1/2");
}

TEST(PtbTokenizer, LooksAtTheNextLineForTheEndOfASentence) {
  EXPECT_EQ(tokens({"Acme Inc.", "The dog"}), "acme inc. .");
  EXPECT_EQ(tokens({"Acme Inc.", "the dog"}), "acme inc.");
}

TEST(PtbTokenizer, GivesOneListPerLineEvenForEmptyOnesAndLineBreaksInside) {
  EXPECT_EQ(tokens({"", "two\nlines", ""}, 1), "two lines");
  EXPECT_EQ(tokens({"", "two\nlines", ""}, 2), "");
}

TEST(PtbTokenizer, DropsWhatNoRuleKnows) {
  EXPECT_EQ(tokens({"a \U0001F600 cat\x01"}), "a cat");
  EXPECT_EQ(tokens({"a \xFF cat"}), "a cat");
}

TEST(PtbTokenizer, RefusesALineTooLongToBeACaption) {
  EXPECT_THROW(tokens({std::string(PtbTokenizer::kMaxLineUnits + 1, 'x')}), Error);
}

TEST(CaptionTokens, DropPunctuationButKeepLowerCaseBrackets) {
  PtbTokenizer tokenizer;
  const std::vector<std::string> captions{"\"Stop!\" - said (the) cat..."};
  EXPECT_EQ(caption_tokens(tokenizer, captions)[0], (Tokens{"stop", "said", "-lrb-", "the", "-rrb-", "cat"}));
}

}  // namespace
}  // namespace epalm::metrics
