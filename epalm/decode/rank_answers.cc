#include "epalm/decode/rank_answers.h"

#include "epalm/base/error.h"
#include "epalm/base/shapes.h"

namespace epalm::decode {

RankedAnswers rank_answers(const at::Tensor& first_logits, const at::Tensor& first_tokens, int64_t k,
                           const SequenceLoss& loss) {
  at::NoGradGuard no_grad;
  check_shape(first_logits, {kAny, kAny}, "rank_answers: first_logits");
  check_shape(first_tokens, {kAny}, "rank_answers: first_tokens");
  const int64_t questions = first_logits.size(0), answers = first_tokens.size(0);
  require(k >= 1 && k <= answers, "rank_answers: k must lie between 1 and the {} answers given, got {}", answers, k);
  require(first_tokens.min().item<int64_t>() >= 0 && first_tokens.max().item<int64_t>() < first_logits.size(1),
          "rank_answers: an answer starts with a token outside the language model's vocabulary of {}",
          first_logits.size(1));

  const at::Tensor first = first_logits.to(at::kFloat).softmax(-1).index_select(1, first_tokens);  // [B,A]
  const auto [likeliest, candidate] = first.topk(k, 1);                                            // [B,k] both

  const at::Tensor flat = candidate.cpu().contiguous();
  const std::vector<int64_t> answer_row(flat.data_ptr<int64_t>(), flat.data_ptr<int64_t>() + questions * k);
  std::vector<int64_t> question_row;
  for (int64_t i = 0; i < questions * k; ++i) question_row.push_back(i / k);
  const at::Tensor losses = loss(question_row, answer_row).to(at::kFloat);
  check_shape(losses, {questions * k}, "rank_answers: loss");

  const at::Tensor score = likeliest.log() - losses.to(first.device()).view({questions, k});
  const auto [probability, order] = score.softmax(-1).topk(k, 1);
  return {candidate.gather(1, order), probability};
}

}  // namespace epalm::decode
