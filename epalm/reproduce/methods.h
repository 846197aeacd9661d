#pragma once

#include <vector>

#include "epalm/reproduce/row.h"

namespace epalm::reproduce {

// The four variants of eP-ALM (arXiv:2303.11403) and what they are compared with: the same forward pass under other
// keys. Variants keep the layers of the base; baselines put what they inject before layer 0 alone.
std::vector<Row> method_rows();

// The variant that the demo trains, whose keys the settings of ablations change one by one.
std::vector<std::string> final_variant_keys();
inline constexpr const char* kFinalVariant = "epalm_pt_l";

// n of the variants with several connectors: the later half of the encoder's blocks, as published with a ViT-B, but no
// more than there are layers to put them before.
int64_t several_states(const Setting& setting);

}  // namespace epalm::reproduce
