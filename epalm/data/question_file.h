#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "epalm/data/media_check.h"
#include "epalm/data/sample.h"

namespace epalm::data {

// Appends the questions of a file of {MEDIUM, sent | question, question_id, label, answer_type?, question_type?,
// is_topk_optimal?}. medium_field: the field that names the medium, as `img_id`. `locate` gives the file of such a
// name, or an empty path for one it cannot place. Throws Error with all problems of the file.
void read_questions(const std::filesystem::path& file, const char* medium_field, MediaFinder& finder,
                    const std::function<std::filesystem::path(const std::string& name)>& locate,
                    std::vector<Sample>& samples);

}  // namespace epalm::data
