#pragma once

#include <ATen/ATen.h>

#include "epalm/decode/generation.h"

namespace epalm::decode {

// Beam search, or beam-sample if options.do_sample: keeps options.num_beams open sequences per sample and returns the
// best finished one. With num_beams 1 and no sampling it finds what greedy search finds.
Generated beam_search(const Step& step, const at::Tensor& ids, const at::Tensor& mask, const GenerationOptions& options,
                      const OnToken& on_token);

}  // namespace epalm::decode
