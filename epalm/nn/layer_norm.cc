#include "epalm/nn/layer_norm.h"

#include <ATen/EmptyTensor.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>

#include "epalm/base/shapes.h"
#include "epalm/nn/vectors.h"

namespace epalm::nn {
namespace {

EPALM_INLINE float mean_square(const float* x, int64_t count, float mean) {
  Floats sums{}, numbers;
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    load(numbers, x + i);
    numbers -= mean;
    sums += numbers * numbers;
  }
  float sum = sum_of(sums);
  for (; i < count; ++i) sum += (x[i] - mean) * (x[i] - mean);
  return sum / static_cast<float>(count);
}

EPALM_INLINE float mean_of(const float* x, int64_t count) {
  Floats sums{}, numbers;
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    load(numbers, x + i);
    sums += numbers;
  }
  float sum = sum_of(sums);
  for (; i < count; ++i) sum += x[i];
  return sum / static_cast<float>(count);
}

// What a row is shifted and multiplied by.
struct Moments {
  float mean, inverse;
};

EPALM_CPU_CLONES Moments normalize(const float* x, int64_t count, const float* weight, const float* bias, float eps,
                                   float* out) {
  const float mean = mean_of(x, count);
  const float variance = mean_square(x, count, mean);
  // Of numbers whose squares overflow it is infinite: they become not-a-number, which is noticed, instead of zeros.
  const float inverse = 1 / std::sqrt(variance + eps) + (variance - variance);
  for (int64_t i = 0; i < count; ++i) out[i] = (x[i] - mean) * inverse * weight[i] + bias[i];
  return {mean, inverse};
}

// The gradient of a row: dy through the norm, and what is added to it, if anything.
EPALM_CPU_CLONES void normalize_gradient(const float* dy, const float* x, int64_t count, const float* weight,
                                         Moments of_row, const float* added, float* out) {
  const float mean = of_row.mean, inverse = of_row.inverse;
  Floats pulls{}, turns{}, pull, number, scale;
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    load(pull, dy + i);
    load(number, x + i);
    load(scale, weight + i);
    pull *= scale;
    pulls += pull;
    turns += pull * ((number - mean) * inverse);
  }
  float pulled = sum_of(pulls), turned = sum_of(turns);
  for (; i < count; ++i) {
    pulled += dy[i] * weight[i];
    turned += dy[i] * weight[i] * ((x[i] - mean) * inverse);
  }
  pulled /= static_cast<float>(count);
  turned /= static_cast<float>(count);
  for (i = 0; i < count; ++i) {
    const float d = (dy[i] * weight[i] - pulled - (x[i] - mean) * inverse * turned) * inverse;
    out[i] = added == nullptr ? d : d + added[i];
  }
}

// moments: [2,rows], or undefined where nobody asks for them.
at::Tensor normalized(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, double eps,
                      const at::Tensor& moments = {}) {
  const int64_t width = weight.size(0), rows = x.numel() / width;
  at::Tensor out = at::detail::empty_cpu(x.sizes(), at::kFloat);
  const float *from = x.data_ptr<float>(), *scale = weight.data_ptr<float>(), *shift = bias.data_ptr<float>();
  float *to = out.data_ptr<float>(), *found = moments.defined() ? moments.data_ptr<float>() : nullptr;
  at::parallel_for(0, rows, std::max<int64_t>(1, kNumbersOfATask / width), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const Moments of_row =
          normalize(from + row * width, width, scale, shift, static_cast<float>(eps), to + row * width);
      if (found == nullptr) continue;
      found[row] = of_row.mean;
      found[rows + row] = of_row.inverse;
    }
  });
  return out;
}

at::Tensor normalized_gradient(const at::Tensor& dy, const at::Tensor& x, const at::Tensor& weight,
                               const at::Tensor& moments, const at::Tensor& added) {
  const int64_t width = weight.size(0), rows = x.numel() / width;
  at::Tensor out = at::empty_like(x);
  const float *pull = dy.data_ptr<float>(), *from = x.data_ptr<float>(), *scale = weight.data_ptr<float>();
  const float *found = moments.data_ptr<float>(), *sum = added.defined() ? added.data_ptr<float>() : nullptr;
  float* to = out.data_ptr<float>();
  at::parallel_for(0, rows, std::max<int64_t>(1, kNumbersOfATask / width), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const int64_t at = row * width;
      normalize_gradient(pull + at, from + at, width, scale, {found[row], found[rows + row]},
                         sum == nullptr ? nullptr : sum + at, to + at);
    }
  });
  return out;
}

// Gives x too.
struct Normalized : torch::autograd::Function<Normalized> {
  static torch::autograd::variable_list forward(torch::autograd::AutogradContext* context, const at::Tensor& x,
                                                const at::Tensor& weight, const at::Tensor& bias, double eps) {
    const at::Tensor moments = at::empty({2, x.numel() / weight.size(0)});
    context->save_for_backward({x, weight, bias, moments});
    context->set_materialize_grads(false);
    return {x, normalized(x, weight, bias, eps, moments)};
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &weight = saved[1], &bias = saved[2], &moments = saved[3];
    if (!gradients[1].defined()) return {gradients[0], {}, {}, {}};
    const at::Tensor dy = gradients[1].contiguous(),
                     around = gradients[0].defined() ? gradients[0].contiguous() : at::Tensor();
    const bool trains = context->needs_input_grad(1) || context->needs_input_grad(2);
    if (!trains) return {normalized_gradient(dy, x, weight, moments, around), {}, {}, {}};
    const auto [dx, dw, db] = at::native_layer_norm_backward(
        dy, x, weight.sizes(), moments[0], moments[1], weight, bias,
        {context->needs_input_grad(0), context->needs_input_grad(1), context->needs_input_grad(2)});
    return {dx.defined() && around.defined() ? dx + around : dx, dw, db, {}};
  }
};

bool in_float32(const at::Tensor& t) {
  return t.device().is_cpu() && t.scalar_type() == at::kFloat && t.is_contiguous();
}

}  // namespace

LayerNorm::LayerNorm(at::Tensor weight, at::Tensor bias, double eps)
    : weight_(std::move(weight)), bias_(std::move(bias)), eps_(eps) {
  check_shape(weight_, {kAny}, "LayerNorm weight");
  check_shape(bias_, {weight_.size(0)}, "LayerNorm bias");
}

std::pair<at::Tensor, at::Tensor> LayerNorm::beside(const at::Tensor& x) const {
  if (!in_float32(x) || !in_float32(weight_) || !in_float32(bias_)) {
    return {x, at::layer_norm(x, {weight_.size(0)}, weight_.to(x.scalar_type()), bias_.to(x.scalar_type()), eps_)};
  }
  EPALM_ASSERT(x.size(-1) == weight_.size(0));
  const bool recorded =
      at::GradMode::is_enabled() && (x.requires_grad() || weight_.requires_grad() || bias_.requires_grad());
  if (!recorded) return {x, normalized(x, weight_, bias_, eps_)};
  const auto both = Normalized::apply(x, weight_, bias_, eps_);
  return {both[0], both[1]};
}

}  // namespace epalm::nn
