#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

#include "epalm/base/semantics.h"
#include "epalm/lm/opt_config.h"
#include "epalm/nn/attention.h"

namespace epalm::lm {

// What earlier rows computed that still holds when text is appended (SPEC.md §3.4).
enum class Reuse {
  kEverything,
  // All but the slots of the last layer: it reads slot rows that have seen the text, so these are computed again in
  // that layer and in the one before.
  kAllButLastSlots,
  // Nothing: two layers or more read such slot rows, the second one also text rows that read them.
  kNothing,
};

// has_slot[i]: tokens are injected before layer i. Under causal semantics always kEverything.
Reuse reuse(const std::vector<bool>& has_slot, const Semantics& semantics);

// What a language model remembers of N texts that grow at their ends, so that a pass computes new rows alone. Filled by
// Opt::hidden through OptInput::cache. Positions of a sequence are [slots K, prompts, text], in layers before the first
// slot without the K. Not thread-safe.
class OptCache {
 public:
  // Room for this many sequences in a pass and text tokens in a sequence.
  OptCache(int64_t sequences, int64_t text_tokens) : sequences_(sequences), text_tokens_(text_tokens) {}

  int64_t text_length() const { return text_; }  // tokens read so far
  // Sequence i of the next pass continues sequence parents[i] of the last one.
  void reorder(const std::vector<int64_t>& parents);
  // Forgets every text and keeps the memory.
  void clear();

 private:
  friend class Opt;

  // Begins a pass over [B,T] texts behind `prompts` soft tokens and `slots` injected ones; like: dtype and device.
  void begin(const OptConfig& config, int64_t slots, int64_t prompts, int64_t batch, int64_t text,
             const at::Tensor& like);
  // Where the layer keeps its rows. slots: whether its sequences have slots yet; own_slots: whether this pass computes
  // them.
  nn::KeptRows layer(size_t index, bool slots, bool own_slots) const;

  int64_t sequences_, text_tokens_;
  int64_t slots_ = 0, text_ = 0;
  std::vector<nn::KeptRows> layers_;  // keys and values alone
  at::Tensor index_;                  // [B,K+N+text]: which row of a position is a sequence's (nn::KeptRows)
  at::Tensor own_slots_index_;        // the same where each sequence has slots of its own
  at::Tensor index_behind_slots_;     // index_ [B,N+text] without them
};

}  // namespace epalm::lm
