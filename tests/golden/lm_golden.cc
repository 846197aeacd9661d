#include "tests/golden/golden.h"
#include "tests/golden/models.h"

namespace epalm::golden {
namespace {

void check_opt(const Case& test_case) {
  const double tolerance = 8 * test_case.manifest.at("tolerance").at("logits_max_abs_f32_vs_f64").get<double>();
  const auto input = read_all(test_case.file("inputs.safetensors"));
  const auto expected = read_all(test_case.file("expected.safetensors"));
  const auto lm = load_opt(test_case.file("config.json"), test_case.file("model.safetensors"));
  std::vector<at::Tensor> states;
  lm::OptInput run;
  run.ids = input.at("input_ids");
  run.mask = input.at("attention_mask");
  run.observe = [&](const at::Tensor& state) { states.push_back(state); };
  const at::Tensor logits = lm.head(lm.hidden(run));
  expect_close(logits, expected.at("logits_f64"), tolerance, "logits");
  for (size_t i = 0; i < states.size(); ++i) {
    const auto golden = expected.find("hidden_states." + std::to_string(i));
    if (golden == expected.end()) continue;
    // The golden states are float32 themselves; their scale is at most the logits'.
    expect_close(states[i], golden->second, 2 * tolerance, golden->first);
  }
  run.observe = nullptr;

  // The same model in every other format that the case holds.
  for (const char* name : {"pytorch_model.bin", "pytorch_model_base.bin", "pytorch_model_legacy.bin", "sharded"}) {
    if (!std::filesystem::exists(test_case.file(name))) continue;
    const auto same = load_opt(test_case.file("config.json"), test_case.file(name));
    EXPECT_TRUE(at::equal(same.head(same.hidden(run)), logits)) << name;
  }
  for (const std::string type : {"f16", "bf16"}) {
    if (!std::filesystem::exists(test_case.file("expected_" + type + ".safetensors"))) continue;
    const auto rounded = read_all(test_case.file("expected_" + type + ".safetensors"));
    for (const auto& name : {"model_" + type + ".safetensors", "pytorch_model_" + type + ".bin"}) {
      const auto same = load_opt(test_case.file("config.json"), test_case.file(name));
      // Both sides are float32 runs here: their errors add up.
      expect_close(same.head(same.hidden(run)), rounded.at("logits"), 2 * tolerance, name);
    }
  }
}

const bool registered = register_check("opt_", check_opt);

}  // namespace
}  // namespace epalm::golden
