#include "epalm/nn/short_attention.h"

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <vector>

#include "epalm/nn/attention_blocks.h"
#include "epalm/nn/mask_view.h"
#include "epalm/nn/vectors.h"

namespace epalm::nn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// A matrix in memory: number [row,column] is from[row · row_stride + column · column_stride].
template <typename Number>
struct Matrix {
  Number* from;
  int64_t row_stride, column_stride = 1;
};

// kRows rows of a from `row` on times kVectors vectors of b's columns from vector v on.
template <int kRows, int kVectors>
EPALM_INLINE void multiply_block(const Matrix<const float>& a, const Matrix<const float>& b, int64_t row, int64_t v,
                                 int64_t depth, const Matrix<float>& out) {
  Floats sums[kRows][kVectors] = {};
  for (int64_t k = 0; k < depth; ++k) {
    Floats right[kVectors];
    for (int c = 0; c < kVectors; ++c) load(right[c], b.from + k * b.row_stride + (v + c) * kLanes);
    for (int r = 0; r < kRows; ++r) {
      const float left = a.from[(row + r) * a.row_stride + k * a.column_stride];
      for (int c = 0; c < kVectors; ++c) sums[r][c] += left * right[c];
    }
  }
  for (int r = 0; r < kRows; ++r)
    std::memcpy(out.from + (row + r) * out.row_stride + v * kLanes, sums[r], sizeof(sums[r]));
}

template <int kVectors>
EPALM_INLINE void multiply_columns(const Matrix<const float>& a, const Matrix<const float>& b, int64_t v, int64_t rows,
                                   int64_t depth, const Matrix<float>& out) {
  int64_t row = 0;
  for (; row + 4 <= rows; row += 4) multiply_block<4, kVectors>(a, b, row, v, depth, out);
  for (; row < rows; ++row) multiply_block<1, kVectors>(a, b, row, v, depth, out);
}

// out [rows,vectors·kLanes] = a [rows,depth] b [depth,vectors·kLanes]; b's and out's columns are neighbours.
EPALM_CPU_CLONES void multiply(const Matrix<const float>& a, const Matrix<const float>& b, int64_t rows, int64_t depth,
                               int64_t vectors, const Matrix<float>& out) {
  int64_t v = 0;
  for (; v + 4 <= vectors; v += 4) multiply_columns<4>(a, b, v, rows, depth, out);
  for (; v + 2 <= vectors; v += 2) multiply_columns<2>(a, b, v, rows, depth, out);
  if (v < vectors) multiply_columns<1>(a, b, v, rows, depth, out);
}

// Rows of scores, `vectors` vectors each, become weights; what lies behind the last key counts for nothing. Weights
// below e^-87 are zeros; not-a-number where every score is -inf, as of at::softmax.
EPALM_CPU_CLONES void softmax(float* scores, int64_t rows, int64_t vectors) {
  for (int64_t row = 0; row < rows; ++row, scores += vectors * kLanes) {
    Floats highest, numbers, sums{};
    load(highest, scores);
    for (int64_t v = 1; v < vectors; ++v) {
      load(numbers, scores + v * kLanes);
      highest = numbers > highest ? numbers : highest;
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
  }
}

// d becomes the gradient of the scores: weights (d - Σ weights d), row by row.
EPALM_CPU_CLONES void softmax_gradient(const float* weights, int64_t rows, int64_t vectors, float* d) {
  for (int64_t row = 0; row < rows; ++row, weights += vectors * kLanes, d += vectors * kLanes) {
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
      pull = weight * (pull - sum);
      std::memcpy(d + v * kLanes, &pull, sizeof(pull));
    }
  }
}

struct Sizes {
  int64_t batch, queries, keys, heads, width;  // of a head
  int64_t key_vectors = (keys + kLanes - 1) / kLanes;
  int64_t head_vectors = width / kLanes;

  Sizes(const at::Tensor& q, const at::Tensor& k, int64_t heads)
      : batch(q.size(0)), queries(q.size(1)), keys(k.size(1)), heads(heads), width(q.size(2) / heads) {}
  std::vector<int64_t> of_mask() const { return {batch, heads, queries, keys}; }
};

// [T,d] of one head of a tensor [B,T,H·d].
template <typename Number>
Matrix<Number> head_of(const at::Tensor& x, const Sizes& sizes, int64_t b, int64_t h) {
  return {x.data_ptr<float>() + b * x.stride(0) + h * sizes.width, x.stride(1)};
}

Matrix<const float> readable(const Matrix<float>& m) {
  return {m.from, m.row_stride, m.column_stride};
}
Matrix<const float> turned(const Matrix<float>& m) {
  return {m.from, m.column_stride, m.row_stride};
}

// What one thread needs for one head after the other.
class Head {
 public:
  explicit Head(const Sizes& sizes)
      : sizes_(sizes),
        turned_(static_cast<size_t>(sizes.width * sizes.key_vectors * kLanes)),
        weights_(static_cast<size_t>(sizes.queries * sizes.key_vectors * kLanes)),
        pulls_(weights_.size()) {}

  // softmax(q kᵀ + mask), kept for gradients.
  void weigh(const Matrix<const float>& q, const Matrix<const float>& k, const MaskView& mask, int64_t b, int64_t h) {
    multiply(q, columns_of(k), sizes_.queries, sizes_.width, sizes_.key_vectors, weights());
    const int64_t stride = sizes_.key_vectors * kLanes;
    for (int64_t i = 0; i < sizes_.queries; ++i) {
      float* row = weights_.data() + i * stride;
      if (mask.defined()) {
        const float* added = mask.row(b, h, i);
        for (int64_t j = 0, step = mask.key_stride(); j < sizes_.keys; ++j) row[j] += added[j * step];
      }
      std::fill(row + sizes_.keys, row + stride, -std::numeric_limits<float>::infinity());
    }
    softmax(weights_.data(), sizes_.queries, sizes_.key_vectors);
  }

  void mix(const Matrix<const float>& v, const Matrix<float>& out) {
    multiply(readable(weights()), v, sizes_.queries, sizes_.keys, sizes_.head_vectors, out);
  }

  void pull(const Matrix<const float>& q, const Matrix<const float>& k, const Matrix<const float>& v,
            const Matrix<const float>& d_out, const Matrix<float>& d_q, const Matrix<float>& d_k,
            const Matrix<float>& d_v) {
    const int64_t queries = sizes_.queries, keys = sizes_.keys;
    multiply(turned(weights()), d_out, keys, queries, sizes_.head_vectors, d_v);
    const Matrix<float> pulls{pulls_.data(), sizes_.key_vectors * kLanes};
    multiply(d_out, columns_of(v), queries, sizes_.width, sizes_.key_vectors, pulls);
    softmax_gradient(weights_.data(), queries, sizes_.key_vectors, pulls_.data());
    multiply(readable(pulls), k, queries, keys, sizes_.head_vectors, d_q);
    multiply(turned(pulls), q, keys, queries, sizes_.head_vectors, d_k);
  }

 private:
  Matrix<float> weights() { return {weights_.data(), sizes_.key_vectors * kLanes}; }

  // A head's keys or values [Tk,d] as [d,Tk], zeros behind the last.
  Matrix<const float> columns_of(const Matrix<const float>& m) {
    const int64_t stride = sizes_.key_vectors * kLanes;
    for (int64_t j = 0; j < sizes_.keys; ++j) {
      for (int64_t c = 0; c < sizes_.width; ++c)
        turned_[static_cast<size_t>(c * stride + j)] = m.from[j * m.row_stride + c];
    }
    return {turned_.data(), stride};
  }

  Sizes sizes_;
  std::vector<float> turned_, weights_, pulls_;  // turned_: zeros where nothing is written
};

struct ShortAttention : torch::autograd::Function<ShortAttention> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                            int64_t heads, const c10::optional<at::Tensor>& any_mask) {
    const at::Tensor mask = any_mask.value_or(at::Tensor());
    context->save_for_backward({q, k, v, mask});
    context->saved_data["heads"] = heads;
    const Sizes sizes(q, k, heads);
    const MaskView view(mask, sizes.of_mask());
    at::Tensor out = at::empty({q.size(0), q.size(1), q.size(2)}, q.options());
    at::parallel_for(0, sizes.batch * heads, 1, [&](int64_t begin, int64_t end) {
      Head head(sizes);
      for (int64_t i = begin; i < end; ++i) {
        const int64_t b = i / heads, h = i % heads;
        head.weigh(head_of<const float>(q, sizes, b, h), head_of<const float>(k, sizes, b, h), view, b, h);
        head.mix(head_of<const float>(v, sizes, b, h), head_of<float>(out, sizes, b, h));
      }
    });
    return out;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &q = saved[0], &k = saved[1], &v = saved[2], d_out = gradients[0].contiguous();
    const Sizes sizes(q, k, context->saved_data["heads"].toInt());
    const MaskView view(saved[3], sizes.of_mask());
    const auto like = [](const at::Tensor& x) { return at::empty({x.size(0), x.size(1), x.size(2)}, x.options()); };
    const at::Tensor d_q = like(q), d_k = like(k), d_v = like(v);
    at::parallel_for(0, sizes.batch * sizes.heads, 1, [&](int64_t begin, int64_t end) {
      Head head(sizes);
      for (int64_t i = begin; i < end; ++i) {
        const int64_t b = i / sizes.heads, h = i % sizes.heads;
        const auto of = [&](const at::Tensor& x) { return head_of<const float>(x, sizes, b, h); };
        const auto to = [&](const at::Tensor& x) { return head_of<float>(x, sizes, b, h); };
        head.weigh(of(q), of(k), view, b, h);
        head.pull(of(q), of(k), of(v), of(d_out), to(d_q), to(d_k), to(d_v));
      }
    });
    return {d_q, d_k, d_v, {}, {}};
  }
};

}  // namespace

std::optional<at::Tensor> short_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, int64_t heads,
                                          const at::Tensor& mask) {
  if (!is_float32_attention(q, k, v, mask) || k.size(1) > kShortKeys || q.size(2) / heads % kLanes != 0) return {};
  const auto in_rows = [](const at::Tensor& x) { return x.stride(2) == 1 ? x : x.contiguous(); };
  return ShortAttention::apply(in_rows(q), in_rows(k), in_rows(v), heads,
                               mask.defined() ? c10::make_optional(mask) : c10::nullopt);
}

}  // namespace epalm::nn
