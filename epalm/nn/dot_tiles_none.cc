#include "epalm/base/error.h"
#include "epalm/nn/dot_tiles.h"

// For processors and systems of another kind.
namespace epalm::nn {

void pack_block(const int8_t*, const float*, int64_t, int64_t, int8_t*, float*) {
  EPALM_ASSERT(false);
}
void multiply(const PackedMatrix&, const Int8Tiles&, const float*, int64_t, int64_t, float*) {
  EPALM_ASSERT(false);
}

}  // namespace epalm::nn
