// What a run trained comes back from both kinds of files, bottleneck adapters and unfrozen parts included, and only
// beside the frozen models that it was trained with.
#include <gmock/gmock.h>
#include <sys/wait.h>

#include <cstdlib>

#include "epalm/base/error.h"
#include "epalm/eval/samples.h"
#include "epalm/io/torch_file.h"
#include "epalm/train/checkpoint.h"
#include "epalm/train/run_setup.h"
#include "epalm/train/trainer.h"
#include "tests/train/tiny_run.h"

namespace epalm::train {
namespace {

using testing::AllOf;
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

  // What is said of a checkpoint that is not taken.
  std::string error_of(const std::string& name, const std::vector<std::string>& overrides = {}) const {
    try {
      infer::load_bundle(folder_.path() / name, overrides);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }

  // Writes the weights of a frozen model anew, changed.
  void change_weights(const std::string& model, const std::string& names, const std::string& copy) const {
    std::vector<std::pair<std::string, at::Tensor>> tensors;
    const auto file = io::open_tensor_file(folder_.path() / model);
    for (const auto& name : file->names()) {
      const at::Tensor tensor = file->read(name).clone();
      tensors.emplace_back(name, name.find(names) == name.npos ? tensor : tensor + 1);
    }
    if (copy != model) std::filesystem::copy(folder_.path() / model, folder_.path() / copy);
    io::write_safetensors(folder_.path() / copy / "model.safetensors", tensors);
  }

  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }

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
  EXPECT_THAT(error_of("adapter.safetensors", {"adapter_config.mlp.adapter_type=parallel"}),
              HasSubstr("not part of the model: model_text.model.decoder.layers.0.fc2.adapter_scale"));
}

TEST_F(AdapterFile, OfOtherFrozenModelsIsRefusedWithBothSidesNamed) {
  const auto bundle = infer::load_bundle(config());
  change_weights("opt", "layers.2.fc1.bias", "opt2");
  change_weights("encoder", "blocks.0.norm1.weight", "encoder2");
  for (const char* name : {"adapter.safetensors", "checkpoint.pth"}) {
    write(bundle, name);
    EXPECT_THAT(error_of(name, {"text_model=" + path("opt2")}),
                AllOf(HasSubstr(name),
                      HasSubstr("language model '" + path("opt") + "' of fingerprint " + bundle.prints.text_model +
                                ", but text_model '" + path("opt2")),
                      HasSubstr("text_model=PATH")));
    EXPECT_THAT(error_of(name, {"encoder_weights=" + path("encoder2")}),
                AllOf(HasSubstr("encoder '" + path("encoder") + "' of fingerprint " + bundle.prints.encoder),
                      HasSubstr("encoder_weights '" + path("encoder2"))));
  }
}

// The same model in another precision, format of file or resized for another run is no other model.
TEST_F(AdapterFile, AcceptsTheSameModelsInAnotherForm) {
  write(infer::load_bundle(config()), "adapter.safetensors");
  EXPECT_EQ(error_of("adapter.safetensors", {"precision=bf16"}), "no error");
  EXPECT_EQ(error_of("adapter.safetensors", {"image_res=32"}), "no error");
  io::Value::Dict tensors;
  const auto file = io::open_tensor_file(folder_.path() / "opt");
  for (const auto& name : file->names()) tensors.emplace_back(name.substr(name.find("decoder")), file->read(name));
  std::filesystem::create_directories(folder_.path() / "base");
  for (const char* name : {"config.json", "tokenizer.json"})
    std::filesystem::copy(folder_.path() / "opt" / name, folder_.path() / "base");
  io::write_torch(folder_.path() / "base/pytorch_model.bin", tensors);
  EXPECT_EQ(error_of("adapter.safetensors", {"text_model=" + path("base")}), "no error");
}

TEST_F(AdapterFile, WithoutFingerprintsIsTakenAndWithDamagedOnesIsNot) {
  const auto bundle = infer::load_bundle(config());
  write(bundle, "adapter.safetensors");
  std::vector<std::pair<std::string, at::Tensor>> tensors;
  const auto file = io::open_tensor_file(folder_.path() / "adapter.safetensors");
  for (const auto& name : file->names()) tensors.emplace_back(name, file->read(name));
  auto metadata = file->metadata();
  for (const char* damaged :
       {"3", R"({"text_model": {"name": "opt"}})", R"({"text_model": {"name": 1, "print": 2}})"}) {
    metadata["epalm_frozen"] = damaged;
    io::write_safetensors(folder_.path() / "damaged.safetensors", tensors, metadata);
    EXPECT_THAT(error_of("damaged.safetensors"), AllOf(HasSubstr("damaged.safetensors"), HasSubstr("text_model.")));
  }
  metadata.erase("epalm_frozen");
  io::write_safetensors(folder_.path() / "older.safetensors", tensors, metadata);
  EXPECT_EQ(error_of("older.safetensors"), "no error");
}

TEST_F(AdapterFile, OfARunWithOtherModelsIsNotResumed) {
  TrainOptions options;
  options.output_dir = folder_.path() / "out";
  train(tiny_config(folder_.path(), {"schedular.epochs=1", "augment=false"}), options);
  change_weights("opt", "fc1.bias", "opt");
  options.resume = true;
  EXPECT_THROW(train(tiny_config(folder_.path(), {"schedular.epochs=2", "augment=false"}), options),
               infer::OtherModels);
}

// `epalm ask` prefers what the last demo trained, but not once the models are others.
TEST_F(AdapterFile, OfADemoWithOtherModelsLeavesTheQuestionToTheShippedOne) {
  const auto ask = [&](const std::string& more) {
    const std::string picture = eval::load_samples(tiny_config(folder_.path()), "karpathy_val").get(0).media.string();
    const std::string command = fmt::format(
        "cd '{0}' && EPALM_ASSETS='{0}/assets' '{1}' --threads 1 ask '{2}' -q 'what is this' {3} >out 2>err",
        folder_.path().string(), EPALM_PROGRAM, picture, more);
    EXPECT_EQ(WEXITSTATUS(std::system(command.c_str())), more.empty() ? 0 : 1);
    std::ifstream file(folder_.path() / "err");
    return std::string{std::istreambuf_iterator<char>(file), {}};
  };
  const std::string of_demo = "runs/demo/vqa/checkpoint_best.pth", shipped = "assets/adapters/vqa.safetensors";
  for (const auto& name : {of_demo, shipped}) {
    std::filesystem::create_directories((folder_.path() / name).parent_path());
    write(infer::load_bundle(config()), name);
  }
  EXPECT_EQ(ask(""), "");
  change_weights("opt", "fc1.bias", "opt");
  write(infer::load_bundle(config()), shipped);
  EXPECT_THAT(ask(""), AllOf(HasSubstr(of_demo), HasSubstr("of fingerprint"), HasSubstr("answers instead")));
  EXPECT_THAT(ask("--checkpoint " + of_demo), AllOf(HasSubstr("epalm: "), HasSubstr("train an adapter anew")));
}

}  // namespace
}  // namespace epalm::train
