#include "tests/golden/golden.h"
#include "tests/golden/models.h"

#include "epalm/model/loss.h"
#include "epalm/model/trainable.h"

namespace epalm::golden {
namespace {

void check_epalm(const Case& test_case) {
  const auto& hyper = test_case.manifest.at("hyper");
  const auto& config = hyper.at("config");
  const auto model = load_model(test_case, "adapter.safetensors");
  model::TrainableParts parts;
  read_fields(parts, config);
  model::mark_trainable(model, parts);
  std::vector<std::string> trained;
  for (const auto& [name, tensor] : model.parameters()) {
    if (tensor.requires_grad()) trained.push_back(name);
  }
  const auto& derived = test_case.manifest.at("derived");
  EXPECT_EQ(trained, derived.at("trainable").get<std::vector<std::string>>());

  const auto input = read_all(test_case.file("inputs.safetensors"));
  const auto expected = read_all(test_case.file("expected.safetensors"));
  const auto& measured = test_case.manifest.at("tolerance");
  const double logits_tolerance = 8 * measured.at("logits_f32_vs_f64").get<double>();
  const double loss_tolerance = 8 * measured.at("loss_f32_vs_f64").get<double>();

  at::Tensor features;
  if (input.contains("image")) {
    features = model.features(input.at("image"));
    // States are layer-normalised, of size 1: a few float32 roundings per block.
    if (expected.contains("cls")) expect_close(features, expected.at("cls"), 2e-5, "cls");
  }
  const at::Tensor ids = input.at("input_ids");
  const at::Tensor mask = input.at("attention_mask");
  const at::Tensor labels = input.contains("labels") ? input.at("labels") : model::labels_of(ids, mask);
  expect_close(model.logits(features, ids, mask).detach(), expected.at("logits_f64"), logits_tolerance, "logits");
  const at::Tensor loss = model.loss(features, ids, mask, labels);
  expect_close(loss.detach(), expected.at("loss_f64"), loss_tolerance, "loss");

  const at::Tensor scalar = loss.sum() / loss.size(0) * config.value("lm_loss_weight", 1.0);
  scalar.backward();
  const auto gradients = read_all(test_case.file("grads_f64.safetensors"));
  double scale = 0;
  for (const auto& [name, gradient] : gradients) scale = std::max(scale, gradient.abs().max().item<double>());
  const double gradient_tolerance = 8 * measured.at("grad_rel_max_f32_vs_f64").get<double>() * scale;
  size_t with_gradient = 0;
  for (const auto& [name, tensor] : model.parameters()) {
    const auto golden = gradients.find(name);
    if (golden == gradients.end()) {
      EXPECT_TRUE(!tensor.grad().defined() || tensor.grad().abs().max().item<double>() == 0)
          << name << " has a gradient";
      continue;
    }
    ++with_gradient;
    ASSERT_TRUE(tensor.grad().defined()) << name << " has no gradient";
    expect_close(tensor.grad(), golden->second, gradient_tolerance, name);
  }
  EXPECT_EQ(with_gradient, gradients.size());
}

const bool registered = register_check("epalm_", check_epalm);

}  // namespace
}  // namespace epalm::golden
