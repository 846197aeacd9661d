#include "epalm/report/html_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "epalm/base/error.h"
#include "tests/report/markup.h"

namespace epalm::report {
namespace {

using testing::HasSubstr;
using testing::Not;

Report sample_report() {
  TaskReport vqa{
      .modality = "image",
      .task = "vqa",
      .parameters_total = 5234567,
      .parameters_trained = 41234,
      .trained_percent = 0.7877,
      .seconds_per_epoch = 12.34,
      .rows = {{"accuracy", 84.26, 41.0, 47.5, 93.0}, {"yes/no", 90, 50, 52, std::nullopt}},
      .curves = {{"training loss", {2, 1}}, {"accuracy", {40, 84}, "percent"}, {"blank", {40, 41}, "percent"}},
      .pictures = {{{std::byte{1}, std::byte{2}, std::byte{3}},
                    "image/png",
                    "what colour is it",
                    "red",
                    {"red", "red", "dark red"},
                    true}}};
  return {.title = "A model learns to see",
          .subtitle = "subtitle",
          .machine = "2 cores",
          .date = "today",
          .command = "epalm demo",
          .tasks = {vqa},
          .notes = {"a note"}};
}

TEST(HtmlReport, IsSoundMarkupThatFetchesNothing) {
  const std::string html = render_html(sample_report());
  EXPECT_EQ(fault_in_markup(html), "");
  for (const char* outside : {"http", "src=\"/", "<script", "<link", "@import", "url("}) {
    EXPECT_THAT(html, Not(HasSubstr(outside)));
  }
}

TEST(HtmlReport, ShowsNumbersBesideWhatTheyAreMeasuredAgainst) {
  const std::string html = render_html(sample_report());
  for (const char* text :
       {"<dd>5,234,567</dd>", "<dd>41,234</dd>", "<dd>0.79 %</dd>", "<dd>12.3 s</dd>", "(+43.3 points)",
        "<td class=\"value\">84.3</td><td>41.0</td><td>47.5</td><td>93.0</td>", "<td>52.0</td><td>–</td>"}) {
    EXPECT_THAT(html, HasSubstr(text));
  }
}

TEST(HtmlReport, PicturesAreInsideWithTextForThoseWhoCannotSeeThem) {
  const std::string html = render_html(sample_report());
  EXPECT_THAT(
      html, HasSubstr(R"(<img src="data:image/png;base64,AQID" alt="test picture 1, shown with: what colour is it">)"));
  EXPECT_THAT(html, HasSubstr("✓ right"));
  EXPECT_THAT(html, HasSubstr("expected: red ×2, dark red"));
}

TEST(HtmlReport, CurvesOfOneUnitShareAChart) {
  const std::string html = render_html(sample_report());
  EXPECT_THAT(html, HasSubstr("<figcaption>training loss</figcaption>"));
  EXPECT_THAT(html, HasSubstr("<figcaption>accuracy, blank</figcaption>"));
}

TEST(HtmlReport, HostileTextStaysText) {
  const std::string hostile = "\"'><script>alert(1)</script>\x01\xFF<img src=x onerror=y>&";
  TaskReport task{.modality = hostile,
                  .task = hostile,
                  .rows = {{hostile, 1, 2.0}},
                  .curves = {{hostile, {1, 2}, hostile, hostile}},
                  .pictures = {{{std::byte{0}}, "image/gif", hostile, hostile, {hostile}, false}}};
  const std::string html = render_html({.title = hostile,
                                        .subtitle = hostile,
                                        .machine = hostile,
                                        .date = hostile,
                                        .command = hostile,
                                        .tasks = {task},
                                        .notes = {hostile}});
  EXPECT_EQ(fault_in_markup(html), "");
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  EXPECT_THAT(html, Not(HasSubstr("<img src=x")));
  EXPECT_THAT(html, HasSubstr("&lt;script&gt;"));
}

TEST(HtmlReport, EmptyAndNotANumberAreNoFailure) {
  EXPECT_EQ(fault_in_markup(render_html({})), "");
  const double nan = std::nan("");
  TaskReport task{.trained_percent = nan,
                  .seconds_per_epoch = std::numeric_limits<double>::infinity(),
                  .rows = {{"accuracy", nan, nan}},
                  .curves = {{"loss", {nan}}, {"empty", {}}},
                  .pictures = {{}}};
  Report report{.tasks = {task, {}}};
  const std::string html = render_html(report);
  EXPECT_EQ(fault_in_markup(html), "");
  EXPECT_THAT(html, Not(HasSubstr(">nan")));
  EXPECT_THAT(html, Not(HasSubstr("inf ")));
}

TEST(HtmlReport, OnlyPicturesBecomeDataUris) {
  Report report = sample_report();
  report.tasks[0].pictures[0].mime = "text/html";
  try {
    render_html(report);
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("picture 1 has the media type 'text/html'"));
  }
}

TEST(MarkupChecker, FindsFaults) {
  EXPECT_NE(fault_in_markup("<p><b></p></b>"), "");
  EXPECT_NE(fault_in_markup("<p>"), "");
  EXPECT_NE(fault_in_markup("<p title=\"a>"), "");
  EXPECT_EQ(fault_in_markup("<p title=\"a>b\"><img src=\"x\"></p><line/>"), "");
}

}  // namespace
}  // namespace epalm::report
