#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>
#include <oneapi/dnnl/dnnl.hpp>

#include <algorithm>
#include <vector>

#include "epalm/base/error.h"
#include "epalm/nn/attention_blocks.h"

namespace epalm::nn {
namespace {

// Rows of one head: row t of sequence b begins at data + b·batch_stride + t·row_stride.
template <typename Number>
struct Rows {
  Number* data;
  int64_t batch_stride, row_stride;

  // The stride of a single row may be anything, which the product would refuse.
  explicit Rows(const at::Tensor& x)
      : data(x.data_ptr<float>()), batch_stride(x.stride(0)), row_stride(x.size(1) == 1 ? x.size(2) : x.stride(1)) {}
  Number* at(int64_t b, int64_t t, int64_t column) const { return data + b * batch_stride + t * row_stride + column; }
};

using In = Rows<const float>;
using Out = Rows<float>;

// c [m,n] = op(a) op(b) + beta c, all row by row.
void multiply(char op_a, char op_b, int64_t m, int64_t n, int64_t k, const float* a, int64_t lda, const float* b,
              int64_t ldb, float beta, float* c, int64_t ldc) {
  const auto status = dnnl_sgemm(op_a, op_b, m, n, k, 1.0F, a, lda, b, ldb, beta, c, ldc);
  EPALM_ASSERT(status == dnnl_success);
}

// How the work is cut: some heads of one sequence and some of its queries at a time.
struct Cut {
  int64_t batch, queries, keys, width, heads;
  int64_t head_width = width / heads;
  int64_t rows = queries_of_a_block(queries, keys);
  int64_t group = std::clamp<int64_t>(kBlockScores / (rows * keys), 1, heads);
  int64_t row_blocks = (queries + rows - 1) / rows;
  int64_t groups = (heads + group - 1) / group;

  Cut(const at::Tensor& q, const at::Tensor& k, int64_t heads)
      : batch(q.size(0)), queries(q.size(1)), keys(k.size(1)), width(q.size(2)), heads(heads) {}
};

// One block: heads first … first + count - 1 of sequence b, queries begin … begin + rows - 1.
struct Block {
  int64_t b, first, count, begin, rows;
};

at::Tensor buffer(const Cut& cut) {
  return at::empty({cut.group * cut.rows * cut.keys}, at::kFloat);
}

at::Tensor scores_of(const at::Tensor& memory, const Cut& cut, const Block& block) {
  return at::from_blob(memory.data_ptr(), {block.count, block.rows, cut.keys}, at::kFloat);
}

// softmax(q kᵀ + mask) of a block, in `memory`. mask [B,H,Tq,Tk] or undefined.
at::Tensor weights_of(const at::Tensor& memory, const Cut& cut, const Block& block, const In& q, const In& k,
                      const at::Tensor& mask) {
  at::Tensor scores = scores_of(memory, cut, block);
  for (int64_t h = 0; h < block.count; ++h) {
    const int64_t column = (block.first + h) * cut.head_width;
    multiply('N', 'T', block.rows, cut.keys, cut.head_width, q.at(block.b, block.begin, column), q.row_stride,
             k.at(block.b, 0, column), k.row_stride, 0, scores.data_ptr<float>() + h * block.rows * cut.keys, cut.keys);
  }
  if (mask.defined()) {
    scores.add_(mask[block.b].narrow(0, block.first, block.count).narrow(1, block.begin, block.rows));
  }
  return at::_softmax_out(scores, scores, -1, false);
}

struct BlockwiseAttention : torch::autograd::Function<BlockwiseAttention> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& q, const at::Tensor& k,
                            const at::Tensor& v, int64_t heads, const c10::optional<at::Tensor>& any_mask) {
    const at::Tensor mask = any_mask.value_or(at::Tensor());
    context->save_for_backward({q, k, v, mask});
    context->saved_data["heads"] = heads;
    const Cut cut(q, k, heads);
    at::Tensor out = at::empty({cut.batch, cut.queries, cut.width}, q.options());
    const In query(q), key(k), value(v);
    const Out result(out);
    const int64_t blocks = cut.groups * cut.row_blocks;
    at::parallel_for(0, cut.batch * blocks, 1, [&](int64_t begin, int64_t end) {
      const at::AutoDispatchBelowADInplaceOrView no_autograd;
      const at::Tensor memory = buffer(cut);
      for (int64_t i = begin; i < end; ++i) {
        const int64_t first = i % blocks / cut.row_blocks * cut.group, row = i % cut.row_blocks * cut.rows;
        const Block block{i / blocks, first, std::min(cut.group, cut.heads - first), row,
                          std::min(cut.rows, cut.queries - row)};
        const at::Tensor weights = weights_of(memory, cut, block, query, key, mask);
        for (int64_t h = 0; h < block.count; ++h) {
          const int64_t column = (first + h) * cut.head_width;
          multiply('N', 'N', block.rows, cut.head_width, cut.keys, weights[h].data_ptr<float>(), cut.keys,
                   value.at(block.b, 0, column), value.row_stride, 0, result.at(block.b, row, column),
                   result.row_stride);
        }
      }
    });
    return out;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &q = saved[0], &k = saved[1], &v = saved[2], &mask = saved[3];
    const at::Tensor d_out = gradients[0].contiguous();
    const Cut cut(q, k, context->saved_data["heads"].toInt());
    const auto like = [&](const at::Tensor& x) { return at::empty(x.sizes(), x.options()); };
    at::Tensor d_q = like(q), d_k = like(k), d_v = like(v);
    const In query(q), key(k), value(v), d_result(d_out);
    const Out d_query(d_q), d_key(d_k), d_value(d_v);
    at::parallel_for(0, cut.batch * cut.groups, 1, [&](int64_t begin, int64_t end) {
      const at::AutoDispatchBelowADInplaceOrView no_autograd;
      const at::Tensor memory = buffer(cut), d_memory = buffer(cut);
      for (int64_t i = begin; i < end; ++i) {
        const int64_t b = i / cut.groups, first = i % cut.groups * cut.group;
        const int64_t count = std::min(cut.group, cut.heads - first);
        for (int64_t row = 0; row < cut.queries; row += cut.rows) {
          const Block block{b, first, count, row, std::min(cut.rows, cut.queries - row)};
          const float added = row == 0 ? 0 : 1;  // keys and values gather from all blocks of queries
          const at::Tensor weights = weights_of(memory, cut, block, query, key, mask);
          at::Tensor d_scores = scores_of(d_memory, cut, block);
          for (int64_t h = 0; h < count; ++h) {
            const int64_t column = (first + h) * cut.head_width;
            multiply('N', 'T', block.rows, cut.keys, cut.head_width, d_result.at(b, row, column), d_result.row_stride,
                     value.at(b, 0, column), value.row_stride, 0, d_scores[h].data_ptr<float>(), cut.keys);
            multiply('T', 'N', cut.keys, cut.head_width, block.rows, weights[h].data_ptr<float>(), cut.keys,
                     d_result.at(b, row, column), d_result.row_stride, added, d_value.at(b, 0, column),
                     d_value.row_stride);
          }
          at::_softmax_backward_data_out(d_scores, d_scores, weights, -1, at::kFloat);
          for (int64_t h = 0; h < count; ++h) {
            const int64_t column = (first + h) * cut.head_width;
            const float* scores = d_scores[h].data_ptr<float>();
            multiply('N', 'N', block.rows, cut.head_width, cut.keys, scores, cut.keys, key.at(b, 0, column),
                     key.row_stride, 0, d_query.at(b, row, column), d_query.row_stride);
            multiply('T', 'N', cut.keys, cut.head_width, block.rows, scores, cut.keys, query.at(b, row, column),
                     query.row_stride, added, d_key.at(b, 0, column), d_key.row_stride);
          }
        }
      }
    });
    return {d_q, d_k, d_v, {}, {}};
  }
};

}  // namespace

std::optional<at::Tensor> attention_in_blocks(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                                              int64_t heads, const at::Tensor& mask) {
  if (!is_float32_attention(q, k, v, mask)) return {};
  const auto in_rows = [](const at::Tensor& x) {
    const bool lies_so = x.stride(2) == 1 && (x.size(1) == 1 || x.stride(1) >= x.size(2));
    return lies_so ? x : x.contiguous();
  };
  c10::optional<at::Tensor> each;
  if (mask.defined()) each = mask.expand({q.size(0), heads, q.size(1), k.size(1)});
  return BlockwiseAttention::apply(in_rows(q), in_rows(k), in_rows(v), heads, each);
}

}  // namespace epalm::nn
