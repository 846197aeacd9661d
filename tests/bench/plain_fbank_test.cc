#include "epalm/bench/plain_fbank.h"

#include <gtest/gtest.h>

#include "epalm/media/fbank.h"

namespace epalm::bench {
namespace {

TEST(PlainFbank, GivesWhatFbankGives) {
  at::manual_seed(1);
  for (const int rate_hz : {8'000, 16'000, 44'100}) {
    const at::Tensor samples = at::randn({rate_hz / 2}) * 0.1;
    const media::Fbank fbank(rate_hz, 64);
    std::vector<float> ours = fbank(std::span(samples.data_ptr<float>(), static_cast<size_t>(samples.numel())));
    const at::Tensor plain = PlainFbank(rate_hz, 64)(samples);
    ASSERT_EQ(plain.size(0), fbank.frames_of(samples.numel()));
    ASSERT_EQ(plain.size(1), 64);
    // As epalm/bench/audio_rows.cc derives.
    EXPECT_LE((at::from_blob(ours.data(), plain.sizes()) - plain).abs().max().item<double>(), 5e-4) << rate_hz;
  }
}

}  // namespace
}  // namespace epalm::bench
