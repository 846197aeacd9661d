#include <ATen/EmptyTensor.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "epalm/base/shapes.h"
#include "epalm/nn/attention.h"
#include "epalm/nn/mask_view.h"
#include "epalm/nn/vectors.h"

namespace epalm::nn {
namespace {

constexpr int64_t kTasksOfAThread = 2;

bool is_plain(const at::Tensor& t) {
  return t.device().is_cpu() && t.scalar_type() == at::kFloat;
}

EPALM_INLINE float dot(const float* a, const float* b, int64_t count) {
  Floats sums{}, left, right;
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    load(left, a + i);
    load(right, b + i);
    sums += left * right;
  }
  float sum = sum_of(sums);
  for (; i < count; ++i) sum += a[i] * b[i];
  return sum;
}

// In place; not-a-number where every score is -inf, as of at::softmax.
void softmax(float* scores, int64_t count) {
  const float most = *std::max_element(scores, scores + count);
  float sum = 0;
  for (int64_t i = 0; i < count; ++i) sum += scores[i] = std::exp(scores[i] - most);
  for (int64_t i = 0; i < count; ++i) scores[i] /= sum;
}

// Where keys or values of a sequence lie: row p is from[p].
using Places = std::vector<const float*>;

// Adds the product of a query [H·d] and each key to scores [H,Tk].
EPALM_CPU_CLONES void add_scores(const float* query, const Places& keys, int64_t heads, int64_t head_width,
                                 float* scores) {
  const auto count = std::ssize(keys);
  for (int64_t p = 0; p < count; ++p) {
    for (int64_t h = 0; h < heads; ++h) {
      scores[h * count + p] += dot(query + h * head_width, keys[p] + h * head_width, head_width);
    }
  }
}

// Adds the values, each times its weight [H,Tk], to mixed [H·d].
EPALM_CPU_CLONES void mix(const float* weights, const Places& values, int64_t heads, int64_t head_width, float* mixed) {
  const auto count = std::ssize(values);
  for (int64_t p = 0; p < count; ++p) {
    const float* value = values[p];
    for (int64_t h = 0; h < heads; ++h) {
      const float weight = weights[h * count + p];
      for (int64_t c = h * head_width; c < (h + 1) * head_width; ++c) mixed[c] += weight * value[c];
    }
  }
}

}  // namespace

void keep(const KeptRows& kept, const at::Tensor& k, const at::Tensor& v, int64_t first) {
  const auto put = [&](const at::Tensor& store, const at::Tensor& rows) {
    const int64_t batch = rows.size(0), count = rows.size(1), width = rows.size(2), stride = store.size(1) * width;
    EPALM_ASSERT(first + count <= store.size(0) && batch <= store.size(1));
    if (!is_plain(store) || !is_plain(rows) || !store.is_contiguous() || rows.stride(2) != 1) {
      store.narrow(0, first, count).narrow(1, 0, batch).copy_(rows.transpose(0, 1));
      return;
    }
    const auto* from = rows.data_ptr<float>();
    float* to = store.data_ptr<float>() + first * stride;
    for (int64_t p = 0; p < count; ++p) {
      for (int64_t b = 0; b < batch; ++b) {
        std::copy_n(from + b * rows.stride(0) + p * rows.stride(1), width, to + p * stride + b * width);
      }
    }
  };
  put(kept.keys, k);
  put(kept.values, v);
}

at::Tensor attention_gathered(const at::Tensor& q, const KeptRows& kept, int64_t heads, const at::Tensor& mask) {
  const at::Tensor position = at::arange(kept.index.size(1), kept.index.options());
  const auto gathered = [&](const at::Tensor& store) { return store.index({position, kept.index}); };  // [B,Tk,H·d]
  return attention(q, gathered(kept.keys), gathered(kept.values), heads, mask);
}

at::Tensor attention(const at::Tensor& q, const KeptRows& kept, int64_t heads, const at::Tensor& mask) {
  if (!is_plain(q) || !is_plain(kept.keys) || (mask.defined() && !is_plain(mask)))
    return attention_gathered(q, kept, heads, mask);
  const int64_t batch = q.size(0), queries = q.size(1), width = q.size(2), keys = kept.index.size(1);
  const int64_t head_width = width / heads, rows = kept.keys.size(1);
  EPALM_ASSERT(width % heads == 0 && keys <= kept.keys.size(0));
  check_shape(kept.keys, {kAny, kAny, width}, "kept keys");
  check_shape(kept.values, {kept.keys.size(0), rows, width}, "kept values");
  check_shape(kept.index, {batch, kAny}, "index of kept rows");
  const auto lying = [](const at::Tensor& t) { return t.is_contiguous() ? t : t.contiguous(); };
  const at::Tensor from = lying(q), index = lying(kept.index);
  const MaskView added(mask, {batch, heads, queries, keys});
  const at::Tensor out = at::detail::empty_cpu(q.sizes(), at::kFloat);
  const float *query = from.data_ptr<float>(), *key = kept.keys.data_ptr<float>(),
              *value = kept.values.data_ptr<float>();
  const int64_t* where = index.data_ptr<int64_t>();
  float* mixed = out.data_ptr<float>();
  // So many heads at a time that a single query keeps every thread busy.
  const int64_t groups = std::clamp<int64_t>(kTasksOfAThread * at::get_num_threads() / (batch * queries), 1, heads);
  at::parallel_for(0, batch * queries * groups, 1, [&](int64_t begin, int64_t end) {
    std::vector<float> weights;  // [H,Tk]
    for (int64_t task = begin; task < end; ++task) {
      const int64_t row = task / groups, b = row / queries, i = row % queries;
      const int64_t first = task % groups * heads / groups, last = (task % groups + 1) * heads / groups;
      const int64_t count = last - first, column = first * head_width;
      const auto places = [&](const float* store) {
        Places rows_of_b;
        for (int64_t p = 0; p < keys; ++p)
          rows_of_b.push_back(store + (p * rows + where[b * keys + p]) * width + column);
        return rows_of_b;
      };
      weights.resize(static_cast<size_t>(count * keys));
      std::fill(weights.begin(), weights.end(), 0.0F);
      for (int64_t h = 0; added.defined() && h < count; ++h) {
        const float* from_mask = added.row(b, first + h, i);
        for (int64_t p = 0; p < keys; ++p)
          weights[static_cast<size_t>(h * keys + p)] = from_mask[p * added.key_stride()];
      }
      add_scores(query + row * width + column, places(key), count, head_width, weights.data());
      for (int64_t h = 0; h < count; ++h) softmax(weights.data() + h * keys, keys);
      std::fill_n(mixed + row * width + column, count * head_width, 0.0F);
      mix(weights.data(), places(value), count, head_width, mixed + row * width + column);
    }
  });
  return out;  // [B,Tq,H·d]
}

}  // namespace epalm::nn
