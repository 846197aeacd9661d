#include "epalm/nn/attention_head.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <limits>

#include "epalm/nn/vectors.h"

namespace epalm::nn {
namespace {

using Part = AttentionHead::Part;

constexpr float kMinusInfinity = -std::numeric_limits<float>::infinity();
constexpr int64_t kPartRows = 4;  // sums of so many rows, four vectors each, fit into the registers

// Number [row,column] is from[row · row_stride + column · column_stride].
struct Matrix {
  const float* from;
  int64_t row_stride, column_stride = 1;
};

// kRows rows of a from `row` on times kVectors vectors of b's columns from vector v on.
template <int kRows, int kVectors>
EPALM_INLINE void multiply_vectors(const Matrix& a, const Matrix& b, int64_t row, int64_t v, const Part& part,
                                   float* out, int64_t out_stride) {
  Floats sums[kRows][kVectors] = {};
  for (int64_t k = part.begin; k < part.end; ++k) {
    Floats right[kVectors];
    for (int c = 0; c < kVectors; ++c) load(right[c], b.from + k * b.row_stride + (v + c) * kLanes);
    for (int r = 0; r < kRows; ++r) {
      const float left = a.from[(row + r) * a.row_stride + k * a.column_stride];
      for (int c = 0; c < kVectors; ++c) sums[r][c] += left * right[c];
    }
  }
  for (int r = 0; r < kRows; ++r) std::memcpy(out + (row + r) * out_stride + v * kLanes, sums[r], sizeof(sums[r]));
}

template <int kRows>
EPALM_INLINE void multiply_rows(const Matrix& a, const Matrix& b, int64_t row, const Part& part, float* out,
                                int64_t out_stride) {
  int64_t v = 0;
  for (; v + 4 <= part.vectors; v += 4) multiply_vectors<kRows, 4>(a, b, row, v, part, out, out_stride);
  for (; v + 2 <= part.vectors; v += 2) multiply_vectors<kRows, 2>(a, b, row, v, part, out, out_stride);
  if (v < part.vectors) multiply_vectors<kRows, 1>(a, b, row, v, part, out, out_stride);
}

// out = a b, for each kPartRows rows of a that part of it; b's and out's columns are neighbours.
EPALM_CPU_CLONES void multiply(const Matrix& a, const Matrix& b, int64_t rows, const Part* parts, float* out,
                               int64_t out_stride) {
  for (int64_t row = 0; row < rows; row += kPartRows, ++parts) {
    switch (rows - row) {
      case 1:
        multiply_rows<1>(a, b, row, *parts, out, out_stride);
        break;
      case 2:
        multiply_rows<2>(a, b, row, *parts, out, out_stride);
        break;
      case 3:
        multiply_rows<3>(a, b, row, *parts, out, out_stride);
        break;
      default:
        multiply_rows<4>(a, b, row, *parts, out, out_stride);
    }
  }
}

// Of each query, whose scores have so many vectors, of `all`: scores become weights, and zeros behind them. Weights
// below e^-87 are zeros; not-a-number where every score is -inf, as of at::softmax.
EPALM_CPU_CLONES void softmax(float* scores, const float* mask, float scale, int64_t rows, const Part* parts,
                              int64_t all) {
  for (int64_t row = 0; row < rows; ++row, scores += all * kLanes, mask += all * kLanes) {
    const int64_t vectors = parts[row / kPartRows].vectors;
    Floats highest = Floats{} + kMinusInfinity, numbers, hidden, sums{};
    for (int64_t v = 0; v < vectors; ++v) {
      load(numbers, scores + v * kLanes);
      load(hidden, mask + v * kLanes);
      numbers = numbers * scale + hidden;
      highest = numbers > highest ? numbers : highest;
      std::memcpy(scores + v * kLanes, &numbers, sizeof(numbers));
    }
    float top = highest[0];
    for (int64_t lane = 1; lane < kLanes; ++lane) top = highest[lane] > top ? highest[lane] : top;
    for (int64_t v = 0; v < vectors; ++v) {
      load(numbers, scores + v * kLanes);
      numbers -= top;
      Floats raised = numbers;
      raise(raised);
      raised = numbers < -87 ? Floats{} : raised;
      sums += raised;
      std::memcpy(scores + v * kLanes, &raised, sizeof(raised));
    }
    const float share = 1 / sum_of(sums);
    for (int64_t v = 0; v < vectors; ++v) {
      load(numbers, scores + v * kLanes);
      numbers *= share;
      std::memcpy(scores + v * kLanes, &numbers, sizeof(numbers));
    }
    std::fill(scores + vectors * kLanes, scores + all * kLanes, 0.0F);
  }
}

// d becomes the gradient of what was scaled: scale · weights (d - Σ weights d), row by row.
EPALM_CPU_CLONES void softmax_gradient(const float* weights, float scale, int64_t rows, const Part* parts, int64_t all,
                                       float* d) {
  for (int64_t row = 0; row < rows; ++row, weights += all * kLanes, d += all * kLanes) {
    const int64_t vectors = parts[row / kPartRows].vectors;
    Floats sums{}, weight, pull;
    for (int64_t v = 0; v < vectors; ++v) {
      load(weight, weights + v * kLanes);
      load(pull, d + v * kLanes);
      sums += weight * pull;
    }
    const float sum = sum_of(sums);
    for (int64_t v = 0; v < vectors; ++v) {
      load(weight, weights + v * kLanes);
      load(pull, d + v * kLanes);
      pull = scale * weight * (pull - sum);
      std::memcpy(d + v * kLanes, &pull, sizeof(pull));
    }
    std::fill(d + vectors * kLanes, d + all * kLanes, 0.0F);
  }
}

std::vector<float> zeros(int64_t count) {
  return std::vector<float>(static_cast<size_t>(count));
}

}  // namespace

AttentionHead::AttentionHead(int64_t queries, int64_t keys, int64_t width, float scale)
    : queries_(queries),
      keys_(keys),
      width_(width),
      key_vectors_(at::divup(keys, kLanes)),
      head_vectors_(width / kLanes),
      scale_(scale),
      q_(zeros(queries * width)),
      k_(zeros(keys * width)),
      v_(k_),
      d_out_(q_),
      d_k_(k_),
      d_v_(k_),
      mask_(zeros(queries * key_vectors_ * kLanes)),
      weights_(mask_),
      pulls_(mask_),
      turned_(zeros(width * key_vectors_ * kLanes)),
      seen_(static_cast<size_t>(queries)),
      scores_(static_cast<size_t>(at::divup(queries, kPartRows))),
      mixed_(scores_),
      pulled_(static_cast<size_t>(at::divup(keys, kPartRows))) {}

void AttentionHead::set_mask(const MaskView& mask, int64_t b, int64_t h, int64_t first_query) {
  for (int64_t i = 0; i < queries_; ++i) {
    float* to = mask_.data() + i * key_vectors_ * kLanes;
    std::fill(to, to + keys_, 0.0F);
    std::fill(to + keys_, to + key_vectors_ * kLanes, kMinusInfinity);
    if (mask.defined()) {
      const float* from = mask.row(b, h, first_query + i);
      for (int64_t j = 0, step = mask.key_stride(); j < keys_; ++j) to[j] = from[j * step];
    }
    int64_t seen = keys_;
    while (seen > 0 && to[seen - 1] == kMinusInfinity) --seen;
    seen_[static_cast<size_t>(i)] = seen > 0 ? seen : keys_;  // who sees nothing gets no number
  }
  for (size_t part = 0; part < scores_.size(); ++part) {
    const auto first = seen_.begin() + static_cast<int64_t>(part) * kPartRows;
    const int64_t seen = *std::max_element(first, std::min(first + kPartRows, seen_.end()));
    scores_[part] = {0, width_, at::divup(seen, kLanes)};
    mixed_[part] = {0, seen, head_vectors_};
  }
  for (size_t part = 0; part < pulled_.size(); ++part) {
    const int64_t key = static_cast<int64_t>(part) * kPartRows;
    const auto first = std::find_if(seen_.begin(), seen_.end(), [&](int64_t seen) { return seen > key; });
    pulled_[part] = {first - seen_.begin(), queries_, head_vectors_};
  }
}

void AttentionHead::turn(const std::vector<float>& rows) {
  const int64_t stride = key_vectors_ * kLanes;
  const float* from = rows.data();
  for (int64_t j = 0; j < keys_; ++j, from += width_) {
    for (int64_t c = 0; c < width_; ++c) turned_[static_cast<size_t>(c * stride + j)] = from[c];
  }
}

void AttentionHead::weigh() {
  const int64_t stride = key_vectors_ * kLanes;
  turn(k_);
  multiply({q_.data(), width_}, {turned_.data(), stride}, queries_, scores_.data(), weights_.data(), stride);
  softmax(weights_.data(), mask_.data(), scale_, queries_, scores_.data(), key_vectors_);
}

void AttentionHead::mix(float* out, int64_t stride) const {
  multiply({weights_.data(), key_vectors_ * kLanes}, {v_.data(), width_}, queries_, mixed_.data(), out, stride);
}

void AttentionHead::pull(float* d_q, int64_t d_q_stride) {
  const int64_t stride = key_vectors_ * kLanes;
  multiply({weights_.data(), 1, stride}, {d_out_.data(), width_}, keys_, pulled_.data(), d_v_.data(), width_);
  turn(v_);
  multiply({d_out_.data(), width_}, {turned_.data(), stride}, queries_, scores_.data(), pulls_.data(), stride);
  softmax_gradient(weights_.data(), scale_, queries_, scores_.data(), key_vectors_, pulls_.data());
  multiply({pulls_.data(), stride}, {k_.data(), width_}, queries_, mixed_.data(), d_q, d_q_stride);
  multiply({pulls_.data(), 1, stride}, {q_.data(), width_}, keys_, pulled_.data(), d_k_.data(), width_);
}

}  // namespace epalm::nn
