#include "epalm/report/exhibit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "epalm/base/error.h"
#include "tests/report/markup.h"

namespace epalm::report {
namespace {

using testing::HasSubstr;
using testing::Not;

Still still(int byte, const std::string& label = "") {
  return {{{std::byte(byte)}, "image/png"}, label};
}

TEST(Exhibit, PictureIsInsideWithTextForThoseWhoCannotSeeIt) {
  const std::string html = exhibit_figure({.stills = {{{{std::byte{1}, std::byte{2}, std::byte{3}}, "image/png"}}},
                                           .question = "what colour is it",
                                           .answer = "red",
                                           .expected = {"red", "red", "dark red"},
                                           .right = true},
                                          1);
  EXPECT_EQ(fault_in_markup(html), "");
  EXPECT_THAT(
      html, HasSubstr(R"(<img src="data:image/png;base64,AQID" alt="test picture 1, shown with: what colour is it">)"));
  EXPECT_THAT(html, HasSubstr("✓ right"));
  EXPECT_THAT(html, HasSubstr("expected: red ×2, dark red"));
}

TEST(Exhibit, ClipIsAStripInOrder) {
  const std::string html =
      exhibit_figure({.stills = {still(1, "0.0 s"), still(2, "0.5 s")}, .question = "what moves", .answer = "it"}, 3);
  EXPECT_EQ(fault_in_markup(html), "");
  EXPECT_THAT(html, HasSubstr(R"(aria-label="test clip 3, 2 frames in order, shown with: what moves")"));
  EXPECT_THAT(html, HasSubstr(R"(base64,AQ==" alt="frame 1"><small>0.0 s</small></span>)"
                              R"(<span><img src="data:image/png;base64,Ag==" alt="frame 2"><small>0.5 s</small>)"));
  EXPECT_THAT(html, Not(HasSubstr("right")));  // nobody said whether it is
}

TEST(Exhibit, RecordingHasAPlayer) {
  const std::string html = exhibit_figure(
      {.sound = Sound{.samples = std::vector<float>(100), .sample_rate_hz = 100, .file = {{std::byte{1}}, "audio/wav"}},
       .answer = "a beep"},
      2);
  EXPECT_EQ(fault_in_markup(html), "");
  EXPECT_THAT(html, HasSubstr(R"(aria-label="test recording 2: waveform and spectrogram")"));
  EXPECT_THAT(html, HasSubstr(R"(<audio controls="" aria-label="test recording 2" src="data:audio/wav;base64,AQ==">)"));
}

TEST(Exhibit, CaptionShowsOneReferenceAndKeepsTheOthersAtHand) {
  const std::string html = exhibit_figure({.answer = "a dog", .expected = {"a cat", "one cat", "cats"}}, 1);
  EXPECT_EQ(fault_in_markup(html), "");
  EXPECT_THAT(html, HasSubstr(R"(expected: a cat</p><details class="expected"><summary>or 2 more</summary>)"
                              "<ul><li>one cat</li><li>cats</li></ul>"));
  EXPECT_THAT(exhibit_figure({.answer = "a dog", .expected = {"a cat"}}, 1), Not(HasSubstr("more")));
}

TEST(Exhibit, OnlyMediaBecomeDataUris) {
  const auto message = [](const Exhibit& exhibit) {
    try {
      exhibit_figure(exhibit, 7);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  EXPECT_THAT(message({.stills = {{{{std::byte{1}}, "text/html"}}}}),
              HasSubstr("picture 7 has the media type 'text/html'"));
  EXPECT_THAT(message({.sound = Sound{.sample_rate_hz = 1, .file = {{std::byte{1}}, "image/png"}}}),
              HasSubstr("recording 7 has the media type 'image/png'"));
  EXPECT_THAT(message({.sound = Sound{.sample_rate_hz = 1, .spectrogram = {{std::byte{1}}, "image/svg+xml"}}}),
              HasSubstr("recording 7 has the media type 'image/svg+xml'"));
}

}  // namespace
}  // namespace epalm::report
