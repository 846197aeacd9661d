#pragma once

#include <filesystem>
#include <vector>

#include "epalm/reproduce/row.h"

namespace epalm::reproduce {

// Models of other sizes than the embedded ones.
struct OtherModels {
  std::vector<std::filesystem::path> language_models;  // folders of OPT models
  std::vector<std::filesystem::path> encoders;  // weight files or folders; each for the tasks whose media it takes
};

// What the paper varies, each group changing one thing of the final variant: layers, states, step, connector, prompt
// length, prompt MLP, data, LM size, encoder size, semantics.
std::vector<Row> ablation_rows(const OtherModels& others = {});

}  // namespace epalm::reproduce
