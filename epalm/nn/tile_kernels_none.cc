#include "epalm/base/error.h"
#include "epalm/nn/tile_kernels.h"

// For processors and systems of another kind.
namespace epalm::nn {

bool may_use_tiles() {
  return false;
}

bool has_tile_kernels() {
  return false;
}

TilesOfThread::TilesOfThread(int64_t) {
  EPALM_ASSERT(false);
}
TilesOfThread::~TilesOfThread() = default;

void pack_left(const TileSource<uint16_t>&, uint16_t*) {
  EPALM_ASSERT(false);
}
void pack_left(const TileSource<float>&, uint16_t*) {
  EPALM_ASSERT(false);
}
void pack_right(const TileSource<uint16_t>&, uint16_t*) {
  EPALM_ASSERT(false);
}
void pack_right(const TileSource<float>&, uint16_t*) {
  EPALM_ASSERT(false);
}
void pack_right_rows(const TileSource<uint16_t>&, int64_t, uint16_t*) {
  EPALM_ASSERT(false);
}
void multiply_pairs(const uint16_t*, const uint16_t*, int64_t, bool, Wanted&, float*) {
  EPALM_ASSERT(false);
}
void multiply_rows(const TileSource<uint16_t>&, const uint16_t*, int64_t, float*) {
  EPALM_ASSERT(false);
}
void write_block_of_rows(const float*, const ProductTarget&) {
  EPALM_ASSERT(false);
}
void write_block(const float*, const ProductTarget&) {
  EPALM_ASSERT(false);
}
void write_block_transposed(const float*, const ProductTarget&) {
  EPALM_ASSERT(false);
}

}  // namespace epalm::nn
