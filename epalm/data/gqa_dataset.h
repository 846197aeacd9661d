#pragma once

#include <filesystem>
#include <string>

#include "epalm/data/dataset.h"
#include "epalm/data/media_check.h"

namespace epalm::data {

// GQA in the published layout: questions from `data_dir/GQA/{split}.json` for each split of a comma list; images of
// testdev and submit from `data_dir/GQA/images`, of the others from `data_dir/VG/VG_100K`. Throws Error with all
// problems of a file. Source: SPEC.md §7.4.
SampleList load_gqa(const std::filesystem::path& data_dir, const std::string& splits,
                    MediaCheck check = MediaCheck::kExists);

}  // namespace epalm::data
