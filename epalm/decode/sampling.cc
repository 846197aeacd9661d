#include "epalm/decode/sampling.h"

#include <ATen/CPUGeneratorImpl.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "epalm/base/error.h"
#include "epalm/base/shapes.h"

namespace epalm::decode {

int64_t final_length(int64_t input_length, int64_t max_length) {
  return std::max(max_length, input_length + 1);
}

at::Generator seeded_generator(uint64_t seed) {
  return at::make_generator<at::CPUGeneratorImpl>(seed);
}

at::Tensor next_logits(const Step& step, const at::Tensor& ids, const at::Tensor& mask,
                       const std::vector<int64_t>& source_row) {
  at::Tensor logits = step(ids, mask, source_row).to(at::kFloat);
  check_shape(logits, {ids.size(0), kAny}, "generate: logits of the step");
  EPALM_ASSERT(logits.size(1) >= 2);
  require(
      logits.amax(-1).isfinite().all().item<bool>(),
      "generation: the language model gave logits without a finite maximum (NaN or infinity) at token {}; check the "
      "weights and the adapter, or compute in float32",
      ids.size(1));
  return logits;  // [N,V]
}

at::Tensor warp_scores(at::Tensor scores, const GenerationOptions& options, int64_t min_tokens) {
  constexpr float kNever = -INFINITY;
  if (options.temperature != 1) scores = scores / options.temperature;
  if (options.top_k > 0) {
    const int64_t kept = std::min(std::max(options.top_k, min_tokens), scores.size(-1));
    const at::Tensor least = std::get<0>(scores.topk(kept, -1)).narrow(-1, kept - 1, 1);  // [N,1]
    scores = scores.masked_fill(scores < least, kNever);
  }
  if (options.top_p < 1) {
    const auto [sorted, order] = scores.sort(/*dim=*/-1, /*descending=*/true);
    const at::Tensor probability = sorted.softmax(-1);
    // A token goes if those before it reach top_p already, so the one that crosses the bound stays.
    at::Tensor removed = probability.cumsum(-1).roll(1, -1) > options.top_p;
    removed.narrow(-1, 0, std::min(min_tokens, removed.size(-1))).fill_(false);
    scores = scores.masked_fill(at::zeros_like(removed).scatter(-1, order, removed), kNever);
  }
  return scores;
}

Generated sample_search(const Step& step, const at::Tensor& ids, const at::Tensor& mask,
                        const GenerationOptions& options, const OnToken& on_token) {
  const int64_t samples = ids.size(0);
  const int64_t stop_length = final_length(ids.size(1), options.max_length);
  at::Generator generator = seeded_generator(options.seed);
  at::Tensor all_ids = ids, all_mask = mask;
  const at::Tensor ones = at::ones({samples, 1}, mask.options());

  std::vector<int64_t> rows(samples);  // the samples handed to the step
  std::iota(rows.begin(), rows.end(), 0);
  std::vector<bool> finished(samples, false);
  std::vector<int64_t> lengths(samples, ids.size(1));  // without the end-of-sequence token
  at::Tensor sums = at::zeros({samples}, at::kFloat);
  float* sum = sums.data_ptr<float>();

  bool stopped = false;
  while (!stopped && all_ids.size(1) < stop_length) {
    at::Tensor logits;
    if (static_cast<int64_t>(rows.size()) == samples) {
      logits = next_logits(step, all_ids, all_mask, rows);
    } else {
      const at::Tensor index = at::tensor(rows, ids.options());
      logits = next_logits(step, all_ids.index_select(0, index), all_mask.index_select(0, index), rows);
    }
    const at::Tensor chosen =
        options.do_sample
            ? warp_scores(logits, options, 1).softmax(-1).cpu().multinomial(1, false, generator).squeeze(1)
            : logits.argmax(-1).cpu();  // [rows]
    const at::Tensor log_probability =
        logits.log_softmax(-1).gather(-1, chosen.to(logits.device()).unsqueeze(1)).squeeze(1).cpu();  // [rows]

    std::vector<int64_t> next(samples, options.pad_id);
    for (size_t r = 0; r < rows.size(); ++r) {
      const int64_t sample = rows[r];
      if (finished[sample]) continue;
      next[sample] = chosen.data_ptr<int64_t>()[r];
      sum[sample] += log_probability.data_ptr<float>()[r];
      finished[sample] = next[sample] == options.eos_id;
      if (!finished[sample]) ++lengths[sample];
      if (on_token && !stopped) stopped = !on_token(sample, next[sample]);
    }
    all_ids = at::cat({all_ids, at::tensor(next, ids.options()).unsqueeze(1)}, 1);
    all_mask = at::cat({all_mask, ones}, 1);
    if (options.drop_finished) std::erase_if(rows, [&](int64_t sample) { return finished[sample]; });
    stopped = stopped || std::all_of(finished.begin(), finished.end(), [](bool f) { return f; });
  }
  for (int64_t i = 0; i < samples; ++i) {
    sum[i] = static_cast<float>(sum[i] / std::pow(static_cast<double>(lengths[i]), options.length_penalty));
  }
  return {all_ids, sums};
}

}  // namespace epalm::decode
