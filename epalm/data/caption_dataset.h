#pragma once

#include <filesystem>
#include <string>

#include "epalm/data/dataset.h"
#include "epalm/data/media_check.h"

namespace epalm::data {

// COCO captions in the Karpathy split: `data_dir/COCO/dataset_coco.json` and
// `data_dir/COCO/images/{train2014|val2014}`. splits: a comma list of train (which includes restval), val and test,
// each also with the prefix `karpathy_`. Training gives one sample per sentence, with the sentence as answer; val and
// test one per image; all sentences are the targets. Throws Error with all problems of the file. Source: SPEC.md §7.4.
SampleList load_coco_captions(const std::filesystem::path& data_dir, const std::string& splits,
                              MediaCheck check = MediaCheck::kExists);

// For training: of samples without an answer, one for each of their captions, with the caption as answer.
SampleList one_per_caption(const SampleList& samples);

}  // namespace epalm::data
