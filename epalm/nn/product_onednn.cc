#include <oneapi/dnnl/dnnl.hpp>

#include <atomic>
#include <optional>
#include <tuple>

#include "epalm/base/error.h"
#include "epalm/nn/bfloat16_products.h"
#include "epalm/nn/onednn_plans.h"
#include "epalm/nn/product.h"
#include "epalm/nn/product_libtorch.h"

namespace epalm::nn {
namespace {

using dnnl::memory;

std::atomic<bool> rounds_operands{false};

memory::data_type data_type(const at::Tensor& t) {
  return t.scalar_type() == at::kBFloat16 ? memory::data_type::bf16 : memory::data_type::f32;
}

bool one_unit_stride(const at::Tensor& t) {
  return (t.stride(1) == 1 && t.stride(0) >= t.size(1)) || (t.stride(0) == 1 && t.stride(1) >= t.size(0));
}

memory::desc describe(const at::Tensor& t) {
  return {{t.size(0), t.size(1)}, data_type(t), memory::dims{t.stride(0), t.stride(1)}};
}

using Key = std::tuple<int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int, int, bool, Finish>;

struct Planned {
  dnnl::matmul primitive;
  memory::desc a, b, bias, out;
};

// Empty where this CPU cannot run the product (bfloat16 without AVX-512).
std::optional<Planned> planned(const at::Tensor& a, const at::Tensor& b, bool with_bias, Finish finish) {
  Planned plan;
  plan.a = describe(a);
  plan.b = describe(b);
  const auto out_type = finish == Finish::kNone ? memory::data_type::f32 : memory::data_type::bf16;
  plan.out = {{a.size(0), b.size(1)}, out_type, memory::format_tag::ab};
  dnnl::primitive_attr attributes;
  if (finish == Finish::kGeluAndRound || finish == Finish::kReluAndRound) {
    dnnl::post_ops last;
    last.append_eltwise(
        1, finish == Finish::kGeluAndRound ? dnnl::algorithm::eltwise_gelu_erf : dnnl::algorithm::eltwise_relu, 0, 0);
    attributes.set_post_ops(last);
  }
  if (with_bias) plan.bias = {{1, b.size(1)}, memory::data_type::f32, memory::format_tag::ab};
  try {
    const auto descriptor = with_bias ? dnnl::matmul::desc(plan.a, plan.b, plan.bias, plan.out)
                                      : dnnl::matmul::desc(plan.a, plan.b, plan.out);
    plan.primitive = dnnl::matmul(dnnl::matmul::primitive_desc(descriptor, attributes, onednn_engine()));
  } catch (const dnnl::error& error) {
    if (error.status == dnnl_unimplemented) return std::nullopt;
    throw;
  }
  return plan;
}

}  // namespace

Bfloat16Products::Bfloat16Products() {
  rounds_operands = true;
}
Bfloat16Products::~Bfloat16Products() {
  rounds_operands = false;
}

at::Tensor product(const at::Tensor& a, const at::Tensor& b, const at::Tensor& bias, Finish finish) {
  EPALM_ASSERT(a.dim() == 2 && b.dim() == 2 && a.size(1) == b.size(0));
  const auto known = [](const at::Tensor& t) {
    return t.device().is_cpu() && (t.scalar_type() == at::kFloat || t.scalar_type() == at::kBFloat16);
  };
  if (!known(a) || !known(b) || a.numel() == 0 || b.numel() == 0) return product_libtorch(a, b, bias, finish);
  const auto operand = [](const at::Tensor& t) {
    const at::Tensor rounded = rounds_operands ? t.to(at::kBFloat16) : t;
    return one_unit_stride(rounded) ? rounded : rounded.contiguous();
  };
  const at::Tensor left = operand(a);
  const at::Tensor right = operand(b);
  if (left.scalar_type() == at::kBFloat16 && suits_bfloat16_products(left, right))
    return bfloat16_product(left, right, bias, finish);
  const Key key{left.size(0),
                left.size(1),
                right.size(1),
                left.stride(0),
                left.stride(1),
                right.stride(0),
                right.stride(1),
                static_cast<int>(left.scalar_type()),
                static_cast<int>(right.scalar_type()),
                bias.defined(),
                finish};
  thread_local Plans<Key, std::optional<Planned>> plans;
  const auto& plan = plans.get(key, [&] { return planned(left, right, bias.defined(), finish); });
  if (!plan) return product_libtorch(left, right, bias, finish);

  at::Tensor out = at::empty({left.size(0), right.size(1)}, finish == Finish::kNone ? at::kFloat : at::kBFloat16);
  thread_local dnnl::stream stream(onednn_engine());
  std::unordered_map<int, memory> arguments{{DNNL_ARG_SRC, memory(plan->a, onednn_engine(), left.data_ptr())},
                                            {DNNL_ARG_WEIGHTS, memory(plan->b, onednn_engine(), right.data_ptr())},
                                            {DNNL_ARG_DST, memory(plan->out, onednn_engine(), out.data_ptr())}};
  at::Tensor row;  // kept alive until the stream is done
  if (bias.defined()) {
    row = bias.to(at::kFloat).contiguous();
    arguments.emplace(DNNL_ARG_BIAS, memory(plan->bias, onednn_engine(), row.data_ptr()));
  }
  plan->primitive.execute(stream, arguments);
  stream.wait();
  return out;
}

std::string product_backend() {
  const auto* version = dnnl::version();
  return fmt::format("oneDNN {}.{}.{} (isa {:#x})", version->major, version->minor, version->patch,
                     static_cast<unsigned>(dnnl::get_effective_cpu_isa()));
}

}  // namespace epalm::nn
