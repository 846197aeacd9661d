#include "epalm/nn/linear.h"

#include <torch/csrc/autograd/custom_function.h>

#include "epalm/base/shapes.h"
#include "epalm/nn/bfloat16_products.h"
#include "epalm/nn/cpu_isa.h"
#include "epalm/nn/dot_products.h"
#include "epalm/nn/packed_matrix.h"
#include "epalm/nn/product.h"

namespace epalm::nn {
namespace {

at::Tensor rows(const at::Tensor& x) {
  return x.reshape({-1, x.size(-1)});
}

std::optional<PackedMatrix> as_it_lies(const at::Tensor& weight) {
  const auto kept = [&](at::ScalarType type) { return weight.scalar_type() == type; };
  if ((!kept(at::kFloat) && !kept(at::kBFloat16)) || !weight.is_contiguous() || weight.size(1) % kFewColumns != 0)
    return {};
  return PackedMatrix{.format = kept(at::kFloat) ? PackedMatrix::Format::kFloat32 : PackedMatrix::Format::kBFloat16,
                      .values = weight.data_ptr(),
                      .rows = weight.size(0),
                      .columns = weight.size(1)};
}

// A few rows of a frozen matrix are read as they lie; nothing where another product suits them better.
std::optional<at::Tensor> product_of_few_rows(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  const auto matrix = as_it_lies(weight);
  if (!matrix) return {};
  const int64_t count = x.numel() / x.size(-1);
  if (count <= most_dot_rows(matrix->format)) return dot_product(x, *matrix, bias);
  if (matrix->format == PackedMatrix::Format::kBFloat16 && cpu_multiplies_tiles()) return {};
  if (count > kFewRows || x.scalar_type() != at::kFloat) return {};
  auto shape = x.sizes().vec();
  shape.back() = weight.size(0);
  return few_rows_product(rows(x).contiguous(), *matrix, bias).view(shape);
}

at::Tensor usable(const at::Tensor& weight) {
  return weight.scalar_type() == at::kHalf ? weight.to(at::kFloat) : weight;
}

// x [M,K] · w [K,N], x rounded as w is.
at::Tensor rounded_product(const at::Tensor& x, const at::Tensor& w, const at::Tensor& bias = {},
                           Finish finish = Finish::kNone) {
  return suits_bfloat16_products(x, w) ? bfloat16_product(x, w, bias, finish)
                                       : product(as_operand(x, w), w, bias, finish);
}

at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  if (const auto few = product_of_few_rows(x, weight, bias)) return *few;
  auto shape = x.sizes().vec();
  shape.back() = weight.size(0);
  return rounded_product(rows(x), usable(weight).t(), bias).view(shape);
}

at::Tensor linear(const at::Tensor& x, const QuantizedMatrix& matrix, const at::Tensor& bias, Inputs inputs) {
  auto shape = x.sizes().vec();
  shape.back() = matrix.out_features();
  return matrix.times(rows(x), bias, inputs).view(shape);
}

struct LinearFunction : torch::autograd::Function<LinearFunction> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x, const at::Tensor& weight,
                            const c10::optional<at::Tensor>& bias) {
    context->saved_data["weight_shape"] = weight.sizes().vec();
    const bool trains = weight.requires_grad();
    context->saved_data["bias_trains"] = bias && bias->requires_grad();
    context->save_for_backward({trains ? x : at::Tensor(), weight});
    return linear(x, weight, bias.value_or(at::Tensor()));
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor& x = saved[0];
    const at::Tensor w = usable(saved[1]);
    const at::Tensor dy = rows(gradients[0]);
    at::Tensor dx, dw, db;
    if (context->needs_input_grad(0)) {
      auto shape = gradients[0].sizes().vec();
      shape.back() = w.size(1);
      dx = rounded_product(dy, w).view(shape);
    }
    if (x.defined()) dw = product(dy.t(), rows(x)).to(saved[1].scalar_type());
    if (context->saved_data["bias_trains"].toBool()) db = dy.sum(0);
    return {dx, dw, db};
  }
};

struct QuantizedLinearFunction : torch::autograd::Function<QuantizedLinearFunction> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x,
                            const QuantizedMatrix& matrix, const c10::optional<at::Tensor>& bias, Inputs inputs) {
    context->save_for_backward({matrix.values(), matrix.scales()});
    return linear(x, matrix, bias.value_or(at::Tensor()), inputs);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const QuantizedMatrix matrix(saved[0], saved[1]);
    auto shape = gradients[0].sizes().vec();
    shape.back() = matrix.in_features();
    return {matrix.gradient_times(rows(gradients[0])).view(shape), {}, {}, {}};
  }
};

}  // namespace

Linear::Linear(at::Tensor weight, at::Tensor bias) : weight_(std::move(weight)), bias_(std::move(bias)) {
  check_shape(weight_, {kAny, kAny}, "Linear weight");
  if (bias_.defined()) check_shape(bias_, {weight_.size(0)}, "Linear bias");
}

Linear::Linear(const Weights& weights, const std::string& scope, Inputs inputs)
    : Linear(weights.at(scope + ".weight"),
             weights.contains(scope + ".bias") ? weights.at(scope + ".bias") : at::Tensor()) {
  if (const QuantizedMatrix* matrix = weights.quantized(scope + ".weight")) quantized_ = *matrix;
  inputs_ = inputs;
}

at::Tensor Linear::operator()(const at::Tensor& x) const {
  EPALM_ASSERT(x.size(-1) == in_features());
  const bool node = needs_node(x);
  if (quantized_ && !node) {
    const auto few = dots(x, {this});
    return few ? (*few)[0] : linear(x, *quantized_, bias_, inputs_);
  }
  const auto bias = bias_.defined() ? c10::make_optional(bias_) : c10::nullopt;
  if (quantized_) return QuantizedLinearFunction::apply(x, *quantized_, bias, inputs_);
  if (!x.device().is_cpu() || x.scalar_type() == at::kDouble) {
    return at::linear(x, weight_.to(x.scalar_type()), bias ? c10::make_optional(bias->to(x.scalar_type())) : bias);
  }
  return node ? LinearFunction::apply(x, weight_, bias) : linear(x, weight_, bias_);
}

// A node of the graph is not free where one row is multiplied.
bool Linear::needs_node(const at::Tensor& x) const {
  return at::GradMode::is_enabled() &&
         (x.requires_grad() || weight_.requires_grad() || (bias_.defined() && bias_.requires_grad()));
}

std::optional<PackedMatrix> Linear::packed() const {
  return quantized_ ? quantized_->packed() : as_it_lies(weight_);
}

std::optional<std::vector<at::Tensor>> Linear::dots(const at::Tensor& x, const std::vector<const Linear*>& layers) {
  std::vector<DotFactor> factors;
  for (const Linear* layer : layers) {
    const auto matrix = layer->packed();
    const bool joins = matrix && x.device().is_cpu() && x.scalar_type() == at::kFloat && !layer->needs_node(x) &&
                       layer->inputs_ == Inputs::kBFloat16 &&
                       x.numel() <= matrix->columns * most_dot_rows(matrix->format) &&
                       (factors.empty() || matrix->format == factors[0].matrix.format);
    if (!joins) return {};
    factors.push_back({*matrix, layer->bias_});
  }
  return dot_products(x, factors);
}

std::vector<at::Tensor> Linear::each(const at::Tensor& x, const std::vector<const Linear*>& layers) {
  if (auto joint = dots(x, layers)) return std::move(*joint);
  std::vector<at::Tensor> outs;
  for (const Linear* layer : layers) outs.push_back((*layer)(x));
  return outs;
}

at::Tensor Linear::finished(const at::Tensor& x, Finish finish) const {
  const bool fused = !quantized_ && weight_.scalar_type() == at::kBFloat16 && x.device().is_cpu() &&
                     !x.requires_grad() && !weight_.requires_grad() && !(bias_.defined() && bias_.requires_grad());
  if (!fused) {
    const at::Tensor y = (*this)(x);
    if (finish == Finish::kGeluAndRound) return at::gelu(y);
    return quantized_ && !y.requires_grad() ? y.to(at::kBFloat16) : y;
  }
  auto shape = x.sizes().vec();
  shape.back() = out_features();
  return rounded_product(rows(x), weight_.t(), bias_, finish).view(shape);
}

}  // namespace epalm::nn
