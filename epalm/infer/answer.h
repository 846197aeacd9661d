#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "epalm/decode/generation.h"
#include "epalm/infer/bundle.h"
#include "epalm/media/image.h"

namespace epalm::infer {

// What the model says about one picture: the answer to `question`, or a caption where it is empty.
// on_piece gets the text as it grows (not with beams) and may return false to stop.
std::string answer(const Bundle& bundle, const media::Image& image, const std::string& question,
                   const std::function<bool(std::string_view piece)>& on_piece = {});

// The same for a batch. features [B,n,Dv], questions B texts ("" where a caption is wanted).
std::vector<std::string> answers(const Bundle& bundle, const at::Tensor& features,
                                 const std::vector<std::string>& questions);

// Token ids of the same, prompts included, as decode::generate returns them.
decode::Generated generate_ids(const Bundle& bundle, const at::Tensor& features,
                               const std::vector<std::string>& questions, const decode::OnToken& on_token = {});

// The answer in generated ids; " " where an id lies outside the tokenizer, as published (SPEC.md §5).
std::string extract(const Bundle& bundle, std::vector<int64_t> ids);

// Pixels [1,3,S,S] as the encoder wants them.
at::Tensor pixels_of(const Bundle& bundle, const media::Image& image);

}  // namespace epalm::infer
