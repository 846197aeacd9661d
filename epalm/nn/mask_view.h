#pragma once

#include <ATen/ATen.h>

#include <array>
#include <cstdint>

#include "epalm/base/error.h"

namespace epalm::nn {

// The numbers of a float32 mask of shape [B,H,Tq,Tk] or of one that stretches to it, or none. Keeps the tensor.
class MaskView {
 public:
  MaskView(const at::Tensor& mask, at::IntArrayRef shape) {
    if (!mask.defined()) return;
    whole_ = mask.dim() == 4 ? mask : mask.expand(shape);
    from_ = whole_.data_ptr<float>();
    for (int64_t d = 0; d < 4; ++d) {
      const bool stretches = whole_.size(d) == 1;
      EPALM_ASSERT(stretches || whole_.size(d) == shape[static_cast<size_t>(d)]);
      strides_[static_cast<size_t>(d)] = stretches ? 0 : whole_.stride(d);
    }
  }

  bool defined() const { return from_ != nullptr; }
  // The number of key p stands p times key_stride() further.
  const float* row(int64_t b, int64_t h, int64_t query) const {
    return from_ + b * strides_[0] + h * strides_[1] + query * strides_[2];
  }
  int64_t key_stride() const { return strides_[3]; }
  bool differs_by_head() const { return strides_[1] != 0; }

 private:
  at::Tensor whole_;
  const float* from_ = nullptr;
  std::array<int64_t, 4> strides_{};
};

}  // namespace epalm::nn
