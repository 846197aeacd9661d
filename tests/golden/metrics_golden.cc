#include <fmt/format.h>

#include <fstream>
#include <map>

#include "epalm/metrics/answer_text.h"
#include "epalm/metrics/bleu.h"
#include "epalm/metrics/caption_scores.h"
#include "epalm/metrics/cider.h"
#include "epalm/metrics/ptb_tokenizer.h"
#include "epalm/metrics/rouge_l.h"
#include "epalm/metrics/vqa_accuracy.h"
#include "tests/golden/golden.h"

namespace epalm::golden {
namespace {

using nlohmann::json;
using namespace epalm::metrics;

// Both sides compute in float64 with the same formulas; sums of some hundred terms in another order differ by about
// 1e-14. The manifests ask for 1e-6.
constexpr double kTolerance = 1e-9;
// Where the golden numbers are rounded to two decimals, they must be the very same numbers.
constexpr double kSame = 1e-12;

json read_json(const Case& c, const std::string& name) {
  return json::parse(std::ifstream(c.file(name)));
}

AnswerScores label_of(const json& label) {
  AnswerScores scores;
  for (const auto& [answer, score] : label.items()) scores.emplace_back(answer, score.get<double>());
  return scores;
}

void expect_percents(const json& expected, const std::map<std::string, double>& got, const std::string& what) {
  EXPECT_EQ(expected.size(), got.size()) << what;
  for (const auto& [name, percent] : expected.items()) {
    ASSERT_TRUE(got.contains(name)) << what << " lacks " << name;
    EXPECT_NEAR(got.at(name), percent.get<double>(), kSame) << what << ", " << name;
  }
}

void expect_accuracy(const json& expected, const VqaAccuracy& got, const std::string& what) {
  EXPECT_NEAR(got.overall, expected["overall"].get<double>(), kSame) << what;
  expect_percents(expected["perQuestionType"], got.per_question_type, what);
  expect_percents(expected["perAnswerType"], got.per_answer_type, what);
}

void check_vqa(const Case& c, const json& expected) {
  const json questions = read_json(c, "vqa_questions.json");
  std::map<int64_t, json> annotations;
  const json annotation_file = read_json(c, "vqa_annotations.json");
  for (const json& a : annotation_file["annotations"]) annotations[a["question_id"].get<int64_t>()] = a;
  std::vector<VqaItem> items;
  std::vector<std::string> ids;
  double soft = 0;
  for (const json& question : questions) {
    const auto id = question["question_id"].get<int64_t>();
    const std::string key = std::to_string(id);
    if (!expected["predictions"].contains(key)) continue;
    VqaItem& item = items.emplace_back();
    ids.push_back(key);
    item.prediction = expected["predictions"][key];
    for (const json& answer : annotations.at(id)["answers"]) item.answers.push_back(answer["answer"]);
    item.question_type = annotations.at(id)["question_type"];
    item.answer_type = annotations.at(id)["answer_type"];
    if (question.contains("is_topk_optimal")) item.is_topk_optimal = question["is_topk_optimal"].get<bool>();
    soft += soft_score(label_of(question["label"]), item.prediction);
  }
  EXPECT_NEAR(soft / static_cast<double>(items.size()), expected["evaluate_soft"].get<double>(), kTolerance);
  const VqaAccuracy all = vqa_accuracy(items);
  expect_accuracy(expected["evaluate_raw"], all, "all questions");
  ASSERT_EQ(all.per_question.size(), expected["perQuestion"].size());
  for (size_t i = 0; i < ids.size(); ++i) {
    EXPECT_NEAR(all.per_question[i], expected["perQuestion"][ids[i]].get<double>(), kSame) << "question " << ids[i];
  }
  expect_accuracy(expected["raw_topk_optimal"], vqa_accuracy(items, TopkFilter::kOptimal), "optimal");
  expect_accuracy(expected["raw_topk_not_optimal"], vqa_accuracy(items, TopkFilter::kNotOptimal), "not optimal");
}

void check_gqa(const Case& c, const json& expected) {
  double normalized = 0, raw = 0;
  size_t count = 0;
  for (const json& question : read_json(c, "gqa_questions.json")) {
    const std::string id = std::to_string(std::stoll(question["question_id"].get<std::string>()));
    if (!expected["predictions"].contains(id)) continue;
    const std::string prediction = expected["predictions"][id];
    normalized += normalized_score(label_of(question["label"]), prediction);
    raw += soft_score(label_of(question["label"]), prediction);
    ++count;
  }
  ASSERT_EQ(count, expected["predictions"].size());
  EXPECT_NEAR(normalized / static_cast<double>(count), expected["accuracy_normalized"].get<double>(), kTolerance);
  EXPECT_NEAR(raw / static_cast<double>(count), expected["accuracy_raw"].get<double>(), kTolerance);
}

void check_captions(const json& expected) {
  std::vector<CaptionItem> items;
  for (size_t i = 0; expected["hypotheses"].contains(std::to_string(i)); ++i) {
    const std::string key = std::to_string(i);
    CaptionItem& item = items.emplace_back();
    item.candidate = split_words(expected["hypotheses"][key][0].get<std::string>());
    for (const json& reference : expected["references"][key])
      item.references.push_back(split_words(reference.get<std::string>()));
  }
  ASSERT_EQ(items.size(), expected["hypotheses"].size());
  const BleuScores bleu_scores = bleu(items);
  for (int n = 0; n < kMaxOrder; ++n) {
    EXPECT_NEAR(bleu_scores.corpus[n], expected["Bleu"][n].get<double>(), kTolerance) << "BLEU-" << n + 1;
    for (size_t i = 0; i < items.size(); ++i) {
      EXPECT_NEAR(bleu_scores.per_item[i][n], expected["Bleu_per_image"][n][i].get<double>(), kTolerance) << i;
    }
  }
  const ItemScores cider_scores = cider(items), rouge_scores = rouge_l(items);
  EXPECT_NEAR(cider_scores.corpus, expected["CIDEr"].get<double>(), kTolerance);
  EXPECT_NEAR(rouge_scores.corpus, expected["ROUGE_L"].get<double>(), kTolerance);
  for (size_t i = 0; i < items.size(); ++i) {
    EXPECT_NEAR(cider_scores.per_item[i], expected["CIDEr_per_image"][i].get<double>(), kTolerance) << i;
    EXPECT_NEAR(rouge_scores.per_item[i], expected["ROUGE_L_per_image"][i].get<double>(), kTolerance) << i;
  }
}

void check_metrics(const Case& c) {
  const json expected = read_json(c, "metrics.json");
  for (const json& row : expected["normalize"]) {
    const std::string in = row["in"];
    EXPECT_EQ(process_punctuation(in), row["processPunctuation"].get<std::string>()) << in;
    EXPECT_EQ(process_digit_article(in), row["processDigitArticle"].get<std::string>()) << in;
    EXPECT_EQ(normalize_answer(in), row["normalize_answer"].get<std::string>()) << in;
  }
  check_vqa(c, expected["vqa"]);
  check_gqa(c, expected["gqa"]);
  check_captions(expected["caption"]);
}

std::string joined(const Tokens& tokens) {
  return fmt::format("{}", fmt::join(tokens, " "));
}

void check_tokenizer(const Case& c) {
  std::vector<std::string> texts, tokens, kept;
  std::ifstream file(c.file("ptb.jsonl"));
  for (std::string line; std::getline(file, line);) {
    const json row = json::parse(line);
    texts.push_back(row["text"]);
    tokens.push_back(row["tokens"]);
    kept.push_back(row["kept"]);
  }
  ASSERT_FALSE(texts.empty());
  PtbTokenizer tokenizer;
  const auto all = tokenizer.tokenize(texts);
  const auto without_punctuation = caption_tokens(tokenizer, texts);
  size_t different = 0;
  for (size_t i = 0; i < texts.size(); ++i) {
    if (joined(all[i]) == tokens[i] && joined(without_punctuation[i]) == kept[i]) continue;
    if (++different <= 20) {
      std::printf("line %zu: %s\n  expected %s\n  got      %s\n", i + 1, texts[i].c_str(), tokens[i].c_str(),
                  joined(all[i]).c_str());
    }
  }
  const double share = 1 - static_cast<double>(different) / static_cast<double>(texts.size());
  std::printf("%.3f %% of %zu lines tokenised identically\n", 100 * share, texts.size());
  EXPECT_GE(share, c.manifest["tolerance"]["ptb_identical_share"].get<double>());
}

// The evaluators' own split of their token strings: at each space, so that the empty caption is one empty token.
CaptionItem tokenised_item(const json& data, const std::string& id) {
  const auto split = [](const json& text) { return split_words(text.get<std::string>()); };
  CaptionItem item;
  item.candidate = split(data["candidates_tokenised"][id][0]);
  for (const json& reference : data["references_tokenised"][id]) item.references.push_back(split(reference));
  return item;
}

void expect_scores(const json& expected, const CaptionScores& got, double tolerance, const std::string& what) {
  for (const auto& [name, score] : got.named())
    EXPECT_NEAR(score, expected[name].get<double>(), tolerance) << what << name;
}

void check_caption_metrics(const Case& c) {
  check_tokenizer(c);
  for (const auto& [name, about] : c.manifest["files"].items()) {
    if (!name.starts_with("captions_")) continue;
    const json data = read_json(c, name);
    std::vector<CaptionItem> tokenised;
    std::vector<RawCaption> raw;
    for (const json& id : data["ids"]) {
      tokenised.push_back(tokenised_item(data, id));
      raw.push_back({data["candidates"][id.get<std::string>()], data["references"][id.get<std::string>()]});
    }
    const CaptionReport from_tokens = caption_scores(std::span<const CaptionItem>(tokenised));
    expect_scores(data["scores"]["corpus"], from_tokens.corpus, kTolerance, name + ": ");
    for (size_t i = 0; i < tokenised.size(); ++i) {
      const std::string id = data["ids"][i];
      expect_scores(data["scores"]["per_item"][id], from_tokens.per_item[i], kTolerance, name + ", " + id + ": ");
    }
    // The tokens are the same as the evaluators' on every public line, so end to end nothing is added to the tolerance.
    expect_scores(data["scores"]["corpus"], caption_scores(std::span<const RawCaption>(raw)).corpus, kTolerance,
                  name + ", from raw captions: ");
  }
}

const bool registered_metrics = register_check("metrics", check_metrics);
const bool registered_captions = register_check("caption_metrics", check_caption_metrics);

}  // namespace
}  // namespace epalm::golden
