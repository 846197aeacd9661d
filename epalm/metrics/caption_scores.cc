#include "epalm/metrics/caption_scores.h"

#include "epalm/base/error.h"
#include "epalm/metrics/answer_text.h"
#include "epalm/metrics/cider.h"
#include "epalm/metrics/ptb_tokenizer.h"
#include "epalm/metrics/rouge_l.h"

namespace epalm::metrics {
namespace {

// The evaluators split captions at any white space for n-grams, and so cut tokens at their no-break spaces.
Tokens ngram_words(const Tokens& tokens) {
  Tokens words;
  for (const std::string& token : tokens) {
    bool is_ascii = true;
    for (const char c : token) is_ascii = is_ascii && static_cast<unsigned char>(c) < 128;
    if (is_ascii) {
      words.push_back(token);
    } else {
      for (std::string& word : split_words(token)) words.push_back(std::move(word));
    }
  }
  return words;
}

std::vector<CaptionItem> for_ngrams(std::span<const CaptionItem> items) {
  std::vector<CaptionItem> out;
  out.reserve(items.size());
  for (const CaptionItem& item : items) {
    CaptionItem& copy = out.emplace_back();
    copy.candidate = ngram_words(item.candidate);
    for (const Tokens& reference : item.references) copy.references.push_back(ngram_words(reference));
  }
  return out;
}

}  // namespace

std::vector<std::pair<std::string, double>> CaptionScores::named() const {
  return {{"BLEU_1", bleu[0]}, {"BLEU_2", bleu[1]},  {"BLEU_3", bleu[2]},
          {"BLEU_4", bleu[3]}, {"ROUGE_L", rouge_l}, {"CIDEr", cider}};
}

CaptionReport caption_scores(std::span<const CaptionItem> items) {
  require(!items.empty(), "caption metrics: no caption to score");
  const auto ngram_items = for_ngrams(items);
  const BleuScores bleu_scores = bleu(ngram_items);
  const ItemScores rouge_scores = rouge_l(items);
  const ItemScores cider_scores = cider(ngram_items);
  CaptionReport report;
  report.bleu_statistics = bleu_scores.statistics;
  report.corpus = {bleu_scores.corpus, rouge_scores.corpus, cider_scores.corpus};
  for (size_t i = 0; i < items.size(); ++i) {
    report.per_item.push_back({bleu_scores.per_item[i], rouge_scores.per_item[i], cider_scores.per_item[i]});
  }
  return report;
}

std::vector<CaptionItem> tokenised(std::span<const RawCaption> items) {
  std::vector<std::string> candidates, references;
  for (const RawCaption& item : items) {
    candidates.push_back(item.candidate);
    references.insert(references.end(), item.references.begin(), item.references.end());
  }
  PtbTokenizer tokenizer;
  auto candidate_tokens = caption_tokens(tokenizer, candidates);
  auto reference_tokens = caption_tokens(tokenizer, references);
  std::vector<CaptionItem> all;
  size_t next = 0;
  for (size_t i = 0; i < items.size(); ++i) {
    CaptionItem& item = all.emplace_back();
    item.candidate = std::move(candidate_tokens[i]);
    for (size_t r = 0; r < items[i].references.size(); ++r)
      item.references.push_back(std::move(reference_tokens[next++]));
  }
  return all;
}

CaptionReport caption_scores(std::span<const RawCaption> items) {
  return caption_scores(std::span<const CaptionItem>(tokenised(items)));
}

}  // namespace epalm::metrics
