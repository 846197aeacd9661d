#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "epalm/data/texts.h"
#include "epalm/infer/frozen_prints.h"
#include "epalm/infer/run_config.h"
#include "epalm/model/epalm_model.h"
#include "epalm/text/tokenizer.h"

namespace epalm::infer {

// Everything that turns a medium and a question into an answer: the config, the tokenizer, the frozen parts and the
// adapter.
struct Bundle {
  RunConfig config;
  text::Tokenizer tokenizer;
  model::EPalm model;
  data::TextRules rules;
  FrozenPrints prints;  // of the frozen parts as their files have them
};

// The frozen parts that the config names, and an adapter at its random start (config.seed). Trainable parameters are
// marked. Throws Error for files that are missing or do not fit each other.
Bundle load_bundle(const RunConfig& config);

// From a checkpoint alone, a file or an adapter's folder: its config names the frozen parts. overrides: key=value as on
// the command line; relative model paths that do not exist are also looked for beside the checkpoint.
Bundle load_bundle(const std::filesystem::path& checkpoint, const std::vector<std::string>& overrides);

// Copies the adapter of a published `.pth` checkpoint, of a safetensors adapter or of an adapter's folder into the
// bundle, in place. Every adapter tensor must be there and nothing else; what a run of ours trained besides the adapter
// is restored too. Throws OtherModels where the file names other frozen parts than these; published files name none.
void load_adapter(const Bundle& bundle, const std::filesystem::path& checkpoint);

// The weights of a checkpoint: itself where it is a file, adapter.safetensors in it where it is a folder. Throws Error
// for a folder without that.
std::filesystem::path checkpoint_file(const std::filesystem::path& checkpoint);

// The fingerprints in a checkpoint as to_json(FrozenPrints) gives them; null where it holds none.
nlohmann::json prints_of_checkpoint(const std::filesystem::path& checkpoint);

// The config inside a checkpoint: the dict of a .pth, the metadata of a safetensors adapter, or config.json of an
// adapter's folder. packed_cache is empty unless overrides give it.
RunConfig config_of_checkpoint(const std::filesystem::path& checkpoint, const std::vector<std::string>& overrides = {});

// How texts are made under the semantics and tokens of the config.
data::TextRules text_rules(const RunConfig& config);

}  // namespace epalm::infer
