#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "epalm/metrics/vqa_accuracy.h"

namespace epalm::data {

// One example of any task; what a task does not have stays empty.
struct Sample {
  std::filesystem::path media;
  std::string media_id;  // its name without folder of the data set and extension: `COCO_val2014_000000100314`, `video0`

  // Questions
  std::string question;
  std::string question_id;  // as written: GQA's have leading zeros; own data: of captions too
  std::string question_type;
  std::string answer_type;
  std::vector<std::string> answers;     // as people gave them, where they stand beside the question (own data)
  metrics::AnswerScores label;          // accepted answers in file order
  std::optional<bool> is_topk_optimal;  // see metrics::VqaItem

  // What to train on: the drawn answer (AnswerDraw) or the caption.
  std::string answer;

  // Captions: everything people said about it.
  std::vector<std::string> targets;
};

}  // namespace epalm::data
