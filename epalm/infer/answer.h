#pragma once

#include <ATen/ATen.h>

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "epalm/decode/generation.h"
#include "epalm/infer/bundle.h"

namespace epalm::infer {

// Gets the text as it grows (not with beams); false stops.
using OnPiece = std::function<bool(std::string_view piece)>;

// What the model says about one picture, video or sound, whichever its task is about: the answer to `question`, or a
// caption where it is empty. Throws Error for a file that cannot be read.
std::string answer(const Bundle& bundle, const std::filesystem::path& file, const std::string& question,
                   const OnPiece& on_piece = {});
// The same for a medium as read_medium() gives it.
std::string answer(const Bundle& bundle, const at::Tensor& medium, const std::string& question,
                   const OnPiece& on_piece = {});

// The same for a batch. features as media_features gives them, questions B texts ("" where a caption is wanted).
std::vector<std::string> answers(const Bundle& bundle, const at::Tensor& features,
                                 const std::vector<std::string>& questions);

// Token ids of the same, prompts included, as decode::generate returns them.
decode::Generated generate_ids(const Bundle& bundle, const at::Tensor& features,
                               const std::vector<std::string>& questions, const decode::OnToken& on_token = {});

// The answer in generated ids; " " where an id lies outside the tokenizer, as published (SPEC.md §5).
std::string extract(const Bundle& bundle, std::vector<int64_t> ids);

}  // namespace epalm::infer
