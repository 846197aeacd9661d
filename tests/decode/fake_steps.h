#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

#include "epalm/decode/generation.h"

namespace epalm::decode {

// A language model of `vocabulary` tokens whose logits are pseudo-random in the unmasked ids before them, and in
// nothing else: any difference in a prefix changes every number.
inline Step hashing_step(int64_t vocabulary, uint64_t salt, float spread = 2.0F) {
  return [=](const at::Tensor& ids, const at::Tensor& mask, const std::vector<int64_t>&) {
    at::Tensor logits = at::empty({ids.size(0), vocabulary});
    for (int64_t n = 0; n < ids.size(0); ++n) {
      uint64_t state = salt;
      const auto mix = [&](uint64_t value) {
        state = (state ^ value) * 0x9E3779B97F4A7C15ULL;
        state ^= state >> 29;
      };
      for (int64_t t = 0; t < ids.size(1); ++t) {
        if (mask[n][t].item<int64_t>() == 1) mix(static_cast<uint64_t>(ids[n][t].item<int64_t>()) + 1);
      }
      for (int64_t v = 0; v < vocabulary; ++v) {
        mix(static_cast<uint64_t>(v) + 1);
        logits[n][v] = spread * (static_cast<float>(state >> 40) / static_cast<float>(1 << 24));
      }
    }
    return logits;
  };
}

// The same logits at every position of every row.
inline Step constant_step(std::vector<float> logits) {
  return [logits](const at::Tensor& ids, const at::Tensor&, const std::vector<int64_t>&) {
    return at::tensor(logits).unsqueeze(0).repeat({ids.size(0), 1});
  };
}

// Logits 0 for the scripted token and -10 for the others; script[sample][i] is the i-th generated token, the last
// repeats.
inline Step scripted_step(int64_t vocabulary, int64_t input_length, std::vector<std::vector<int64_t>> script) {
  return [=](const at::Tensor& ids, const at::Tensor&, const std::vector<int64_t>& source_row) {
    at::Tensor logits = at::full({ids.size(0), vocabulary}, -10.0F);
    for (int64_t n = 0; n < ids.size(0); ++n) {
      const auto& tokens = script[source_row[n]];
      const size_t position = std::min(static_cast<size_t>(ids.size(1) - input_length), tokens.size() - 1);
      logits[n][tokens[position]] = 0.0F;
    }
    return logits;
  };
}

inline at::Tensor int_rows(const std::vector<std::vector<int64_t>>& rows) {
  std::vector<at::Tensor> tensors;
  for (const auto& row : rows) tensors.push_back(at::tensor(row, at::kLong));
  return at::stack(tensors);
}

inline std::vector<int64_t> row_of(const at::Tensor& ids, int64_t row) {
  const at::Tensor flat = ids[row].contiguous();
  return {flat.data_ptr<int64_t>(), flat.data_ptr<int64_t>() + flat.numel()};
}

}  // namespace epalm::decode
