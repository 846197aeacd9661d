#include <fmt/format.h>

#include <array>
#include <chrono>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "epalm/base/error.h"
#include "epalm/bench/all_rows.h"
#include "epalm/bench/child_process.h"
#include "epalm/data/vqa_dataset.h"
#include "epalm/metrics/caption_scores.h"

namespace epalm::bench {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// VQAv2's sizes.
constexpr int64_t kTrainAnnotations = 443'757, kValAnnotations = 214'354, kAnswers = 10;
// COCO's validation images.
constexpr int64_t kImages = 40'504, kReferences = 5;

const std::array kWords{"a",     "man",   "woman", "red",  "blue",  "dog",  "cat",     "sitting", "standing", "on",
                        "the",   "table", "white", "with", "of",    "two",  "street",  "riding",  "holding",  "and",
                        "green", "field", "large", "near", "small", "tree", "frisbee", "horse",   "kitchen",  "in"};

std::string words(std::mt19937& random, int64_t count) {
  std::string text;
  for (int64_t i = 0; i < count; ++i) {
    if (i > 0) text += ' ';
    text += kWords[random() % kWords.size()];
  }
  return text;
}

void write_annotations(const fs::path& file, int64_t count, int64_t first_id, std::mt19937& random) {
  std::ofstream out(file);
  out << R"({"info": {}, "annotations": [)";
  for (int64_t i = 0; i < count; ++i) {
    out << (i > 0 ? ", " : "") << R"({"question_type": "what is this", "multiple_choice_answer": "net", "answers": [)";
    for (int64_t k = 1; k <= kAnswers; ++k) {
      out << (k > 1 ? ", " : "")
          << fmt::format(R"({{"answer": "{}", "answer_confidence": "maybe", "answer_id": {}}})", words(random, 1), k);
    }
    out << fmt::format(R"(], "image_id": {}, "answer_type": "other", "question_id": {}}})", i, first_id + i);
  }
  out << "]}";
}

void write_questions(const fs::path& file, int64_t count, int64_t first_id, std::mt19937& random) {
  std::ofstream out(file);
  out << "[";
  for (int64_t i = 0; i < count; ++i) {
    out << (i > 0 ? ", " : "")
        << fmt::format(
               R"({{"img_id": "COCO_val2014_{:012}", "sent": "{}?", "question_id": {}, "label": {{"net": 1.0}}, )"
               R"("answer_type": "other", "question_type": "what is this"}})",
               i / 5, words(random, 7), first_id + i);
  }
  out << "]";
}

Measurement measure_vqa_files(const fs::path& scratch) {
  fs::create_directories(scratch / "vqa");
  std::mt19937 random(1);
  write_questions(scratch / "vqa/val.json", kValAnnotations, kTrainAnnotations, random);
  write_annotations(scratch / "vqa/v2_mscoco_train2014_annotations.json", kTrainAnnotations, 0, random);
  write_annotations(scratch / "vqa/v2_mscoco_val2014_annotations.json", kValAnnotations, kTrainAnnotations, random);
  const auto start = Clock::now();
  const auto questions = data::load_vqa(scratch, "val", data::MediaCheck::kOff);
  const auto annotations = data::load_vqa_annotations_beside(scratch);
  Measurement measured;
  measured.value = seconds_since(start);
  require(questions.size() == kValAnnotations && std::ssize(annotations) == kTrainAnnotations + kValAnnotations,
          "expected {} questions and {} annotations, got {} and {}", kValAnnotations,
          kTrainAnnotations + kValAnnotations, questions.size(), annotations.size());
  measured.note =
      fmt::format("{} questions, {} annotations of {} answers", questions.size(), annotations.size(), kAnswers);
  return measured;
}

Measurement measure_vqa_memory(const fs::path& scratch) {
  const ChildResult child = in_child_process([&] { return measure_vqa_files(scratch).note; });
  Measurement measured;
  measured.value = child.peak_rss_gb;
  measured.note = child.text;
  return measured;
}

Measurement measure_captions(const fs::path&) {
  std::mt19937 random(1);
  std::vector<metrics::RawCaption> items;
  for (int64_t i = 0; i < kImages; ++i) {
    auto& item = items.emplace_back();
    item.candidate = words(random, 9);
    for (int64_t k = 0; k < kReferences; ++k) item.references.push_back(words(random, 8 + random() % 6) + ".");
  }
  const auto start = Clock::now();
  const auto report = metrics::caption_scores(items);
  Measurement measured;
  measured.value = seconds_since(start);
  measured.note = fmt::format("{} images, {} captions each; CIDEr {:.3f}", kImages, kReferences, report.corpus.cider);
  return measured;
}

}  // namespace

std::vector<Row> data_rows() {
  return {{.name = "data.vqa_load",
           .what = "reading questions and annotations of VQAv2's size",
           .unit = "s",
           .target = Target{Target::Kind::kValueAtMost, 10},
           .measure = measure_vqa_files},
          {.name = "data.vqa_memory",
           .what = "the most memory that this takes",
           .unit = "GB",
           .target = Target{Target::Kind::kValueAtMost, 1.5},
           .measure = measure_vqa_memory},
          {.name = "metrics.captions",
           .what = "tokenising and scoring captions for COCO's validation images",
           .unit = "s",
           .target = Target{Target::Kind::kValueAtMost, 20},
           .measure = measure_captions}};
}

}  // namespace epalm::bench
