#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "epalm/report/bar_chart.h"
#include "epalm/report/line_chart.h"
#include "tests/report/markup.h"

namespace epalm::report {
namespace {

using testing::HasSubstr;
using testing::Not;

// The plot area is x 56..464, y 256..16; the axis of {0, 5, 10} is 0..10.
TEST(LineChart, PointsLieWhereTheAxesSay) {
  const std::string html = line_chart("loss", {{"training loss", {0, 5, 10}}});
  EXPECT_EQ(fault_in_markup(html), "");
  EXPECT_THAT(html, HasSubstr(R"(d="M56.0,256.0 L260.0,136.0 L464.0,16.0")"));
  EXPECT_THAT(html, HasSubstr(">10</text>"));
}

TEST(LineChart, MissingValuesLeaveAGap) {
  const double nan = std::nan("");
  const std::string html = line_chart("loss", {{"loss", {0, nan, 10, 10, std::numeric_limits<double>::infinity()}}});
  EXPECT_THAT(html, HasSubstr(R"(d="M56.0,256.0 M260.0,16.0 L362.0,16.0")"));
  EXPECT_THAT(html, HasSubstr("<b>10</b>"));  // the last value there is
  EXPECT_THAT(html, Not(HasSubstr("nan")));
  EXPECT_THAT(html, Not(HasSubstr("inf")));
}

TEST(LineChart, WithoutValuesSaysSo) {
  for (const auto& curves : {std::vector<Curve>{}, {{"a", {}}}, {{"a", {std::nan("")}}, {"b", {1e300}}}}) {
    const std::string html = line_chart("empty", curves);
    EXPECT_EQ(fault_in_markup(html), "");
    EXPECT_THAT(html, HasSubstr("no values"));
    EXPECT_THAT(html, Not(HasSubstr("nan")));
  }
}

TEST(LineChart, OneValueIsADotInTheMiddle) {
  EXPECT_THAT(line_chart("one", {{"a", {3}}}), HasSubstr(R"(<circle cx="260.0")"));
}

TEST(LineChart, NamesSeriesUnitAndSteps) {
  const std::string html = line_chart("t", {{"first", {1, 2}, "percent"}, {"second", {2, 3}, "percent", "epoch"}});
  EXPECT_THAT(html, HasSubstr("first <b>2</b>"));
  EXPECT_THAT(html, HasSubstr("second <b>3</b>"));
  EXPECT_THAT(html, HasSubstr(">percent</text>"));
  EXPECT_THAT(html, HasSubstr(">epoch</text>"));
  EXPECT_THAT(html, HasSubstr(R"(aria-label="t; first: 2 epochs, last value 2;)"));
}

// Bars run from x 120 (zero) to 890 (the end of the axis, here 100).
TEST(BarChart, BarsAreAsLongAsTheirValues) {
  const std::string html = bar_chart({"scores", "percent", {"model", "blank"}, {{"accuracy", {100.0, 50.0}}}});
  EXPECT_EQ(fault_in_markup(html), "");
  EXPECT_THAT(html, HasSubstr(R"(<rect class="s0" x="200.0" y="14.0" width="690.0")"));
  EXPECT_THAT(html, HasSubstr(R"(<rect class="s1" x="200.0" y="31.0" width="345.0")"));
  EXPECT_THAT(html, HasSubstr(">50.0</text>"));
}

TEST(BarChart, AbsentValuesHaveADashAndNoBar) {
  const std::string html =
      bar_chart({"t", "percent", {"a", "b", "c"}, {{"x", {std::nullopt, std::nan("")}}, {"y", {-1.0, 2.0, 1e300}}}});
  EXPECT_EQ(fault_in_markup(html), "");
  EXPECT_THAT(html, Not(HasSubstr("nan")));
  size_t bars = 0;
  for (size_t at = html.find("<rect"); at != html.npos; at = html.find("<rect", at + 1)) ++bars;
  EXPECT_EQ(bars, 2);  // y: a (at zero) and b
}

TEST(BarChart, WithoutGroupsIsStillSound) {
  EXPECT_EQ(fault_in_markup(bar_chart({})), "");
}

TEST(BarChart, LongLabelsAreCutAtCharacters) {
  EXPECT_THAT(bar_chart({"t", "", {"a"}, {{"ääääääääääääääääääääääääää", {1.0}}}}),
              HasSubstr(">ääääääääääääääääääääääää…</text>"));
}

}  // namespace
}  // namespace epalm::report
