#pragma once

#include <ATen/ATen.h>

namespace epalm::bench {

// Kaldi's log mel energies as torchaudio computes them, in libtorch's operators: the plain path of media::Fbank (its
// header tells the settings). The triangles, rounded as there, are made once; torchaudio makes them for each
// sound.
class PlainFbank {
 public:
  PlainFbank(int sample_rate_hz, int mel_bins);

  at::Tensor operator()(const at::Tensor& samples) const;  // [n] float32 -> [frames,mel_bins]

 private:
  int64_t frame_samples_;
  int64_t shift_samples_;
  int64_t padded_samples_;  // a power of two
  at::Tensor window_;       // [frame_samples]
  at::Tensor triangles_;    // [padded_samples / 2,mel_bins]
};

}  // namespace epalm::bench
