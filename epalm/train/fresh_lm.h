#pragma once

#include "epalm/lm/opt.h"
#include "epalm/nn/weights.h"

namespace epalm::train {

// Weights to train a small OPT from (four heads, three layers or more, no projections). Attention that looks a word up
// in its context is what such a model finds last: from random weights it needs millions of answers. So its parts are
// there from the start, for training to join:
//   - a quarter of every state holds the position as sine waves, the rest the token, random;
//   - the heads of the first layer look one to four tokens back and note what they see beside the token;
//   - in the second, two heads attend to tokens equal to their own, itself most, and fetch what stands one and two
//     before, two find the same token earlier on and fetch what stands three and four behind it;
//   - three heads of the third fetch everything from two tokens back, where a question's last word stands when it is
//     to be answered;
//   - all other outputs are small or zero, so that nothing drowns what these write.
// Throws Error for another shape.
nn::Weights fresh_lm_weights(const lm::OptConfig& config, uint64_t seed);

// The weights of `model` taken over into a `larger` one, whose further layers stand behind its own, whose further heads
// are as wide, and whose further numbers of states and feed-forward parts are random and write next to nothing yet.
// Throws Error where anything else differs.
nn::Weights larger_lm_weights(const lm::OptConfig& larger, const lm::Opt& model, uint64_t seed);

}  // namespace epalm::train
