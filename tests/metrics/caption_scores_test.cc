#include "epalm/metrics/caption_scores.h"

#include <gtest/gtest.h>

#include <cmath>

#include "epalm/base/error.h"
#include "epalm/metrics/bleu.h"
#include "epalm/metrics/cider.h"
#include "epalm/metrics/rouge_l.h"

namespace epalm::metrics {
namespace {

// The smoothing constants (1e-15, 1e-9) move hand-computed scores of short captions by about 1e-9.
constexpr double kSmoothing = 1e-8;

TEST(Bleu, ClipsCountsByTheReferenceAndPenalisesBrevity) {
  // `the` twice, once in the reference: precision 1/2. Two words for three: exp(1 - 3/2).
  const std::vector<CaptionItem> items{{{"the", "the"}, {{"the", "cat", "sat"}}}};
  EXPECT_NEAR(bleu(items).corpus[0], 0.5 * std::exp(-0.5), kSmoothing);
}

TEST(Bleu, TakesTheShorterOfTwoEquallyCloseReferences) {
  const std::vector<CaptionItem> items{{{"a", "b", "c"}, {{"a", "b", "c", "d"}, {"a", "b"}}}};
  EXPECT_NEAR(bleu(items).corpus[0], 1.0, kSmoothing);  // length 2 < 3: no penalty
}

TEST(RougeL, TakesPrecisionAndRecallOverTheReferencesSeparately) {
  // Precision 1 from the first reference, recall 1 from the second.
  const std::vector<CaptionItem> items{{{"a", "b"}, {{"a", "x", "b", "y"}, {"b"}}}};
  EXPECT_NEAR(rouge_l(items).corpus, 1.0, kSmoothing);
}

TEST(RougeL, CountsAnEmptyCaptionAsOneEmptyWord) {
  EXPECT_EQ(rouge_l(std::vector<CaptionItem>{{{}, {{"a"}}}}).corpus, 0);
  EXPECT_NEAR(rouge_l(std::vector<CaptionItem>{{{}, {{}}}}).corpus, 1, kSmoothing);
}

TEST(Cider, GivesTenForExactCaptionsOfDistinctItemsAndNothingForASingleItem) {
  const Tokens first{"a", "b", "c", "d"}, second{"e", "f", "g", "h"};
  const std::vector<CaptionItem> two{{first, {first}}, {second, {second}}};
  EXPECT_NEAR(cider(two).corpus, 10, kSmoothing);
  EXPECT_EQ(cider(std::span(two).first(1)).corpus, 0);
}

TEST(Cider, PenalisesADifferentLength) {
  const Tokens first{"a", "b", "c", "d"}, second{"e", "f", "g", "h"};
  const std::vector<CaptionItem> items{{first, {first}}, {{"e", "f", "g", "h", "e", "f", "g", "h"}, {second}}};
  // Clipped, every order keeps |reference|^2 = k log(2)^2 over |candidate||reference|; bigrams: 7 against 3.
  EXPECT_LT(cider(items).per_item[1], 10 * std::exp(-16.0 / 72));
  EXPECT_GT(cider(items).per_item[1], 0);
}

TEST(CaptionScores, SplitTokensAtNoBreakSpacesForNgramsOnly) {
  const std::vector<CaptionItem> items{{{"2\u00A01/2"}, {{"2", "1/2"}}}};
  const CaptionReport report = caption_scores(std::span<const CaptionItem>(items));
  EXPECT_NEAR(report.corpus.bleu[1], 1, kSmoothing);
  EXPECT_EQ(report.corpus.rouge_l, 0);
}

TEST(CaptionScores, TokeniseRawCaptions) {
  const std::vector<RawCaption> items{{"A dog.", {"a dog", "the dog!"}}, {"", {"A cat"}}};
  const CaptionReport report = caption_scores(std::span<const RawCaption>(items));
  EXPECT_NEAR(report.per_item[0].bleu[0], 1, kSmoothing);
  EXPECT_EQ(report.per_item[1].rouge_l, 0);
  EXPECT_EQ(report.corpus.named().back().first, "CIDEr");
}

TEST(CaptionScores, RefuseItemsWithoutReferencesAndNoItems) {
  EXPECT_THROW(caption_scores(std::span<const RawCaption>()), Error);
  EXPECT_THROW(caption_scores(std::span<const RawCaption>(std::vector<RawCaption>{{"a", {}}})), Error);
}

}  // namespace
}  // namespace epalm::metrics
