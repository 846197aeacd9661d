#pragma once

#include <filesystem>
#include <string>

#include "epalm/data/dataset.h"
#include "epalm/data/media_check.h"

// One's own data: files with one JSON object on each line, in a split's place.
//   {"media": "cat.jpg", "question": "what is it", "answers": ["cat", "kitten"]}
//   {"media": "cat.jpg", "captions": ["a cat asleep"]}
// `media` is a path, relative to the folder of the file. `id` may name a line (else it is FILE:LINE) and `answer_type`
// its kind of question.
namespace epalm::data {

enum class OwnKind { kQuestions, kCaptions };

// Whether a comma list names such files: names that end in .jsonl. Throws Error for a list of both kinds.
bool is_own_data(const std::string& splits);

// One sample for each line; Sample::question_id is the line's id, also of captions. An answer that k of n people gave
// scores min(1, (10 / 3) k / n): VQAv2's rule, where three of ten people make an answer right. splits: paths relative
// to data_dir. Throws Error with all problems of a file.
SampleList load_own_data(const std::filesystem::path& data_dir, OwnKind kind, const std::string& splits,
                         MediaCheck check = MediaCheck::kExists);

// The scores of such answers, in the order in which they first occur.
metrics::AnswerScores answer_shares(const std::vector<std::string>& answers);

}  // namespace epalm::data
