// Peak memory of a training step at a published size. Takes a minute and gigabytes, so it runs on demand only.
#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstdlib>

#include "epalm/encoders/vit.h"
#include "epalm/model/epalm_model.h"
#include "epalm/model/loss.h"
#include "epalm/model/trainable.h"

namespace epalm::model {
namespace {

double peak_resident_gb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) * 1024 / 1e9;
}

TEST(Memory, AStepOfOpt1300mInBfloat16StaysBelowNineGigabytes) {
  if (std::getenv("EPALM_LARGE_TESTS") == nullptr) GTEST_SKIP() << "takes a minute and 9 GB; set EPALM_LARGE_TESTS=1";
  const auto lm_config = lm::opt_shape("1.3b");
  const auto vit_config = encoders::vit_shape("vit_base_patch16_224");
  adapter::AdapterConfig config;
  config.injected_hidden_states = 6;
  config.shared_connector = true;
  config.start_layer_idx = 13;
  config.end_layer_idx = 23;
  config.prompt_tuning = true;
  config.mlp = false;
  const EPalm model(
      lm::Opt(lm_config, nn::random_weights(lm::opt_weights(lm_config), 1, 0.02, nn::Precision::kBFloat16)),
      std::make_shared<encoders::Vit>(vit_config, nn::random_weights(encoders::vit_weights(vit_config), 1, 0.02)),
      adapter::Adapter(config, adapter::random_adapter(config, frozen_sizes(lm_config, vit_config.width), 1)), kCausal);
  mark_trainable(model, {});
  const at::Tensor ids = at::randint(4, 50'000, {8, 24});
  const at::Tensor mask = at::ones_like(ids);
  for (int step = 0; step < 2; ++step) {
    const at::Tensor features = model.features(at::randn({8, 3, 224, 224}));
    model.loss(features, ids, mask, labels_of(ids, mask), true).sum().backward();
  }
  RecordProperty("peak_resident_gb", std::to_string(peak_resident_gb()));
  EXPECT_LT(peak_resident_gb(), 9.0);
  std::printf("peak resident: %.2f GB\n", peak_resident_gb());
}

}  // namespace
}  // namespace epalm::model
