#pragma once

#include <string_view>

#include "epalm/base/error.h"

namespace epalm {

// Where the published program and what the method means differ in a number, one field per difference (SPEC.md §10).
// kReference reproduces the published numbers; kCausal is the default for everything trained here.
struct Semantics {
  // The perceptual row attends to the whole sequence, labels and padding included (SPEC.md §3.4), not to itself alone.
  bool perceptual_row_sees_all = false;
  // Generation reads the logits of the last row even where it is padding, and appends after the padding (§4).
  bool generate_after_padding = false;
  // The LM's dropout and the encoder's stochastic depth stay on while only the adapter trains (§6.3).
  bool frozen_parts_drop_out = false;
  // Only the listed scheduler_groups follow the schedule; none listed means none does (§6.2).
  bool schedule_listed_groups_only = false;
  // Caption-type runs hand the whole config to the optimiser, which then misses prompt_lr and groups by biases (§6.1).
  bool caption_optimizer_reads_whole_config = false;
  // AutoContrast whitens channels whose minimum is above 0 and Sharpness wraps around (§7.1).
  bool augmentations_wrap = false;
  // "?" is appended even to a question that ends with one; answers keep the space that decoding leaves (§5.1).
  bool literal_texts = false;
  // Evaluation draws the frames of a video by sample_type, as training does, instead of taking the middle ones (§7.2).
  bool evaluation_draws_frames = false;
  // Of a sound, only the first channel is heard, not the mean of all (§7.3).
  bool first_channel_only = false;
};

inline constexpr Semantics kCausal{};
inline constexpr Semantics kReference{true, true, true, true, true, true, true, true, true};

inline Semantics semantics_named(std::string_view name) {
  if (name == "causal") return kCausal;
  if (name == "reference") return kReference;
  fail("semantics: expected 'reference' or 'causal', got '{}'", name);
}

}  // namespace epalm
