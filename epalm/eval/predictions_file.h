#pragma once

#include <filesystem>

#include "epalm/eval/evaluate.h"

namespace epalm::eval {

// The predictions as the official servers take them: [{"question_id", "answer"}] for questions, [{"image_id",
// "caption"}] for captions (image_id: the number at the end of a COCO file name, else the name; in own data the line's
// id). Atomic.
void write_predictions(const std::filesystem::path& path, const EvalResult& result, infer::Task task);

}  // namespace epalm::eval
