#include "epalm/base/error.h"
#include "epalm/nn/dot_kernels.h"

// For processors of another kind, of which has_dot_products() is false.
namespace epalm::nn {

void prepare(const Int8Operand&) {
  EPALM_ASSERT(false);
}
void prepare(const PairedOperand&, const float*) {
  EPALM_ASSERT(false);
}
void multiply(const PackedMatrix&, const Int8Operand&, const float*, int64_t, int64_t, float*) {
  EPALM_ASSERT(false);
}
void multiply(const PackedMatrix&, const PairedOperand&, const float*, int64_t, int64_t, float*) {
  EPALM_ASSERT(false);
}
void multiply(const PackedMatrix&, const BFloat16Operand&, const float*, int64_t, int64_t, float*) {
  EPALM_ASSERT(false);
}

}  // namespace epalm::nn
