#include <ATen/Parallel.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "epalm/base/shapes.h"
#include "epalm/nn/attention.h"

namespace epalm::nn {
namespace {

// Several partial sums, so that compilers may use vector registers without reordering a sum themselves.
float dot(const float* a, const float* b, int64_t count) {
  constexpr int64_t kLanes = 16;
  std::array<float, kLanes> sums{};
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (int64_t lane = 0; lane < kLanes; ++lane) sums[lane] += a[i + lane] * b[i + lane];
  }
  float sum = 0;
  for (; i < count; ++i) sum += a[i] * b[i];
  for (const float lane : sums) sum += lane;
  return sum;
}

// In place; not-a-number where every score is -inf, as of at::softmax.
void softmax(float* scores, int64_t count) {
  const float most = *std::max_element(scores, scores + count);
  float sum = 0;
  for (int64_t i = 0; i < count; ++i) sum += scores[i] = std::exp(scores[i] - most);
  for (int64_t i = 0; i < count; ++i) scores[i] /= sum;
}

}  // namespace

void keep(const KeptRows& kept, const at::Tensor& k, const at::Tensor& v, int64_t first) {
  const auto put = [&](const at::Tensor& store, const at::Tensor& rows) {
    EPALM_ASSERT(first + rows.size(1) <= store.size(0) && rows.size(0) <= store.size(1));
    store.narrow(0, first, rows.size(1)).narrow(1, 0, rows.size(0)).copy_(rows.transpose(0, 1));
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
  const auto plain = [](const at::Tensor& t) { return t.device().is_cpu() && t.scalar_type() == at::kFloat; };
  if (!plain(q) || !plain(kept.keys) || (mask.defined() && !plain(mask)))
    return attention_gathered(q, kept, heads, mask);
  const int64_t batch = q.size(0), queries = q.size(1), width = q.size(2), keys = kept.index.size(1);
  const int64_t head_width = width / heads, rows = kept.keys.size(1);
  EPALM_ASSERT(width % heads == 0 && keys <= kept.keys.size(0));
  check_shape(kept.keys, {kAny, kAny, width}, "kept keys");
  check_shape(kept.values, {kept.keys.size(0), rows, width}, "kept values");
  check_shape(kept.index, {batch, kAny}, "index of kept rows");
  const at::Tensor from = q.contiguous(), index = kept.index.contiguous();
  const at::Tensor added = (mask.defined() ? mask : at::zeros({1})).expand({batch, heads, queries, keys});
  at::Tensor out = at::zeros({batch, queries, width});
  const auto bias = added.accessor<float, 4>();
  const float *query = from.data_ptr<float>(), *key = kept.keys.data_ptr<float>(),
              *value = kept.values.data_ptr<float>();
  const int64_t* where = index.data_ptr<int64_t>();
  float* mixed = out.data_ptr<float>();
  at::parallel_for(0, batch * queries, 1, [&](int64_t begin, int64_t end) {
    std::vector<float> weights(static_cast<size_t>(heads * keys));  // [H,Tk]
    for (int64_t task = begin; task < end; ++task) {
      const int64_t b = task / queries, i = task % queries;
      const auto row_of = [&](const float* store, int64_t p) {
        return store + (p * rows + where[b * keys + p]) * width;
      };
      for (int64_t p = 0; p < keys; ++p) {
        const float *x = query + task * width, *y = row_of(key, p);
        for (int64_t h = 0; h < heads; ++h) {
          weights[h * keys + p] = dot(x + h * head_width, y + h * head_width, head_width) + bias[b][h][i][p];
        }
      }
      for (int64_t h = 0; h < heads; ++h) softmax(weights.data() + h * keys, keys);
      float* sum = mixed + task * width;
      for (int64_t p = 0; p < keys; ++p) {
        const float* y = row_of(value, p);
        for (int64_t h = 0; h < heads; ++h) {
          const float weight = weights[h * keys + p];
          for (int64_t c = h * head_width; c < (h + 1) * head_width; ++c) sum[c] += weight * y[c];
        }
      }
    }
  });
  return out;  // [B,Tq,H·d]
}

}  // namespace epalm::nn
