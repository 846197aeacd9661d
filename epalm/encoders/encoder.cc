#include "epalm/encoders/encoder.h"

#include "epalm/base/error.h"

namespace epalm::encoders {

at::Tensor Encoder::cls_states(const at::Tensor& media, int64_t n, bool training) const {
  require(n >= 1 && n <= depth(), "injected_hidden_states: expected 1..{} (the encoder's depth), got {}", depth(), n);
  std::vector<at::Tensor> rows;
  int64_t block = 0;
  const auto observe = [&](const at::Tensor& state) {
    if (block++ >= depth() - n) rows.push_back(state.select(1, 0));  // [B,Dv]
  };
  run_blocks(media, observe, training, LastRows::kCls);
  return normalise(at::stack(rows, 1));  // [B,n,Dv]
}

at::Tensor Encoder::last_tokens(const at::Tensor& media, bool training) const {
  at::Tensor last;
  run(
      media, [&](const at::Tensor& state) { last = state; }, training);
  return normalise(last);
}

}  // namespace epalm::encoders
