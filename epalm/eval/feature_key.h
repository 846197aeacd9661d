#pragma once

#include <filesystem>
#include <string>

#include "epalm/encoders/encoder.h"
#include "epalm/eval/media_views.h"
#include "epalm/infer/run_config.h"

// Under which key the features of a medium are kept: whatever changes them changes it.
namespace epalm::eval {

// All that decides the features of a medium besides its bytes, as JSON: the encoder (its fingerprint, every bit of its
// weights in the precision that it computes with, and what of its shape these do not show), how media are sampled and
// transformed in evaluation, which states are taken, the precision of what is kept. A new key of RunConfig that changes
// what the encoder sees or computes belongs here, one that changes what training draws to feature_key().
std::string feature_recipe(const infer::RunConfig& config, const encoders::Encoder& encoder);

// Whether a medium has features of its own. A TimeSformer scales sounds over their batch, so there it has none.
bool features_are_of_one_medium(const infer::RunConfig& config, const encoders::Encoder& encoder);

// The SHA-256 of the recipe, of the file's content and, for a view, of what its augmentation draws and from what; where
// evaluation draws frames by the file's name, of that too. 64 hexadecimal digits, or "" where the file cannot be read.
std::string feature_key(const infer::RunConfig& config, const std::string& recipe, const std::filesystem::path& file,
                        View view = {});

}  // namespace epalm::eval
