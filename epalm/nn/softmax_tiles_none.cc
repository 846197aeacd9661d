#include "epalm/base/error.h"
#include "epalm/nn/softmax_tiles.h"

namespace epalm::nn {

void softmax_blocks(const float*, int64_t, float, uint16_t*, float*) {
  EPALM_ASSERT(false);
}

}  // namespace epalm::nn
