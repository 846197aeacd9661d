#include "epalm/base/error.h"
#include "epalm/nn/panels.h"

// For processors of another kind.
namespace epalm::nn {

void pack_panel_of_rows(const PanelSource<int8_t>&, uint8_t*) {
  EPALM_ASSERT(false);
}
void pack_panel_of_columns(const PanelSource<int8_t>&, uint8_t*) {
  EPALM_ASSERT(false);
}
void pack_panel_of_rows(const PanelSource<uint16_t>&, uint8_t*) {
  EPALM_ASSERT(false);
}
void pack_panel_of_columns(const PanelSource<uint16_t>&, uint8_t*) {
  EPALM_ASSERT(false);
}
void round_groups(const float*, int64_t, const float*, int64_t, int64_t, const GroupedRows&) {
  EPALM_ASSERT(false);
}
void round_rows(const float*, int64_t, int64_t, int64_t, int64_t, int64_t, uint16_t*) {
  EPALM_ASSERT(false);
}
void multiply_panel(const GroupedRows&, int64_t, int64_t, int64_t, int64_t, const uint8_t*, bool, Wanted, float*) {
  EPALM_ASSERT(false);
}
void multiply_panel(const Bfloat16Rows&, int64_t, int64_t, int64_t, int64_t, const uint8_t*, bool, Wanted, float*) {
  EPALM_ASSERT(false);
}
void write_int8_panel(const float*, const Int8Target&) {
  EPALM_ASSERT(false);
}
void write_bfloat16_panel(const float*, const ProductTarget&) {
  EPALM_ASSERT(false);
}

}  // namespace epalm::nn
