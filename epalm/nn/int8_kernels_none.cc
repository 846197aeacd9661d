#include "epalm/base/error.h"
#include "epalm/nn/int8_kernels.h"

// For processors of another kind.
namespace epalm::nn {

void round_groups(const float*, int64_t, const float*, int64_t, int64_t, const GroupedRows&) {
  EPALM_ASSERT(false);
}
void pack_panel_of_rows(const PanelSource&, uint8_t*) {
  EPALM_ASSERT(false);
}
void pack_panel_of_columns(const PanelSource&, uint8_t*) {
  EPALM_ASSERT(false);
}
void multiply_panel(const GroupedRows&, int64_t, int64_t, int64_t, int64_t, const uint8_t*, bool, Wanted&, float*) {
  EPALM_ASSERT(false);
}
void write_panel(const float*, const PanelTarget&) {
  EPALM_ASSERT(false);
}

}  // namespace epalm::nn
