#include "epalm/train/adapter_folder.h"

#include <gmock/gmock.h>

#include "epalm/base/error.h"
#include "epalm/io/json_file.h"
#include "epalm/train/run_record.h"
#include "epalm/train/trainer.h"
#include "tests/train/tiny_run.h"

namespace epalm::train {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class AdapterFolder : public testing::Test {
 protected:
  AdapterFolder() { make_tiny_run(folder_.path()); }

  std::string error_of(const std::string& name) const {
    try {
      infer::load_bundle(folder_.path() / name, std::vector<std::string>{});
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }

  TemporaryFolder folder_{"adapter_folder"};
};

TEST_F(AdapterFolder, IsACheckpointWhoseConfigIsTheOneBesideIt) {
  const auto bundle = infer::load_bundle(tiny_config(folder_.path(), {"run_seed=5"}));
  const auto path = folder_.path() / "adapter";
  write_adapter_folder(path, bundle, {});
  const auto again = infer::load_bundle(path, std::vector<std::string>{});
  EXPECT_EQ(to_json(again.config), to_json(bundle.config));
  for (const auto& [name, tensor] : bundle.model.adapter().weights().items()) {
    EXPECT_TRUE(at::equal(again.model.adapter().weights().at(name), tensor)) << name;
  }
  auto keys = io::read_json_file(path / "config.json");
  keys["max_length"] = 17;
  write_text(path / "config.json", keys.dump());
  EXPECT_EQ(infer::load_bundle(path, std::vector<std::string>{}).config.max_length, 17);
}

// A folder that was moved with its models beside it finds them there.
TEST_F(AdapterFolder, FindsModelsBesideItself) {
  auto config = tiny_config(folder_.path());
  const auto bundle = infer::load_bundle(config);
  write_adapter_folder(folder_.path() / "adapter", bundle, {});
  auto keys = io::read_json_file(folder_.path() / "adapter/config.json");
  keys["text_model"] = "opt";
  write_text(folder_.path() / "adapter/config.json", keys.dump());
  std::filesystem::rename(folder_.path() / "opt", folder_.path() / "adapter/opt");
  EXPECT_EQ(error_of("adapter"), "no error");
}

TEST_F(AdapterFolder, ThatIsIncompleteIsRefused) {
  write_adapter_folder(folder_.path() / "adapter", infer::load_bundle(tiny_config(folder_.path())), {});
  std::filesystem::remove(folder_.path() / "adapter/config.json");
  EXPECT_THAT(error_of("adapter"), HasSubstr("config.json"));
  EXPECT_THAT(error_of("world"), AllOf(HasSubstr("world"), HasSubstr("without adapter.safetensors")));
  write_text(folder_.path() / "file", "x");
  EXPECT_THROW(
      write_adapter_folder(folder_.path() / "file/adapter", infer::load_bundle(tiny_config(folder_.path())), {}),
      Error);
}

TEST_F(AdapterFolder, CardTellsModelsScoresAndTheRun) {
  TrainOptions options;
  options.output_dir = folder_.path() / "out";
  options.save_best = true;
  const auto config = tiny_config(folder_.path(), {"schedular.epochs=2", "augment=false"});
  const auto bundle = infer::load_bundle(config);
  const auto result = train(bundle, options);
  ASSERT_TRUE(result.valid_metrics.contains("accuracy"));
  const std::string card =
      model_card(bundle, {.scores = {{config.val_split, result.valid_metrics}, {"held|out", {{"accuracy", 61.5}}}},
                          .run_record = options.output_dir / "run.json"});
  EXPECT_THAT(card, testing::StartsWith("---\nlibrary_name: epalm\npipeline_tag: visual-question-answering\n"));
  for (const std::string& part :
       {bundle.prints.text_model, bundle.prints.encoder, std::string("| `karpathy_val` | accuracy | "),
        std::string("| `held'out` | accuracy | 61.50 |"), std::string(epalm_version()), std::string("| epochs | 2 |"),
        std::string("epalm ask FILE -q"), std::string("## Licence")}) {
    EXPECT_THAT(card, HasSubstr(part));
  }
  EXPECT_THAT(card, Not(HasSubstr("base_model"))) << "a folder of this machine is no name of the hub";
}

TEST_F(AdapterFolder, CardNamesModelsOfTheHubAndWhereAnAdapterCameFrom) {
  auto bundle = infer::load_bundle(tiny_config(folder_.path()));
  bundle.config.text_model = "facebook/opt-350m";
  bundle.config.task = infer::Task::kAudioCaption;
  const std::string card = model_card(bundle, {.source = "runs/x/checkpoint_best.pth"});
  EXPECT_THAT(card, AllOf(HasSubstr("base_model:\n- facebook/opt-350m\n"), HasSubstr("audio-text-to-text"),
                          HasSubstr("Taken from `checkpoint_best.pth`"), HasSubstr("None was computed.")));
}

// The scores are those of the checkpoint that is kept, also where an earlier call trained it.
TEST_F(AdapterFolder, ScoresAreThoseOfTheBestEpochAfterAResumption) {
  TrainOptions options;
  options.output_dir = folder_.path() / "out";
  options.save_best = true;
  const auto config = tiny_config(folder_.path(), {"augment=false"});
  const auto whole = train(config, options);
  options.resume = true;
  const auto resumed = train(config, options);
  EXPECT_FALSE(whole.valid_metrics.empty());
  EXPECT_EQ(resumed.valid_metrics, whole.valid_metrics);
  EXPECT_EQ(whole.valid_metrics.at("accuracy"), *std::max_element(whole.epoch_valid.begin(), whole.epoch_valid.end()));
}

}  // namespace
}  // namespace epalm::train
