#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <functional>
#include <vector>

namespace epalm::decode {

// One full forward: ids [N,T] and mask [N,T], both int64 (the right-padded prompt, then what was generated with mask 1)
// -> logits [N,V], floating point, of the row that predicts the next token; which row that is, the callee decides.
// source_row[N]: the input sample that each row continues. Beams of one sample are neighbours and change places between
// calls, so a cache finds its row by source_row and the ids before the last.
using Step =
    std::function<at::Tensor(const at::Tensor& ids, const at::Tensor& mask, const std::vector<int64_t>& source_row)>;

// Called with every generated token, the end-of-sequence token included, samples in order within a step.
// With beams nothing is final before the end, so all calls come then. Returning false stops cleanly.
using OnToken = std::function<bool(int64_t sample, int64_t token)>;

struct GenerationOptions {
  // Most tokens per sequence, INPUT INCLUDED (perceptual and prompt rows do not count). At least one token is generated
  // even if the input is longer already.
  int64_t max_length = 30;
  // Sequences kept per sample; 1 = no beam search.
  int64_t num_beams = 1;
  // Draw the next token instead of taking the likeliest; with beams: beam-sample.
  bool do_sample = false;
  // Logits are divided by it before sampling: < 1 sharpens, > 1 flattens; 1 disables. Must be > 0.
  double temperature = 1;
  // Sample among the top_k likeliest tokens only; 0 disables.
  int64_t top_k = 50;
  // Sample among the likeliest tokens that together reach this probability; 1 disables. In (0,1].
  double top_p = 1;
  // Seeds the sampling: same seed, input and options -> same tokens.
  uint64_t seed = 42;
  // A sequence scores (sum of log-probabilities) / length^length_penalty, length counting input tokens; 0 disables.
  double length_penalty = 1;
  // Ends a sequence; -1 = no token does.
  int64_t eos_id = 2;
  // Fills what follows the end of a sequence.
  int64_t pad_id = 1;
  // Finished samples are no longer handed to the step: fewer rows, same tokens (for greedy and beam search; sampling
  // draws other numbers). false: the number of rows never changes, as in the published system.
  bool drop_finished = false;
};

struct Generated {
  // [B, longest] int64, input included, pad_id after the end of a sequence; on the device of the input ids.
  at::Tensor ids;
  // [B] float32 on the CPU: sum of the log-probabilities of the generated tokens, end of sequence included, over
  // length^length_penalty, where length counts the input but not the end-of-sequence token.
  at::Tensor scores;
};

// ids [B,T] int64, right padded; mask [B,T] int64, 1 = token. Greedy search, sampling, beam search or beam-sample
// (SPEC.md §4), as do_sample and num_beams say. Throws Error for options out of range and for logits without a finite
// maximum (NaN). Thread-safe if the step is.
Generated generate(const Step& step, const at::Tensor& ids, const at::Tensor& mask, const GenerationOptions& options,
                   const OnToken& on_token = {});

}  // namespace epalm::decode
