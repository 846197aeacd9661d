// What a run trained comes back from both kinds of files, bottleneck adapters and unfrozen parts included.
#include <gmock/gmock.h>

#include "epalm/base/error.h"
#include "epalm/io/torch_file.h"
#include "epalm/train/checkpoint.h"
#include "epalm/train/run_setup.h"
#include "tests/train/tiny_run.h"

namespace epalm::train {
namespace {

using testing::HasSubstr;

class AdapterFile : public testing::Test {
 protected:
  AdapterFile() { make_tiny_run(folder_.path()); }

  infer::RunConfig config(std::vector<std::string> overrides = {}) const {
    overrides.insert(overrides.end(), {"use_adapters=true", "adapter_config.mlp.adapter_type=scaled_parallel",
                                       "adapter_config.attention.adapter_type=normal", "run_seed=3"});
    return tiny_config(folder_.path(), overrides);
  }

  // Moves everything that trains.
  static void change(const infer::Bundle& bundle) {
    const at::NoGradGuard no_grad;
    for (const auto& [name, tensor] : bundle.model.parameters()) {
      if (tensor.requires_grad()) tensor.add_(0.25);
    }
  }

  static void expect_same(const infer::Bundle& got, const infer::Bundle& expected) {
    const auto tensors = got.model.parameters();
    size_t i = 0;
    for (const auto& [name, tensor] : expected.model.parameters())
      EXPECT_TRUE(at::equal(tensors.at(i++).second, tensor)) << name;
  }

  void write(const infer::Bundle& bundle, const std::string& name) const {
    if (name.ends_with(".safetensors")) return write_adapter(folder_.path() / name, bundle);
    auto optimizer = make_optimizer(bundle.model, bundle.config);
    const Schedule schedule(schedule_settings(bundle.config), bundle.model.semantics(), optimizer.groups());
    write_checkpoint(folder_.path() / name, bundle, optimizer, schedule, {});
  }

  TemporaryFolder folder_{"adapter_file"};
};

TEST_F(AdapterFile, BringsBackBottlenecksAndUnfrozenParts) {
  for (const char* keys : {"freeze_connector=false", "unfreeze_text_layer_norm=true", "unfreeze_vision_model=true"}) {
    const auto bundle = infer::load_bundle(config({keys}));
    change(bundle);
    for (const char* name : {"adapter.safetensors", "checkpoint.pth"}) {
      write(bundle, name);
      expect_same(infer::load_bundle(folder_.path() / name, std::vector<std::string>{}), bundle);
    }
  }
}

TEST_F(AdapterFile, PublishedCheckpointsHoldBottlenecksTwice) {
  const auto bundle = infer::load_bundle(config());
  write(bundle, "checkpoint.pth");
  const auto model = io::read_torch(folder_.path() / "checkpoint.pth").at("model");
  for (const char* part : {"2.fc2.adapter_scale", "0.self_attn.adapter.2.bias"}) {
    const auto first = model.at(std::string("model_text.model.decoder.layers.") + part).as_tensor();
    EXPECT_TRUE(at::equal(model.at(std::string("transformer.") + part).as_tensor(), first));
  }
  EXPECT_FALSE(model.contains("model_text.model.decoder.layers.0.fc2.weight"));
}

TEST_F(AdapterFile, OfOtherBottlenecksIsRefused) {
  write(infer::load_bundle(config()), "adapter.safetensors");
  try {
    infer::load_bundle(folder_.path() / "adapter.safetensors", {"adapter_config.mlp.adapter_type=parallel"});
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("not part of the model: model_text.model.decoder.layers.0.fc2.adapter_scale"));
  }
}

}  // namespace
}  // namespace epalm::train
