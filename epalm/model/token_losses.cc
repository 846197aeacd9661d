#include "epalm/model/token_losses.h"

#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <limits>

#include "epalm/base/shapes.h"
#include "epalm/nn/product.h"

namespace epalm::model {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// What rows first … first + count - 1 make of x, -inf where a row meets its own target: that term is known beforehand.
at::Tensor logits_of_others(const at::Tensor& x, const nn::MatrixRows& weight, const at::Tensor& targets, int64_t first,
                            int64_t count) {
  at::Tensor logits = weight.times(x, first, count);  // [R,count]
  const at::Tensor own = ((targets >= first) & (targets < first + count)).nonzero().squeeze(1);
  logits.index_put_({own, targets.index_select(0, own) - first},
                    at::scalar_tensor(-std::numeric_limits<double>::infinity(), logits.options()));
  return logits;
}

struct TokenLosses : torch::autograd::Function<TokenLosses> {
  // trained: weight's own tensor, where it has one.
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const c10::optional<at::Tensor>& trained,
                            const nn::MatrixRows& weight, const at::Tensor& targets, int64_t block, bool x_trains,
                            bool weight_trains) {
    // Rounded once for all blocks, and for the targets' logits too, which are what a product gives.
    const at::Tensor operand = weight.dense().defined() ? nn::as_operand(x, weight.dense()) : x;
    const at::Tensor wanted_rows = weight.select(targets).to(x.scalar_type());                       // [R,W]
    const at::Tensor wanted = (operand.to(x.scalar_type()) * wanted_rows).sum(1, /*keepdim=*/true);  // [R,1]
    at::Tensor most = wanted;                    // the largest logit so far
    at::Tensor others = at::zeros_like(wanted);  // the sum of exp(logit - most) over all but the target
    at::Tensor pulled = at::zeros_like(x_trains ? wanted_rows : wanted);  // the same sum, each term times its row of W
    for (int64_t first = 0; first < weight.rows(); first += block) {
      const int64_t count = std::min(block, weight.rows() - first);
      const at::Tensor logits = logits_of_others(operand, weight, targets, first, count);
      const at::Tensor larger = at::maximum(most, logits.amax(1, /*keepdim=*/true));
      const at::Tensor shrunk = (most - larger).exp_();
      const at::Tensor terms = (logits - larger).exp_();  // [R,block]
      others.mul_(shrunk).add_(terms.sum(1, /*keepdim=*/true));
      if (x_trains) pulled.mul_(shrunk).add_(weight.gradient_times(terms, first, count));
      most = larger;
    }
    const at::Tensor sum = others + (wanted - most).exp();
    // d loss / dx = Σ p W - W[target]; with 1 - p of the target as the others' share, nothing cancels where it is
    // small.
    at::Tensor slope;
    if (x_trains) slope = pulled.sub_(wanted_rows * others).div_(sum);
    const at::Tensor log_sum = most + sum.log();  // [R,1]
    context->saved_data["block"] = block;
    context->save_for_backward(weight_trains ? variable_list{slope, x, *trained, targets, log_sum, others / sum}
                                             : variable_list{slope});
    return (log_sum - wanted).squeeze(1);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor by_row = gradients[0].unsqueeze(1);  // [R,1]
    at::Tensor dx, dw;
    if (saved[0].defined()) dx = saved[0] * by_row;
    if (saved.size() > 1) {
      const at::Tensor &x = saved[1], &weight = saved[2], &targets = saved[3];
      const int64_t block = context->saved_data["block"].toInt();
      const at::Tensor operand = nn::as_operand(x, weight);
      dw = at::empty(weight.sizes(), x.options());
      for (int64_t first = 0; first < weight.size(0); first += block) {
        const int64_t count = std::min(block, weight.size(0) - first);
        const at::Tensor logits = logits_of_others(operand, weight, targets, first, count);
        const at::Tensor pulls = (logits - saved[4]).exp_().mul_(by_row);  // [R,block]
        dw.slice(0, first, first + count).copy_(nn::product(pulls.t(), x));
      }
      dw.index_add_(0, targets, x * (saved[5] * by_row), -1);
      dw = dw.to(weight.scalar_type());
    }
    return {dx, dw, {}, {}, {}, {}, {}};
  }
};

}  // namespace

at::Tensor token_losses(const at::Tensor& x, const nn::MatrixRows& weight, const at::Tensor& targets, int64_t block) {
  check_shape(x, {kAny, weight.columns()}, "states that predict");
  check_shape(targets, {x.size(0)}, "targets");
  EPALM_ASSERT(block > 0);
  if (x.size(0) == 0) return x.sum(1);
  const bool records = at::GradMode::is_enabled();
  const auto trained = weight.dense().defined() ? c10::make_optional(weight.dense()) : c10::nullopt;
  return TokenLosses::apply(x, trained, weight, targets, block, records && x.requires_grad(),
                            records && trained && trained->requires_grad());
}

}  // namespace epalm::model
