#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <functional>
#include <vector>

namespace epalm::decode {

// Summed cross-entropy of the sequence (question, answer) for each pair of rows -> [pairs] floating point; question
// tokens count too (SPEC.md §8). question_row and answer_row have one entry per pair, all answers of a question
// adjacent.
using SequenceLoss =
    std::function<at::Tensor(const std::vector<int64_t>& question_row, const std::vector<int64_t>& answer_row)>;

struct RankedAnswers {
  at::Tensor answers;        // [B,k] int64: rows of the answer list, best first
  at::Tensor probabilities;  // [B,k] float32: softmax over the k candidates
};

// Ranks a closed list of A answers for B questions: the k answers whose first token is likeliest after the question are
// scored by log(probability of that token) - loss(question, answer).
// first_logits [B,V]: logits after the question. first_tokens [A] int64: first token of each answer, after its bos.
// Throws Error unless 1 <= k <= A and every first token is below V.
RankedAnswers rank_answers(const at::Tensor& first_logits, const at::Tensor& first_tokens, int64_t k,
                           const SequenceLoss& loss);

}  // namespace epalm::decode
