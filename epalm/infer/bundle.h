#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "epalm/data/texts.h"
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
};

// The frozen parts that the config names, and an adapter at its random start (config.seed). Trainable parameters are
// marked. Throws Error for files that are missing or do not fit each other.
Bundle load_bundle(const RunConfig& config);

// From a checkpoint alone: its config names the frozen parts. overrides: key=value as on the command line; relative
// model paths that do not exist are also looked for beside the checkpoint.
Bundle load_bundle(const std::filesystem::path& checkpoint, const std::vector<std::string>& overrides);

// Copies the adapter of a published `.pth` checkpoint or of a safetensors adapter into the bundle, in place. Every
// adapter tensor must be there and nothing else; what a run of ours trained besides the adapter is restored too.
void load_adapter(const Bundle& bundle, const std::filesystem::path& checkpoint);

// The config inside a checkpoint: the dict of a .pth, or the metadata of a safetensors adapter.
RunConfig config_of_checkpoint(const std::filesystem::path& checkpoint, const std::vector<std::string>& overrides = {});

// How texts are made under the semantics and tokens of the config.
data::TextRules text_rules(const RunConfig& config);

}  // namespace epalm::infer
