#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "epalm/infer/bundle.h"

namespace epalm::train {

// What the adapter scores on a split.
struct SplitScores {
  std::string split;                      // as train_split names it
  std::map<std::string, double> metrics;  // percent, as eval::evaluate gives them
};

// What a model card says besides what the bundle knows.
struct AdapterCard {
  std::vector<SplitScores> scores = {};
  std::filesystem::path run_record = {};  // run.json of the run that trained it (see run_record.h); empty: none
  std::filesystem::path source = {};      // the checkpoint that it was taken from, where no run is known
};

// README.md of an adapter as the Hugging Face hub shows it: what it is and how it is used, the frozen models with their
// fingerprints, scores, and how it was trained. The licence is left to whoever publishes it.
std::string model_card(const infer::Bundle& bundle, const AdapterCard& card);

// An adapter to keep or give away: folder/adapter.safetensors, config.json with every key, and README.md. Each file is
// replaced whole or not at all. Throws Error. infer::load_bundle takes the folder as a checkpoint.
void write_adapter_folder(const std::filesystem::path& folder, const infer::Bundle& bundle, const AdapterCard& card);

}  // namespace epalm::train
