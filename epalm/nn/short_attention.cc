#include "epalm/nn/short_attention.h"

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "epalm/nn/attention_blocks.h"
#include "epalm/nn/attention_head.h"
#include "epalm/nn/mask_view.h"
#include "epalm/nn/vectors.h"

namespace epalm::nn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Sequences of the same lengths. Their keys begin with rows that they share, which no query of theirs is.
struct Sequences {
  int64_t count, shared, queries, keys;  // keys: of their own
  int64_t heads, width;                  // of a head
  double scale;

  int64_t rows() const { return shared + keys; }
};

// Rows of such sequences in a tensor [B,T,H·d] or, where some are shared, [1,N+B·T,H·d].
template <typename Number>
struct SequenceRows {
  Number *shared, *own;  // the first of each, own ones of the first sequence
  int64_t stride, of_sequence;
  int64_t shared_rows, own_rows;

  int64_t rows() const { return shared_rows + own_rows; }
  // Shared ones come first.
  Number* row(int64_t sequence, int64_t i, int64_t column) const {
    return (i < shared_rows ? shared + i * stride : own + sequence * of_sequence + (i - shared_rows) * stride) + column;
  }
};

template <typename Number>
SequenceRows<Number> rows_of(const at::Tensor& x, int64_t shared, int64_t own) {
  const int64_t stride = x.stride(1);
  Number* from = x.data_ptr<float>();
  return {from, from + shared * stride, stride, shared > 0 ? own * stride : x.stride(0), shared, own};
}

template <typename Number>
SequenceRows<Number> keys_of(const at::Tensor& x, const Sequences& s) {
  return rows_of<Number>(x, s.shared, s.keys);
}

// Without those that are shared.
template <typename Number>
SequenceRows<Number> queries_of(const at::Tensor& x, const Sequences& s) {
  auto rows = rows_of<Number>(x, s.shared, s.queries);
  rows.shared_rows = 0;
  return rows;
}

// Rows of a head, side by side.
void gather(const SequenceRows<const float>& rows, int64_t width, int64_t b, int64_t h, float* to) {
  for (int64_t i = 0; i < rows.rows(); ++i, to += width) std::copy_n(rows.row(b, i, h * width), width, to);
}

// And back: what sequences share is a sum.
void scatter(const float* from, int64_t width, int64_t b, int64_t h, const SequenceRows<float>& rows) {
  for (int64_t i = 0; i < rows.rows(); ++i, from += width) {
    float* to = rows.row(b, i, h * width);
    if (i >= rows.shared_rows) {
      std::copy_n(from, width, to);
      continue;
    }
    for (int64_t c = 0; c < width; ++c) to[c] += from[c];
  }
}

// Does this for every head of every sequence. What sequences share is added up by one thread for each head.
template <typename Work>
void for_each_head(const Sequences& s, const MaskView& mask, const Work& work) {
  const bool in_turn = s.shared > 0;
  at::parallel_for(0, (in_turn ? 1 : s.count) * s.heads, 1, [&](int64_t begin, int64_t end) {
    AttentionHead head(s.queries, s.rows(), s.width, static_cast<float>(s.scale));
    int64_t masked = -1;  // the sequence whose mask the head has
    for (int64_t b = 0; b < (in_turn ? s.count : 1); ++b) {
      for (int64_t task = begin; task < end; ++task) {
        const int64_t sequence = in_turn ? b : task / s.heads, h = task % s.heads;
        if (sequence != masked || mask.differs_by_head()) head.set_mask(mask, sequence, h, s.shared);
        masked = sequence;
        work(head, sequence, h);
      }
    }
  });
}

struct Factors {
  SequenceRows<const float> q, k, v;

  Factors(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const Sequences& s)
      : q(queries_of<const float>(q, s)), k(keys_of<const float>(k, s)), v(keys_of<const float>(v, s)) {}

  void weigh(AttentionHead& head, const Sequences& s, int64_t b, int64_t h) const {
    gather(q, s.width, b, h, head.q());
    gather(k, s.width, b, h, head.k());
    gather(v, s.width, b, h, head.v());
    head.weigh();
  }
};

struct ShortAttention : torch::autograd::Function<ShortAttention> {
  // beginning: 0, or so many shared rows before those of `count` sequences.
  static at::Tensor forward(AutogradContext* context, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                            const c10::optional<at::Tensor>& mask, int64_t heads, double scale, int64_t beginning,
                            int64_t count) {
    context->save_for_backward({q, k, v, mask.value_or(at::Tensor())});
    context->saved_data["heads"] = heads;
    context->saved_data["scale"] = scale;
    context->saved_data["beginning"] = beginning;
    context->saved_data["count"] = count;
    at::Tensor out = at::empty(q.sizes(), q.options().memory_format(at::MemoryFormat::Contiguous));
    for_each_part(context, q, k, mask.value_or(at::Tensor()), [&](const Sequences& s, const MaskView& view) {
      const Factors factors(q, k, v, s);
      const auto to = queries_of<float>(out, s);
      for_each_head(s, view, [&](AttentionHead& head, int64_t b, int64_t h) {
        factors.weigh(head, s, b, h);
        head.mix(to.row(b, 0, h * s.width), to.stride);
      });
    });
    return out;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &q = saved[0], &k = saved[1], &v = saved[2];
    const at::Tensor d_out = gradients[0].stride(2) == 1 ? gradients[0] : gradients[0].contiguous();
    const auto like = [](const at::Tensor& x) { return at::empty(x.sizes(), x.options()); };
    const at::Tensor d_q = like(q), d_k = like(k), d_v = like(v);
    for_each_part(context, q, k, saved[3], [&](const Sequences& s, const MaskView& view) {
      const Factors factors(q, k, v, s);
      const auto from = queries_of<const float>(d_out, s);
      const auto to_q = queries_of<float>(d_q, s);
      const auto to_k = keys_of<float>(d_k, s), to_v = keys_of<float>(d_v, s);
      for_each_head(s, view, [&](AttentionHead& head, int64_t b, int64_t h) {
        factors.weigh(head, s, b, h);
        gather(from, s.width, b, h, head.d_out());
        head.pull(to_q.row(b, 0, h * s.width), to_q.stride);
        scatter(head.d_k(), s.width, b, h, to_k);
        scatter(head.d_v(), s.width, b, h, to_v);
      });
    });
    return {d_q, d_k, d_v, {}, {}, {}, {}, {}};
  }

 private:
  // The beginning, where there is one, attends to itself; then sequences do, to it and to themselves.
  template <typename Work>
  static void for_each_part(AutogradContext* context, const at::Tensor& q, const at::Tensor& k, const at::Tensor& mask,
                            const Work& work) {
    const int64_t heads = context->saved_data["heads"].toInt(), width = q.size(2) / heads;
    const double scale = context->saved_data["scale"].toDouble();
    const int64_t beginning = context->saved_data["beginning"].toInt(), count = context->saved_data["count"].toInt();
    if (beginning == 0) {
      work(Sequences{q.size(0), 0, q.size(1), k.size(1), heads, width, scale},
           MaskView(mask, {q.size(0), heads, q.size(1), k.size(1)}));
      return;
    }
    const int64_t own = (q.size(1) - beginning) / count, all = beginning + own;
    const MaskView view(mask, {count, heads, all, all});
    work(Sequences{1, 0, beginning, beginning, heads, width, scale}, view);
    work(Sequences{count, beginning, own, own, heads, width, scale}, view);
  }
};

}  // namespace

std::optional<at::Tensor> short_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, int64_t heads,
                                          const at::Tensor& mask, double scale, const SharedBeginning& beginning) {
  const int64_t keys = beginning.rows + (k.size(1) - beginning.rows) / beginning.sequences;
  if (!is_float32_attention(q, k, v, mask) || keys > kShortKeys || q.size(2) / heads % kLanes != 0) return {};
  const auto in_rows = [](const at::Tensor& x) { return x.stride(2) == 1 ? x : x.contiguous(); };
  return ShortAttention::apply(in_rows(q), in_rows(k), in_rows(v),
                               mask.defined() ? c10::make_optional(mask) : c10::nullopt, heads, scale, beginning.rows,
                               beginning.sequences);
}

}  // namespace epalm::nn
