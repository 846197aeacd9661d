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

// The layer before which the facts of a scene are injected first.
inline constexpr int64_t kFactsLayer = 1;

// Goes on with a model that reads. In nine lines of ten it answers and captions from facts instead of a description:
// the sum of a learned vector for each (world::LabelHead::facts) is injected before layer kFactsLayer and all later
// ones, as an adapter will inject what an encoder saw. The facts come from scenes of all splits, never from media;
// their vectors are thrown away. Sums are blurred, since no eye is sure. The other lines are those of pretrain_lm.
// Throws Error for a model of too few layers.
void pretrain_lm_on_facts(const lm::Opt& lm, const text::Tokenizer& tokenizer, const PretrainOptions& options,
                          const OnPretrainProgress& progress);

}  // namespace epalm::train
