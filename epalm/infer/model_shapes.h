#pragma once

#include <cstdint>
#include <string>

#include "epalm/encoders/load_encoder.h"
#include "epalm/infer/run_config.h"
#include "epalm/lm/opt_config.h"
#include "epalm/model/trainable.h"

namespace epalm::infer {

// The shapes of the models that a configuration names: read off their files where those are here, else known by name
// ("facebook/opt-6.7b", "vit_base_patch16_224").
struct ModelShapes {
  lm::OptConfig lm;
  encoders::EncoderConfig encoder;
  bool lm_from_files = false;
  bool encoder_from_files = false;
};
ModelShapes model_shapes(const RunConfig& config);

struct PartCounts {
  int64_t lm = 0, encoder = 0, connectors = 0, prompt = 0, adapters = 0;
  model::ParameterCounts all;
};
// Without a weight in memory.
PartCounts count_parts(const RunConfig& config, const ModelShapes& shapes);

}  // namespace epalm::infer
