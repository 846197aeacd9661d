#pragma once

#include "epalm/lm/opt.h"
#include "epalm/text/tokenizer.h"
#include "epalm/train/pretrain.h"

namespace epalm::train {

// Trains every weight of `lm` on text alone. It never meets a medium.
//   First sixth of the steps: lists of random words, and for each of several words the others of its list to be named.
//   Then: descriptions of pictures, clips and recordings with questions and answers, captions, plain sentences and, one
//   line in ten, such lists. The questions of a line do not see each other (OptInput::branches): each is read as it
//   will be asked, right behind the description. Answer tokens weigh more than the others.
void pretrain_lm(const lm::Opt& lm, const text::Tokenizer& tokenizer, const PretrainOptions& options,
                 const OnPretrainProgress& progress);

// The layer before which a condensed text stands in the states of its last token.
inline constexpr int64_t kCondensedLayer = 3;

// Goes on with a model that reads, still on text alone. The questions of three lines in five see of the description
// only its last token, whose state before layer kCondensedLayer is injected before that layer and all later ones, as an
// adapter will inject what an encoder saw: so the model learns to hold a scene in one state and to read from it what
// is asked. The other lines are those of pretrain_lm. Texts condensed into tokens: Mu et al., arXiv:2304.08467.
// Throws Error for a model of too few layers.
void pretrain_lm_condensed(const lm::Opt& lm, const text::Tokenizer& tokenizer, const PretrainOptions& options,
                           const OnPretrainProgress& progress);

}  // namespace epalm::train
