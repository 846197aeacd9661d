#pragma once

#include <filesystem>
#include <string>

#include "epalm/hub/hub_cache.h"

namespace epalm::hub {

enum class Wanted {
  kModel,      // config.json, the weights (safetensors before torch files, in one file or in shards) and the tokenizer
  kTokenizer,  // the tokenizer's files alone
  kWeights,    // the weights alone, as above
};

// The folder of a model: `name` itself where it is a folder; else, where it is the name of a model of the hub,
// its snapshot in the cache; else that snapshot after its files were loaded. key: of the config, for errors. Throws
// Error saying where it looked and what to do, and Interrupted.
std::filesystem::path model_folder(const std::string& name, Wanted wanted, const std::string& key,
                                   const HubOptions& options);

}  // namespace epalm::hub
