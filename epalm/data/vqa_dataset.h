#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <unordered_map>
#include <vector>

#include "epalm/data/dataset.h"
#include "epalm/data/media_check.h"

namespace epalm::data {

// VQAv2 in the published layout: questions from `data_dir/vqa/{split}.json` for each split of a comma list, images from
// `data_dir/COCO/images/{train2014|val2014|test2014}/{img_id}.jpg`. Throws Error with all problems of a file.
// Source: SPEC.md §7.4.
SampleList load_vqa(const std::filesystem::path& data_dir, const std::string& splits,
                    MediaCheck check = MediaCheck::kExists);

// What the human annotators said about one question.
struct VqaAnnotation {
  std::vector<std::string> answers;  // ten in VQAv2
  std::string question_type;
  std::string answer_type;
};

using VqaAnnotations = std::unordered_map<int64_t, VqaAnnotation>;  // by question_id

// One file in the format of v2_mscoco_*_annotations.json. Throws Error with all its problems.
VqaAnnotations load_vqa_annotations(const std::filesystem::path& file);

// Both files that lie beside the questions: `v2_mscoco_{train,val}2014_annotations.json`.
VqaAnnotations load_vqa_annotations_beside(const std::filesystem::path& data_dir);

// The answer vocabulary (`trainval_label2ans.json`), by label.
std::vector<std::string> load_answer_vocabulary(const std::filesystem::path& file);

// Parts of a comma list, without the spaces around them. Throws Error for an empty one.
std::vector<std::string> comma_parts(const std::string& comma_list);

// The same for splits of published data. Throws Error also for a name that leads out of the data folder.
std::vector<std::string> split_names(const std::string& comma_list);

}  // namespace epalm::data
