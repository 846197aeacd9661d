#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "epalm/decode/generation.h"

namespace epalm::decode {

// The likeliest token of every row at each step, or a drawn one if options.do_sample. One sequence per sample.
Generated sample_search(const Step& step, const at::Tensor& ids, const at::Tensor& mask,
                        const GenerationOptions& options, const OnToken& on_token);

// Temperature, then top-k, then top-p on scores [N,V]: what may not be drawn becomes -inf. At least min_tokens stay.
at::Tensor warp_scores(at::Tensor scores, const GenerationOptions& options, int64_t min_tokens);

// Logits [N,V] of the next tokens as float32; throws Error unless every row has a finite maximum.
at::Tensor next_logits(const Step& step, const at::Tensor& ids, const at::Tensor& mask,
                       const std::vector<int64_t>& source_row);

// The generator of a search: a CPU one, so that a seed means the same on every device.
at::Generator seeded_generator(uint64_t seed);

// Length at which a search stops: at least one token is generated.
int64_t final_length(int64_t input_length, int64_t max_length);

}  // namespace epalm::decode
