#pragma once

#include <filesystem>

#include "epalm/encoders/load_encoder.h"
#include "epalm/nn/weights.h"

namespace epalm::train {

// Weights to train a small encoder from: attention and MLPs write little at first, so that the states stay those of the
// patches.
nn::Weights fresh_encoder_weights(const encoders::EncoderConfig& config, uint64_t seed);

// The fresh weights of an encoder of clips (divided attention) made into a start: as the published ones, it looks at
// each frame as the encoder of pictures in the folder `vit` does. Besides, each frame has a direction of its own in the
// states, large enough to be seen beside what the patches hold, and four heads of each block look one and two frames
// back and ahead by them; times as faint as positions usually start stay unseen for hundreds of steps.
// Throws Error where there is no such encoder, or its shape, the frames or the heads do not fit.
void start_from_vit(const encoders::TimesformerConfig& config, const nn::Weights& weights,
                    const std::filesystem::path& vit, uint64_t seed);

}  // namespace epalm::train
