#include "epalm/nn/product_libtorch.h"

#include "epalm/base/error.h"
#include "epalm/nn/bfloat16_products.h"
#include "epalm/nn/product.h"

namespace epalm::nn {

at::Tensor product(const at::Tensor& a, const at::Tensor& b, const at::Tensor& bias, Finish finish) {
  EPALM_ASSERT(a.dim() == 2 && b.dim() == 2 && a.size(1) == b.size(0));
  return a.scalar_type() == at::kBFloat16 && suits_bfloat16_products(a, b) ? bfloat16_product(a, b, bias, finish)
                                                                           : product_libtorch(a, b, bias, finish);
}

Bfloat16Products::Bfloat16Products() = default;
Bfloat16Products::~Bfloat16Products() = default;

std::string product_backend() {
  return "libtorch";
}

}  // namespace epalm::nn
