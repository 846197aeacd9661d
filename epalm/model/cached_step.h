#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "epalm/model/epalm_model.h"

namespace epalm::model {

// Logits of the next token for texts that grow at their ends, one generation long: what earlier tokens computed is
// kept (lm/opt_cache.h), the injected tokens are projected once, and equal rows, such as the beams of a sample before
// they part, are computed once. Calls are those of a decode::Step. Where the settings allow no reuse (SPEC.md §3.4) and
// where a row continues none of the rows of the call before, everything is computed anew, and the results are those of
// EPalm::next_token_logits either way. Not thread-safe.
class CachedStep {
 public:
  // features: of every sample, [B,n,Dv] or [B,K,Dv]; undefined: text only. longest: tokens of the longest text that
  // will come.
  CachedStep(const EPalm& model, const at::Tensor& features, int64_t longest);

  // ids, mask [N,T]; source_row[N]: sample of each row. -> [N,V]
  at::Tensor operator()(const at::Tensor& ids, const at::Tensor& mask, const std::vector<int64_t>& source_row);

 private:
  struct Text {
    int64_t sample;
    std::vector<int64_t> ids;
    auto operator<=>(const Text&) const = default;
  };

  // Makes the cache's sequences those that the texts continue; empties it where one continues none.
  void follow(const std::vector<Text>& texts);

  const EPalm& model_;
  std::vector<at::Tensor> slots_;  // of every sample
  int64_t longest_;
  bool reuses_;
  std::optional<lm::OptCache> cache_;
  std::vector<Text> known_;  // the sequences in the cache
};

}  // namespace epalm::model
