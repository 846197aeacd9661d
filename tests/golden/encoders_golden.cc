#include "tests/golden/golden.h"
#include "tests/golden/models.h"

namespace epalm::golden {
namespace {

void check_states(const encoders::Vit& vit, const std::map<std::string, at::Tensor>& expected, const at::Tensor& pixels,
                  double tolerance) {
  int64_t k = 0;
  at::Tensor last;
  vit.run(pixels, [&](const at::Tensor& state) {
    last = vit.normalise(state);
    const std::string name = "hs." + std::to_string(k++);
    expect_close(last, expected.at(name), tolerance, name);
  });
  expect_close(last, expected.at("last"), tolerance, "last");
}

void check_vit(const Case& test_case) {
  const double tolerance = 8 * test_case.float32_error();
  const auto& hyper = test_case.manifest.at("hyper");
  const at::Tensor pixels = read_all(test_case.file("inputs.safetensors")).at("pixels");
  const auto expected = read_all(test_case.file("expected.safetensors"));
  const auto timm = load_vit(hyper, test_case.file("model.safetensors"));
  check_states(*timm, expected, pixels, tolerance);
  for (const auto& [name, tensor] : expected) {
    if (!name.starts_with("cls_last")) continue;
    expect_close(timm->cls_states(pixels, std::stoll(name.substr(8))), tensor, tolerance, name);
  }
  if (std::filesystem::exists(test_case.file("model_augreg.npz"))) {
    const auto augreg = load_vit(hyper, test_case.file("model_augreg.npz"));
    check_states(*augreg, expected, pixels, tolerance);
    if (std::filesystem::exists(test_case.file("expected_resized.safetensors"))) {
      const auto resized = read_all(test_case.file("expected_resized.safetensors"));
      auto larger = hyper;
      larger["img_size"] = resized.at("pixels").size(2);
      const auto vit = load_vit(larger, test_case.file("model_augreg.npz"));
      // Bicubic weights are products of few float32 numbers of size 1.
      expect_close(vit->weights().at("pos_embed"), resized.at("pos_embed"), 1e-6, "pos_embed");
      check_states(*vit, resized, resized.at("pixels"), tolerance);
    }
  }
  const auto read_off =
      encoders::vit_config_of(*io::open_tensor_file(test_case.file("model.safetensors")), timm->config().heads);
  EXPECT_EQ(read_off.image_size_px, timm->config().image_size_px);
  EXPECT_EQ(read_off.depth, timm->config().depth);
}

const bool registered = register_check("vit_", check_vit);

}  // namespace
}  // namespace epalm::golden
