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
      .exhibits = {{.stills = {{{{std::byte{1}, std::byte{2}, std::byte{3}}, "image/png"}}},
                    .question = "what colour is it",
                    .answer = "red",
                    .expected = {"red", "red", "dark red"},
                    .right = true}}};
  TaskReport heard = vqa;
  heard.modality = "audio";
  heard.task = "qa";
  heard.media = "recordings";
  return {.title = "A model learns to see",
          .subtitle = "subtitle",
          .machine = "2 cores",
          .date = "today",
          .command = "epalm demo",
          .tasks = {vqa, heard},
          .checks = {{"image", "eyes beat blindness", "43.3", "≥ 40", true}, {"audio", "ears", "3", "≥ 30", false}},
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
       {"<dd>5,234,567</dd>", "<dd>41,234</dd>", "<dd>0.79 %</dd>", "<dd>12.3 s</dd>", "(+43.3)",
        "<td class=\"value\">84.3</td><td>41.0</td><td>47.5</td><td>93.0</td>", "<td>52.0</td><td>–</td>"}) {
    EXPECT_THAT(html, HasSubstr(text));
  }
}

TEST(HtmlReport, BeginsWithAllTasksSideBySide) {
  const std::string html = render_html(sample_report());
  EXPECT_THAT(html, HasSubstr("<a href=\"#task-2\">audio · qa</a></th><td>accuracy</td><td class=\"value\">84.3</td>"
                              "<td>41.0</td><td>47.5</td><td>93.0</td><td>0.79 %</td><td>12.3</td>"));
  EXPECT_THAT(html, HasSubstr("<section class=\"task\" id=\"task-2\"><h2>audio · qa</h2>"));
  EXPECT_THAT(html, HasSubstr("with blank recordings"));
}

TEST(HtmlReport, OneTaskNeedsNoComparison) {
  Report report = sample_report();
  report.tasks.resize(1);
  EXPECT_THAT(render_html(report), Not(HasSubstr("All tasks")));
}

TEST(HtmlReport, ChecksThatFailSaySo) {
  const std::string html = render_html(sample_report());
  EXPECT_THAT(html,
              HasSubstr("<tr class=\"right\"><th scope=\"row\">image</th><td class=\"words\">eyes beat blindness</td>"
                        "<td>≥ 40</td><td class=\"value\">43.3</td><td class=\"mark\">✓ holds</td>"));
  EXPECT_THAT(html, HasSubstr("<td class=\"value\">3</td><td class=\"mark\">✗ fails</td>"));
}

TEST(HtmlReport, CurvesOfOneUnitShareAChart) {
  const std::string html = render_html(sample_report());
  EXPECT_THAT(html, HasSubstr("<figcaption>training loss</figcaption>"));
  EXPECT_THAT(html, HasSubstr("<figcaption>accuracy, blank</figcaption>"));
}

TEST(HtmlReport, HostileTextStaysText) {
  const std::string hostile = "\"'><script>alert(1)</script>\x01\xFF<img src=x onerror=y>&";
  TaskReport task{
      .modality = hostile,
      .task = hostile,
      .media = hostile,
      .rows = {{hostile, 1, 2.0}},
      .curves = {{hostile, {1, 2}, hostile, hostile}},
      .exhibits = {{.stills = {{{{std::byte{0}}, "image/gif"}, hostile}, {{{std::byte{0}}, "image/gif"}, hostile}},
                    .question = hostile,
                    .answer = hostile,
                    .expected = {hostile},
                    .right = false},
                   {.sound = Sound{.samples = {0.5F}, .sample_rate_hz = 1}, .question = hostile}}};
  const std::string html = render_html({.title = hostile,
                                        .subtitle = hostile,
                                        .machine = hostile,
                                        .date = hostile,
                                        .command = hostile,
                                        .tasks = {task, task},
                                        .checks = {{hostile, hostile, hostile, hostile}},
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
                  .exhibits = {{}}};
  Report report{.tasks = {task, {}}};
  const std::string html = render_html(report);
  EXPECT_EQ(fault_in_markup(html), "");
  EXPECT_THAT(html, Not(HasSubstr(">nan")));
  EXPECT_THAT(html, Not(HasSubstr("inf ")));
}

TEST(MarkupChecker, FindsFaults) {
  EXPECT_NE(fault_in_markup("<p><b></p></b>"), "");
  EXPECT_NE(fault_in_markup("<p>"), "");
  EXPECT_NE(fault_in_markup("<p title=\"a>"), "");
  EXPECT_EQ(fault_in_markup("<p title=\"a>b\"><img src=\"x\"></p><line/>"), "");
}

}  // namespace
}  // namespace epalm::report
