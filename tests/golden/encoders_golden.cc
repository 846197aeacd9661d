#include "tests/golden/golden.h"
#include "tests/golden/models.h"

namespace epalm::golden {
namespace {

void check_states(const encoders::Encoder& encoder, const std::map<std::string, at::Tensor>& expected,
                  const at::Tensor& pixels, double tolerance) {
  int64_t k = 0;
  at::Tensor last;
  encoder.run(pixels, [&](const at::Tensor& state) {
    last = encoder.normalise(state);
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

// Inputs are clips video_X; expected are X.cls.k [B,Dv] and X.hs.k of block k, and X.last.
void check_timesformer(const Case& test_case) {
  const double tolerance = 8 * test_case.float32_error();
  const auto& hyper = test_case.manifest.at("hyper");
  const auto clips = read_all(test_case.file("inputs.safetensors"));
  const auto expected = read_all(test_case.file("expected.safetensors"));
  for (const char* file : {"model.safetensors", "model.pyth", "model_legacy.pyth"}) {
    if (!std::filesystem::exists(test_case.file(file))) continue;
    const auto timesformer = load_timesformer(hyper, test_case.file(file));
    EXPECT_EQ(timesformer->config().classes, hyper.at("num_classes").get<int64_t>());
    for (const auto& [name, clip] : clips) {
      const std::string prefix = name.substr(name.find('_') + 1) + ".";
      int64_t k = 0;
      at::Tensor last;
      timesformer->run(clip, [&](const at::Tensor& state) {
        last = timesformer->normalise(state);
        const std::string block = std::to_string(k++);
        expect_close(last.select(1, 0), expected.at(prefix + "cls." + block), tolerance, prefix + "cls." + block);
        const auto whole = expected.find(prefix + "hs." + block);
        if (whole != expected.end()) expect_close(last, whole->second, tolerance, whole->first);
      });
      EXPECT_EQ(k, timesformer->depth());
      expect_close(last, expected.at(prefix + "last"), tolerance, prefix + "last");
    }
  }
}

// States are layer-normalised, of size 1: a few float32 roundings per block.
constexpr double kStateTolerance = 2e-5;

void check_timesformer_loader(const Case& test_case) {
  const auto& hyper = test_case.manifest.at("hyper");
  const auto inputs = read_all(test_case.file("inputs.safetensors"));
  const auto expected = read_all(test_case.file("expected.safetensors"));
  for (const char* file : {"model.pyth", "model.safetensors"}) {
    for (const auto& [name, media] : inputs) {
      const bool is_image = media.dim() == 4;
      auto sizes = hyper;
      sizes["img_size"] = media.size(-1);
      sizes["num_frames"] = is_image ? hyper.at("checkpoint").at("frames").get<int64_t>() : media.size(2);
      const auto timesformer = load_timesformer(sizes, test_case.file(file));
      const std::string prefix = is_image ? "image." : name.substr(name.find('_') + 1) + ".";
      for (const char* table : {"pos_embed", "time_embed"}) {
        const auto wanted = expected.find(prefix + table);
        if (wanted == expected.end()) continue;
        EXPECT_TRUE(at::equal(timesformer->weights().at(std::string("model.") + table), wanted->second))
            << wanted->first;
      }
      expect_close(timesformer->cls_states(media, timesformer->depth()), expected.at(prefix + "cls"), kStateTolerance,
                   prefix + "cls");
      if (!expected.contains(prefix + "last")) continue;
      at::Tensor last;
      timesformer->run(media, [&](const at::Tensor& state) { last = state; });
      expect_close(timesformer->normalise(last), expected.at(prefix + "last"), kStateTolerance, prefix + "last");
    }
  }
}

void check_ast(const Case& test_case) {
  const auto& hyper = test_case.manifest.at("hyper");
  const auto expected = read_all(test_case.file("expected.safetensors"));
  for (const char* file : {"model.pth", "model.safetensors"}) {
    for (const auto& [name, halves] : read_all(test_case.file("inputs.safetensors"))) {
      const at::Tensor spectrograms = halves.to(at::kFloat);
      const auto ast = load_ast(hyper, test_case.file(file), spectrograms.size(2), spectrograms.size(1));
      const std::string prefix = name.substr(name.find('_') + 1) + ".";
      if (const auto table = expected.find(prefix + "pos_embed"); table != expected.end()) {
        // Bilinear weights are products of few float32 numbers of size 1.
        expect_close(ast->weights().at("v.pos_embed"), table->second, 1e-6, table->first);
      }
      std::vector<at::Tensor> states;
      ast->run(spectrograms, [&](const at::Tensor& state) { states.push_back(ast->normalise(state)); });
      const at::Tensor all = at::stack(states, 1);  // [B,depth,2+P,Dv]
      expect_close(all.select(2, 0), expected.at(prefix + "cls"), kStateTolerance, prefix + "cls");
      expect_close(all.select(2, 1), expected.at(prefix + "dist"), kStateTolerance, prefix + "dist");
      expect_close(ast->cls_states(spectrograms, ast->depth()), expected.at(prefix + "cls"), kStateTolerance,
                   prefix + "cls_states");
      const at::Tensor last = states.back();
      const auto whole = expected.find(prefix + "last");
      if (whole != expected.end()) expect_close(last, whole->second, kStateTolerance, whole->first);
      const auto head = expected.find(prefix + "last_head8");
      if (head != expected.end()) expect_close(last.slice(1, 0, 8), head->second, kStateTolerance, head->first);
    }
  }
}

const bool registered = register_check("vit_", check_vit) && register_check("timesformer_", check_timesformer) &&
                        register_check("timesformer_loader", check_timesformer_loader) &&
                        register_check("ast_", check_ast);

}  // namespace
}  // namespace epalm::golden
