#pragma once

#include "epalm/lm/opt.h"
#include "epalm/text/tokenizer.h"
#include "epalm/train/pretrain.h"

namespace epalm::train {

// Random weights to train an OPT from. Positions start as sines and cosines of many wave lengths, so that "the token
// before" is one and the same linear map everywhere; with random positions each place has to learn it anew. Embeddings
// start with config.init_std, which should be about 1/sqrt(D).
nn::Weights fresh_lm_weights(const lm::OptConfig& config, uint64_t seed);

// Trains every weight of `lm` on text alone: descriptions of pictures, clips and recordings with questions and answers
// after them, captions and plain sentences. It never meets a medium. Answer tokens weigh more than the others.
void pretrain_lm(const lm::Opt& lm, const text::Tokenizer& tokenizer, const PretrainOptions& options,
                 const OnPretrainProgress& progress);

}  // namespace epalm::train
