#include "epalm/report/text_table.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "epalm/report/numbers.h"

namespace epalm::report {
namespace {

TEST(TextTable, AlignsTextLeftAndNumbersRight) {
  EXPECT_EQ(
      render_text_table({{"metric", "score", "blank"}, {{"accuracy", "84.3 %", "–"}, {"CIDEr", "312.0 %", "9.1 %"}}}),
      "metric      score  blank\n"
      "────────  ───────  ─────\n"
      "accuracy   84.3 %      –\n"
      "CIDEr     312.0 %  9.1 %\n");
}

TEST(TextTable, WideAndCombiningCharactersKeepColumnsStraight) {
  EXPECT_EQ(render_text_table({{"word", "n"}, {{"猫", "1"}, {"ne\u0301e", "10"}}}),
            "word   n\n"
            "────  ──\n"
            "猫     1\n"
            "ne\u0301e   10\n");
}

TEST(TextTable, ShortRowsEndEarly) {
  EXPECT_EQ(render_text_table({{"a", "b"}, {{"x"}, {"y", "text"}}}),
            "a  b\n"
            "─  ────\n"
            "x\n"
            "y  text\n");
}

TEST(TextTable, ControlCharactersCannotBreakTheTable) {
  EXPECT_EQ(render_text_table({{"a"}, {{"x\ny\x1b"}}}), "a\n────\nx y\n");
}

TEST(TextTable, RowsLongerThanTheHeaderAreABug) {
  EXPECT_THROW(render_text_table({{"a"}, {{"1", "2"}}}), std::logic_error);
}

TEST(Numbers, ThousandsAreGrouped) {
  EXPECT_EQ(with_thousands(0), "0");
  EXPECT_EQ(with_thousands(999), "999");
  EXPECT_EQ(with_thousands(1000), "1,000");
  EXPECT_EQ(with_thousands(-1234567), "-1,234,567");
  EXPECT_EQ(with_thousands(-123), "-123");
}

}  // namespace
}  // namespace epalm::report
