#pragma once

#include <memory>

#include "epalm/encoders/encoder.h"
#include "epalm/infer/run_config.h"
#include "epalm/lm/opt.h"
#include "epalm/text/tokenizer.h"

namespace epalm::infer {

// The language model in the folder config.text_model: config.json and weights in any form that io reads.
lm::Opt load_language_model(const RunConfig& config);

// The encoder in config.encoder_weights: a weight file, or a folder with model.safetensors and a config.json that gives
// its heads. Its image size must be config.image_res (the position table is resized where the file has another).
std::shared_ptr<const encoders::Encoder> load_encoder(const RunConfig& config);

// The tokenizer in config.tokenizer_name, else beside the language model, with the config's special tokens added.
text::Tokenizer load_tokenizer(const RunConfig& config);

}  // namespace epalm::infer
