#include "epalm/decode/beam_search.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "epalm/base/error.h"
#include "epalm/decode/sampling.h"

namespace epalm::decode {
namespace {

struct Hypothesis {
  double score;
  at::Tensor ids;  // [length], input included, no end-of-sequence token
};

// The best finished sequences of one sample.
class Hypotheses {
 public:
  Hypotheses(int64_t capacity, double length_penalty) : capacity_(capacity), length_penalty_(length_penalty) {}

  void add(const at::Tensor& ids, double log_probability) {
    const double score = normalised(log_probability, ids.size(0));
    if (!full() || score > worst()) best_.push_back({score, ids});
    if (static_cast<int64_t>(best_.size()) > capacity_) {
      best_.erase(std::min_element(best_.begin(), best_.end(), lower));
    }
  }

  // No open sequence of `length` tokens with log-probability `best` can enter any more (by the published rule, which
  // looks at the present length only).
  bool complete(double best, int64_t length) const { return full() && worst() >= normalised(best, length); }

  // Of equal scores the one added last.
  const Hypothesis& best() const { return *std::max_element(best_.rbegin(), best_.rend(), lower); }

 private:
  static bool lower(const Hypothesis& a, const Hypothesis& b) { return a.score < b.score; }
  bool full() const { return static_cast<int64_t>(best_.size()) >= capacity_; }
  double worst() const { return std::min_element(best_.begin(), best_.end(), lower)->score; }
  double normalised(double log_probability, int64_t length) const {
    return log_probability / std::pow(static_cast<double>(length), length_penalty_);
  }

  int64_t capacity_;
  double length_penalty_;
  std::vector<Hypothesis> best_;
};

// Continuations of the beams of each sample, likeliest first.
struct Candidates {
  at::Tensor scores;  // [samples, 2k] float32
  at::Tensor choice;  // [samples, 2k] int64: beam * V + token
};

Candidates likeliest(const at::Tensor& scores, int64_t count) {
  auto [values, choice] = scores.topk(std::min(count, scores.size(1)), /*dim=*/1, /*largest=*/true, /*sorted=*/true);
  return {values.cpu(), choice.cpu()};
}

Candidates drawn(const at::Tensor& scores, int64_t count, at::Generator& generator) {
  require(scores.size(1) < (int64_t{1} << 24),
          "num_beams: sampling among {} continuations at once is not possible (at most 2^24); use fewer beams",
          scores.size(1));
  const at::Tensor values = scores.cpu();
  const at::Tensor choice = values.softmax(-1).multinomial(std::min(count, values.size(1)), false, generator);
  auto [sorted, order] = values.gather(1, choice).sort(/*dim=*/1, /*descending=*/true);
  return {sorted, choice.gather(1, order)};
}

// The open sequences of all samples, k neighbouring rows per sample.
struct OpenBeams {
  at::Tensor ids;             // [B*k, T]
  at::Tensor mask;            // [B*k, T]
  std::vector<float> scores;  // [B*k] log-probability of the generated tokens
};

struct Continuation {
  int64_t row;
  int64_t token;
  float score;
};

void extend(OpenBeams& open, const std::vector<Continuation>& next) {
  std::vector<int64_t> rows, tokens;
  for (size_t i = 0; i < next.size(); ++i) {
    rows.push_back(next[i].row);
    tokens.push_back(next[i].token);
    open.scores[i] = next[i].score;
  }
  const auto options = open.ids.options();
  open.ids =
      at::cat({open.ids.index_select(0, at::tensor(rows, options)), at::tensor(tokens, options).unsqueeze(1)}, 1);
  open.mask = at::cat({open.mask, at::ones({open.mask.size(0), 1}, options)}, 1);
}

// Best hypothesis of every sample, closed with eos_id where it fits into stop_length.
Generated assemble(const std::vector<Hypotheses>& found, const GenerationOptions& options, int64_t stop_length,
                   const at::TensorOptions& ids_options) {
  const int64_t samples = static_cast<int64_t>(found.size());
  int64_t longest = 0;
  for (const Hypotheses& hypotheses : found) longest = std::max(longest, hypotheses.best().ids.size(0));
  const int64_t width = std::min(longest + 1, stop_length);
  Generated result{at::full({samples, width}, options.pad_id, ids_options), at::zeros({samples}, at::kFloat)};
  for (int64_t b = 0; b < samples; ++b) {
    const auto& [score, ids] = found[b].best();
    result.ids[b].narrow(0, 0, ids.size(0)).copy_(ids);
    if (ids.size(0) < width) result.ids[b][ids.size(0)] = options.eos_id;
    result.scores[b] = static_cast<float>(score);
  }
  return result;
}

void report(const Generated& result, int64_t input_length, const GenerationOptions& options, const OnToken& on_token) {
  const at::Tensor ids = result.ids.cpu();
  for (int64_t b = 0; b < ids.size(0); ++b) {
    for (int64_t t = input_length; t < ids.size(1); ++t) {
      const int64_t token = ids[b][t].item<int64_t>();
      if (!on_token(b, token)) return;
      if (token == options.eos_id) break;
    }
  }
}

}  // namespace

Generated beam_search(const Step& step, const at::Tensor& ids, const at::Tensor& mask, const GenerationOptions& options,
                      const OnToken& on_token) {
  const int64_t samples = ids.size(0), beams = options.num_beams;
  const int64_t stop_length = final_length(ids.size(1), options.max_length);
  at::Generator generator = seeded_generator(options.seed);

  OpenBeams open{ids.repeat_interleave(beams, 0), mask.repeat_interleave(beams, 0), {}};
  // The beams of a sample start equal: all but the first are put out of reach, unless drawing tells them apart.
  for (int64_t row = 0; row < samples * beams; ++row) {
    open.scores.push_back(options.do_sample || row % beams == 0 ? 0.0F : -1e9F);
  }
  std::vector<Hypotheses> found(samples, Hypotheses(beams, options.length_penalty));
  std::vector<bool> done(samples, false);

  while (open.ids.size(1) < stop_length && std::find(done.begin(), done.end(), false) != done.end()) {
    const int64_t length = open.ids.size(1);
    std::vector<int64_t> active, rows, source_row;
    for (int64_t b = 0; b < samples; ++b) {
      if (done[b] && options.drop_finished) continue;
      active.push_back(b);
      for (int64_t k = 0; k < beams; ++k) {
        rows.push_back(b * beams + k);
        source_row.push_back(b);
      }
    }
    const at::Tensor row_index = at::tensor(rows, ids.options());
    const at::Tensor logits =
        next_logits(step, open.ids.index_select(0, row_index), open.mask.index_select(0, row_index),
                    source_row);  // [A*k,V]
    const int64_t vocabulary = logits.size(1);
    const at::Tensor so_far = at::tensor(open.scores, logits.options().device(at::kCPU)).to(logits.device());
    at::Tensor scores = logits.log_softmax(-1) + so_far.index_select(0, row_index.to(logits.device())).unsqueeze(1);
    // The running sums are warped too: the published order.
    if (options.do_sample) scores = warp_scores(scores, options, /*min_tokens=*/2);
    scores = scores.reshape({static_cast<int64_t>(active.size()), beams * vocabulary});
    // At most k of the 2k candidates end a sequence, one per beam, so k others always remain.
    const Candidates candidates =
        options.do_sample ? drawn(scores, 2 * beams, generator) : likeliest(scores, 2 * beams);

    std::vector<Continuation> next;
    for (int64_t row = 0; row < samples * beams; ++row) next.push_back({row, options.pad_id, 0});
    for (size_t a = 0; a < active.size(); ++a) {
      const int64_t b = active[a];
      if (done[b]) continue;
      const int64_t count = candidates.scores.size(1);
      const float* score = candidates.scores.data_ptr<float>() + a * count;
      const int64_t* choice = candidates.choice.data_ptr<int64_t>() + a * count;
      int64_t filled = 0;
      for (int64_t rank = 0; rank < count && filled < beams; ++rank) {
        const int64_t row = b * beams + choice[rank] / vocabulary;
        const int64_t token = choice[rank] % vocabulary;
        if (token != options.eos_id) {
          next[b * beams + filled++] = {row, token, score[rank]};
        } else if (rank < beams) {
          found[b].add(open.ids[row], score[rank]);
        }
      }
      done[b] = found[b].complete(*std::max_element(score, score + count), length);
    }
    extend(open, next);
  }

  for (int64_t b = 0; b < samples; ++b) {
    for (int64_t k = 0; k < beams && !done[b]; ++k) found[b].add(open.ids[b * beams + k], open.scores[b * beams + k]);
  }
  const Generated result = assemble(found, options, stop_length, ids.options());
  if (on_token) report(result, ids.size(1), options, on_token);
  return result;
}

}  // namespace epalm::decode
