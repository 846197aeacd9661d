#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "epalm/data/media_check.h"
#include "epalm/data/sample.h"

namespace epalm::data {

// Appends the questions of a file of {img_id, sent | question, question_id, label, answer_type?, question_type?,
// is_topk_optimal?}. `locate` gives the image of an img_id, or an empty path for an id it cannot place.
// Throws Error with all problems of the file.
void read_questions(const std::filesystem::path& file, MediaFinder& finder,
                    const std::function<std::filesystem::path(const std::string& img_id)>& locate,
                    std::vector<Sample>& samples);

}  // namespace epalm::data
