#pragma once

#include <string>

#include "epalm/data/dataset.h"
#include "epalm/data/media_check.h"
#include "epalm/infer/run_config.h"

namespace epalm::eval {

// kTrain: captions give one sample for each, as what is to be learnt.
enum class SampleUse { kTrain, kScore };

// The samples of the splits in config.data_dir, in the layout of config.task, or of one's own .jsonl files
// (data/own_dataset.h). Throws Error where the set is empty.
data::SampleList load_samples(const infer::RunConfig& config, const std::string& splits,
                              SampleUse use = SampleUse::kScore, data::MediaCheck check = data::MediaCheck::kExists);

// What a run trains on: train_split, or as much of it as train_topk says; and what it validates on, by valid_topk.
data::SampleList training_samples(const infer::RunConfig& config);
data::SampleList validation_samples(const infer::RunConfig& config);

}  // namespace epalm::eval
