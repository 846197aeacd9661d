// e2e_eval: the whole evaluation path, from data folder and checkpoint to answers and scores.
#include "epalm/eval/evaluate.h"
#include "epalm/infer/bundle.h"
#include "tests/golden/golden.h"
#include "tests/golden/models.h"

namespace epalm::golden {
namespace {

// The folder of another case that this one refers to: beside it, or in any other folder of goldens.
std::filesystem::path other_case(const Case& test_case, const std::string& relative) {
  if (std::filesystem::exists(test_case.folder.parent_path() / relative))
    return test_case.folder.parent_path() / relative;
  for (const auto& other : find_cases()) {
    if (std::filesystem::exists(other.folder.parent_path() / relative)) return other.folder.parent_path() / relative;
  }
  return {};
}

// A single weight file does not tell the number of heads: a folder with a config.json does.
std::filesystem::path encoder_folder(const Case& test_case) {
  const auto folder = std::filesystem::path(testing::TempDir()) / ("e2e_vit_" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  std::filesystem::copy_file(test_case.file("vision.safetensors"), folder / "model.safetensors",
                             std::filesystem::copy_options::overwrite_existing);
  std::ofstream(folder / "config.json") << nlohmann::json{
      {"heads", test_case.manifest["hyper"]["vision"]["num_heads"]}};
  return folder;
}

void check_vqa(const nlohmann::json& expected, const eval::EvalResult& result, const std::string& name) {
  ASSERT_EQ(result.predictions.size(), expected.at("answers").size()) << name;
  for (const auto& prediction : result.predictions) {
    EXPECT_EQ(prediction.prediction, expected.at("answers").at(prediction.question_id).get<std::string>())
        << name << " " << prediction.question_id;
  }
  EXPECT_EQ(result.metrics.at("accuracy"), expected.at("raw").at("overall").get<double>()) << name;
  for (const auto& [type, accuracy] : expected.at("raw").at("perAnswerType").items()) {
    EXPECT_EQ(result.metrics.at(type), accuracy.get<double>()) << name << " " << type;
  }
}

void check_captions(const nlohmann::json& expected, const eval::EvalResult& result, const std::string& name) {
  ASSERT_EQ(result.predictions.size(), expected.at("predictions").size()) << name;
  for (size_t i = 0; i < result.predictions.size(); ++i) {
    EXPECT_EQ(result.predictions[i].prediction, expected.at("predictions")[i].get<std::string>()) << name << " " << i;
    EXPECT_EQ(result.predictions[i].expected, expected.at("targets")[i].get<std::vector<std::string>>())
        << name << " " << i;
  }
}

void check_e2e(const Case& test_case) {
  const auto data = other_case(test_case, "datasets/data");
  const auto tokenizer = other_case(test_case, "tokenizer/opt_tokenizer");
  if (data.empty() || tokenizer.empty()) GTEST_SKIP() << "needs the cases datasets and tokenizer beside it";
  const auto encoder = encoder_folder(test_case);
  const auto expected = read_json(test_case.file("expected.json"));
  for (const auto& [name, values] : expected.items()) {
    const std::string task = name.substr(0, name.find('.'));
    const std::string yaml = task + "_" + name.substr(name.find('.') + 1) + ".yaml";
    const auto config = infer::load_run_config(
        test_case.file(yaml), {"text_model=" + test_case.file("opt").string(), "tokenizer_name=" + tokenizer.string(),
                               "encoder_weights=" + encoder.string(), "data_dir=" + data.string()});
    const auto bundle = infer::load_bundle(config);
    infer::load_adapter(bundle, test_case.file("checkpoint_best.pth"));
    if (task == "caption") {
      check_captions(values, eval::evaluate(bundle, values.value("split", "val")), name);
    } else {
      check_vqa(values, eval::evaluate(bundle, config.test_split), name);
    }
  }
}

const bool registered = register_check("e2e_eval", check_e2e);

}  // namespace
}  // namespace epalm::golden
