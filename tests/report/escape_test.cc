#include "epalm/report/escape.h"

#include <gtest/gtest.h>

#include "epalm/report/utf8.h"

namespace epalm::report {
namespace {

constexpr const char* kMark = "\xEF\xBF\xBD";

TEST(EscapeHtml, MarkupBecomesEntities) {
  EXPECT_EQ(escape_html(R"(<a href="x" id='y'>&amp;</a>)"),
            "&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;amp;&lt;/a&gt;");
}

TEST(EscapeHtml, GoodUtf8AndWhiteSpacePass) {
  EXPECT_EQ(escape_html("née 猫 😀\t\n"), "née 猫 😀\t\n");
}

TEST(EscapeHtml, BrokenUtf8AndControlsAreMarked) {
  EXPECT_EQ(escape_html("a\xC3"), std::string("a") + kMark);                   // cut short
  EXPECT_EQ(escape_html("\xC0\xBC"), std::string(kMark) + kMark);              // '<' in two bytes
  EXPECT_EQ(escape_html("\xED\xA0\x80"), std::string(kMark) + kMark + kMark);  // a surrogate
  EXPECT_EQ(escape_html("\xF5\x80\x80\x80").substr(0, 3), kMark);              // past U+10FFFF
  EXPECT_EQ(escape_html(std::string_view("a\0b\x1b", 4)), std::string("a") + kMark + "b" + kMark);
}

TEST(Printable, KeepsATerminalFromBeingSteered) {
  EXPECT_EQ(printable("red\n\x1b[2Jblue\xC2\x9B"
                      "1m"),
            "red  [2Jblue 1m");
}

TEST(DisplayWidth, CountsColumnsNotBytes) {
  EXPECT_EQ(display_width("abc"), 3);
  EXPECT_EQ(display_width("née"), 3);
  EXPECT_EQ(display_width("ne\u0301e"), 3);  // a combining accent
  EXPECT_EQ(display_width("猫😀"), 4);
  EXPECT_EQ(display_width("\xFF"), 1);
}

}  // namespace
}  // namespace epalm::report
