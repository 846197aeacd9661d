#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <span>
#include <vector>

#include "epalm/base/error.h"
#include "epalm/bench/all_rows.h"
#include "epalm/bench/plain_fbank.h"
#include "epalm/bench/race.h"
#include "epalm/media/fbank.h"

namespace epalm::bench {
namespace {

constexpr int kRate_hz = 16'000;
constexpr int kBins = 128;
constexpr int64_t kSeconds = 10;
// Fourier transforms round relative to the loudest line: 9 passes over 512 samples, 2^-24 each. A band of one line is
// by chance up to 200 times weaker than that (the weakest of 40,000 such), its power off by twice as much, and two
// transforms differ: 4 · 200 · 9 · 2^-24 = 4e-4.
constexpr double kFbankTolerance = 5e-4;

Measurement measure_fbank(const std::filesystem::path&) {
  at::set_num_threads(1);
  at::manual_seed(1);
  const at::Tensor samples = at::randn({kSeconds * kRate_hz}) * 0.1;
  const std::span<const float> view(samples.data_ptr<float>(), static_cast<size_t>(samples.numel()));
  const media::Fbank fbank(kRate_hz, kBins);
  const PlainFbank plain(kRate_hz, kBins);
  std::vector<float> ours = fbank(view);
  const at::Tensor twin = plain(samples);
  EPALM_ASSERT(std::ssize(ours) == twin.numel());
  const double difference = (at::from_blob(ours.data(), twin.sizes()) - twin).abs().max().item<double>();
  require(difference <= kFbankTolerance, "fbank and libtorch's operators differ by {}; expected at most {}", difference,
          kFbankTolerance);
  const RaceResult result = race([&] { fbank(view); }, [&] { plain(samples); }, {.clock = Clock::kCpu});
  Measurement measured;
  measured.value = kSeconds / result.ours_s;
  measured.twin = kSeconds / result.twin_s;
  measured.ratio = result.ratio;
  measured.note =
      fmt::format("{} s at {} Hz, {} bins; largest difference {:.1e}", kSeconds, kRate_hz, kBins, difference);
  return measured;
}

}  // namespace

std::vector<Row> audio_rows() {
  return {{.name = "media.fbank",
           .what = "log mel energies of a sound on one core (seconds of sound for a second of processor time), against "
                   "libtorch's operators",
           .unit = "x real time",
           .precision = "fp32",
           .target = Target{Target::Kind::kValueAtLeast, 1000},
           .measure = measure_fbank}};
}

}  // namespace epalm::bench
