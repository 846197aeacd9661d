#include <oneapi/dnnl/dnnl.hpp>

#include <tuple>

#include "epalm/base/error.h"
#include "epalm/nn/cpu_isa.h"
#include "epalm/nn/int8_sums.h"
#include "epalm/nn/int8_sums_libtorch.h"
#include "epalm/nn/onednn_plans.h"

namespace epalm::nn {
namespace {

using dnnl::memory;

using SumsKey = std::tuple<int64_t, int64_t, int64_t>;

struct PlannedSums {
  dnnl::matmul primitive;
  memory::desc a, b, out;
};

PlannedSums planned_sums(int64_t rows, int64_t terms, int64_t columns) {
  PlannedSums plan;
  plan.a = {{rows, terms}, memory::data_type::s8, memory::format_tag::ab};
  plan.b = {{terms, columns}, memory::data_type::s8, memory::format_tag::ba};
  plan.out = {{rows, columns}, memory::data_type::s32, memory::format_tag::ab};
  plan.primitive =
      dnnl::matmul(dnnl::matmul::primitive_desc(dnnl::matmul::desc(plan.a, plan.b, plan.out), onednn_engine()));
  return plan;
}

}  // namespace

bool adds_up_int8() {
  return cpu_adds_up_int8();
}

at::Tensor int8_sums(const at::Tensor& a, const at::Tensor& b) {
  EPALM_ASSERT(a.dim() == 2 && b.dim() == 2 && a.size(1) == b.size(1) && a.size(1) <= kMostInt8Terms);
  EPALM_ASSERT(a.scalar_type() == at::kChar && b.scalar_type() == at::kChar && a.is_contiguous() && b.is_contiguous());
  if (!adds_up_int8()) return int8_sums_libtorch(a, b);  // older instructions lose bits of large sums
  at::Tensor out = at::empty({a.size(0), b.size(0)}, at::kInt);
  if (a.numel() == 0 || b.numel() == 0) return out.zero_();
  thread_local Plans<SumsKey, PlannedSums> plans;
  thread_local dnnl::stream stream(onednn_engine());
  const auto& plan =
      plans.get({a.size(0), a.size(1), b.size(0)}, [&] { return planned_sums(a.size(0), a.size(1), b.size(0)); });
  plan.primitive.execute(stream, {{DNNL_ARG_SRC, memory(plan.a, onednn_engine(), a.data_ptr())},
                                  {DNNL_ARG_WEIGHTS, memory(plan.b, onednn_engine(), b.data_ptr())},
                                  {DNNL_ARG_DST, memory(plan.out, onednn_engine(), out.data_ptr())}});
  stream.wait();
  return out;
}

}  // namespace epalm::nn
