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

}  // namespace epalm::train
