#include "epalm/bench/plain_fbank.h"

#include <bit>
#include <cmath>
#include <limits>

namespace epalm::bench {
namespace {

double mel(double hz) {
  return 1127.0 * std::log(1.0 + hz / 700.0);
}

}  // namespace

PlainFbank::PlainFbank(int sample_rate_hz, int mel_bins)
    : frame_samples_(sample_rate_hz / 40),
      shift_samples_(sample_rate_hz / 100),
      padded_samples_(static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(frame_samples_)))),
      window_(at::hann_window(frame_samples_, /*periodic=*/false)) {
  const double lowest = mel(20.0);
  const double width = (mel(0.5 * sample_rate_hz) - lowest) / (mel_bins + 1);
  const at::Tensor bin = at::arange(mel_bins, at::kFloat);  // [bins]
  const at::Tensor left = bin * width + lowest;
  const at::Tensor centre = (bin + 1.0) * width + lowest;
  const at::Tensor right = (bin + 2.0) * width + lowest;
  const double line_spacing_hz = static_cast<double>(sample_rate_hz) / static_cast<double>(padded_samples_);
  const at::Tensor lines_hz = at::arange(padded_samples_ / 2, at::kFloat) * line_spacing_hz;
  const at::Tensor lines = (at::log(lines_hz / 700.0 + 1.0) * 1127.0).unsqueeze(1);
  const at::Tensor up = (lines - left) / (centre - left);
  const at::Tensor down = (right - lines) / (right - centre);
  triangles_ = at::clamp_min(at::minimum(up, down), 0.0);
}

at::Tensor PlainFbank::operator()(const at::Tensor& samples) const {
  at::Tensor frames = samples.unfold(0, frame_samples_, shift_samples_);  // [frames,frame_samples]
  frames = frames - frames.mean(1, true);
  const at::Tensor before = at::cat({frames.slice(1, 0, 1), frames.slice(1, 0, -1)}, 1);
  frames = at::constant_pad_nd((frames - 0.97 * before) * window_, {0, padded_samples_ - frame_samples_});
  const at::Tensor power = at::fft_rfft(frames).abs().pow(2).slice(1, 0, -1);  // [frames,padded_samples/2]
  return at::log(at::clamp_min(at::mm(power, triangles_), std::numeric_limits<float>::epsilon()));
}

}  // namespace epalm::bench
