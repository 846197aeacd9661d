#pragma once

#include "epalm/bench/large_model.h"
#include "epalm/bench/row.h"
#include "epalm/decode/generation.h"
#include "epalm/model/epalm_model.h"

namespace epalm::bench {

// Captions of twenty tokens behind a text of ten.
inline constexpr int64_t kKnownTokens = 10, kNewTokens = 20;

// Greedy search, or beams, to the full length behind a text of `known` tokens: no token ends a text.
decode::GenerationOptions caption_options(int64_t beams, int64_t known = kKnownTokens);

// Captions for all of the ids [B,T], with kept keys and values. features [B,n,Dv]; undefined: of the language model
// alone.
decode::Generated generate_captions(const model::EPalm& model, const at::Tensor& features, const at::Tensor& ids,
                                    const decode::GenerationOptions& options);

// What the captions of so many media need of the machine: the weights read once for each token, products of every row.
// known_rows: of a medium before the first generated token.
Work generation_work(const model::EPalm& model, int64_t media, int64_t beams, double seconds,
                     int64_t known_rows = 1 + kPromptTokens + kKnownTokens);

// The same of one more token of one text.
Work token_work(const model::EPalm& model, double seconds);

// Bytes of the weights that a token needs: all of them but the positions' other rows.
double token_bytes(const model::EPalm& model);

// Seconds of each of `count` tokens behind the first `known`, one after another for one sample.
std::vector<double> token_seconds(const model::EPalm& model, int64_t known, int64_t count);

}  // namespace epalm::bench
