#pragma once

#include <memory>

#include "epalm/encoders/load_encoder.h"
#include "epalm/infer/run_config.h"
#include "epalm/lm/opt.h"
#include "epalm/text/tokenizer.h"

namespace epalm::infer {

// The language model in the folder config.text_model, or of that name in the cache of the hub or the hub itself (see
// hub/model_folder.h): config.json and weights in any form that io reads, in the precision of precision.h. Throws Error
// where memory is too small for it.
lm::Opt load_language_model(const RunConfig& config);

// What the config says of its encoder.
encoders::EncoderRequest encoder_request(const RunConfig& config);

// The encoder in config.encoder_weights: a weight file, a folder with model.safetensors and a config.json (see
// encoders/load_encoder.h), or the name of weights on the hub; where the config has none, the published weights of a
// ViT of that name on the hub, in the precision of precision.h. Its position tables are resized to what the config asks
// for. Throws Error for one that does not take what the task shows, and where memory is too small for it.
std::shared_ptr<const encoders::Encoder> load_encoder(const RunConfig& config);

// The tokenizer in config.tokenizer_name, else beside the language model, with the config's special tokens added.
text::Tokenizer load_tokenizer(const RunConfig& config);

}  // namespace epalm::infer
