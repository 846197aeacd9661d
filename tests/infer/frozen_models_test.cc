// Encoders by a name of the hub, from a server on this machine.
#include "epalm/infer/frozen_models.h"

#include <gmock/gmock.h>

#include <cstdlib>

#include "epalm/base/error.h"
#include "tests/hub/loopback_server.h"
#include "tests/train/tiny_run.h"

namespace epalm::infer {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr const char* kName = "timm/vit_base_patch16_224.augreg_in21k_ft_in1k";

class EncoderFromHub : public testing::Test {
 protected:
  EncoderFromHub() {
    train::write_tiny_encoder(folder_.path(), Modality::kImage);
    std::ifstream file(folder_.path() / "encoder/model.safetensors", std::ios::binary);
    weights_ = {std::istreambuf_iterator<char>(file), {}};
    setenv("HF_ENDPOINT", server_.url().c_str(), 1);
    setenv("HF_HUB_CACHE", (folder_.path() / "hub").c_str(), 1);
    unsetenv("HF_HUB_OFFLINE");
  }
  ~EncoderFromHub() override {
    setenv("HF_HUB_OFFLINE", "1", 1);
    unsetenv("HF_ENDPOINT");
    unsetenv("HF_HUB_CACHE");
  }

  // A model whose config.json is timm's, not ours.
  hub::Response answer(const std::string& path) const {
    const std::string commit(40, 'c'), model = std::string("/") + kName;
    if (path == "/api/models" + model + "/revision/main") {
      return {.body = R"({"sha": ")" + commit +
                      R"(", "siblings": [{"rfilename": "config.json"}, {"rfilename": "model.safetensors"}]})"};
    }
    if (path != model + "/resolve/" + commit + "/model.safetensors") return {.status = 404};
    return {.headers = {{"ETag", "\"weights\""}}, .body = weights_};
  }

  RunConfig config(std::vector<std::string> keys) const {
    keys.insert(keys.end(), {"task=vqa", "image_res=16"});
    return run_config_from_json(nlohmann::json::object(), "run", keys);
  }

  train::TemporaryFolder folder_{"encoder_from_hub"};
  std::string weights_;
  hub::LoopbackServer server_{[this](const std::string&, const std::string& path) { return answer(path); }};
};

TEST_F(EncoderFromHub, IsFoundByItsNameAndByThatOfThePublishedModel) {
  for (const std::string& key :
       {std::string("encoder_weights=") + kName, std::string("vision_model_name=vit_base_patch16_224")}) {
    EXPECT_EQ(load_encoder(config({key}))->width(), 12) << key;
  }
}

TEST_F(EncoderFromHub, ThatIsNotThereNamesThePublishedFile) {
  const auto error_of = [&](const std::vector<std::string>& keys) -> std::string {
    try {
      load_encoder(config(keys));
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_THAT(error_of({"vision_model_name=vit_large_patch16_224"}),
              AllOf(HasSubstr("timm/vit_large_patch16_224"), HasSubstr("answers 404"), HasSubstr("L_16-i21k")));
  EXPECT_THAT(error_of({"vision_model_name=timesformer", "encoder_weights=nowhere.pyth"}),
              AllOf(HasSubstr("'nowhere.pyth' does not exist"), HasSubstr("K600.pyth from https://")));
  EXPECT_THAT(error_of({"vision_model_name=ast"}), HasSubstr("audioset_10_10_0.4593.pth from https://"));
  EXPECT_THAT(error_of({"vision_model_name=vit_giant", "encoder_weights=owner/none"}), HasSubstr("owner/none"));
}

}  // namespace
}  // namespace epalm::infer
