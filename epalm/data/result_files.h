#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "epalm/metrics/vqa_accuracy.h"

// Predictions and what they are compared with, as files. Ids are texts; those of digits alone lose leading zeros, since
// some programs write them as numbers.
namespace epalm::data {

struct ResultFile {
  bool captions = false;                                   // otherwise answers
  std::vector<std::pair<std::string, std::string>> texts;  // id -> prediction, in file order
};

// [{"question_id", "answer"}, …] or [{"image_id", "caption"}, …]: what `epalm eval` and the programs of VQA and COCO
// write. Throws Error with all problems of the file.
ResultFile load_results(const std::filesystem::path& file);

struct Reference {
  std::string id;
  std::vector<std::string> answers;   // kAnswers: of the annotators
  metrics::AnswerScores label;        // kLabels
  std::vector<std::string> captions;  // kCaptions
  std::string question_type, answer_type;
};

struct ReferenceFile {
  enum class Kind {
    kAnswers,   // {"annotations": [{"question_id", "answers": [{"answer"}], …}]} of VQA
    kLabels,    // question files of GQA, MSRVTT, MSVD and others with `label`; own questions (.jsonl)
    kCaptions,  // {"annotations": [{"image_id", "caption"}]} of COCO; dataset_coco.json; caption files of clips; own
                // ones
  };
  Kind kind = Kind::kAnswers;
  std::vector<Reference> references;  // each id once
};

// Knows the formats above by what they hold. split: of dataset_coco.json, where it is train, val or test. Throws Error
// with all problems of the file.
ReferenceFile load_references(const std::filesystem::path& file, const std::string& split);

}  // namespace epalm::data
