#include <torch/torch.h>

#include <cstring>

#include "epalm/base/error.h"
#include "epalm/io/tensor_file.h"
#include "epalm/media/augment.h"
#include "epalm/media/image_file.h"
#include "epalm/media/image_transform.h"
#include "epalm/media/resize.h"
#include "tests/golden/golden.h"

namespace epalm::golden {
namespace {

media::Image to_image(const at::Tensor& tensor) {  // [H,W,3] uint8
  media::Image image(static_cast<int>(tensor.size(1)), static_cast<int>(tensor.size(0)));
  const at::Tensor bytes = tensor.contiguous();
  std::memcpy(image.rgb.data(), bytes.data_ptr<uint8_t>(), image.rgb.size());
  return image;
}

// Every comparison is exact: the published values come from integer arithmetic or from single float32 steps.
void expect_same(const media::Image& image, const at::Tensor& tensor, const std::string& what) {
  const media::Image expected = to_image(tensor);
  ASSERT_EQ(image.width, expected.width) << what;
  ASSERT_EQ(image.height, expected.height) << what;
  int64_t different = 0;
  int largest = 0;
  for (size_t i = 0; i < image.rgb.size(); ++i) {
    const int difference = std::abs(image.rgb[i] - expected.rgb[i]);
    different += difference != 0;
    largest = std::max(largest, difference);
  }
  EXPECT_EQ(different, 0) << what << ": of " << image.rgb.size() << " bytes, the largest difference " << largest;
}

void check_images(const Case& test_case) {
  const auto decoded = io::open_tensor_file(test_case.file("decoded.safetensors"));
  const auto expected = io::open_tensor_file(test_case.file("expected.safetensors"));
  const auto& files = test_case.manifest["files"];
  for (const auto& [name, shape] : files["decoded.safetensors"]["tensors"].items()) {
    expect_same(media::load_image(test_case.file(name)), decoded->read(name), "decoded " + name);
  }
  for (const auto& [key, entry] : files["expected.safetensors"]["tensors"].items()) {
    const auto dot = key.rfind('.');
    const media::Image image = to_image(decoded->read(key.substr(0, dot)));
    const at::Tensor tensor = expected->read(key);
    if (key.substr(dot).starts_with(".resized")) {
      expect_same(media::resize_bicubic(image, static_cast<int>(tensor.size(1)), static_cast<int>(tensor.size(0))),
                  tensor, key);
    } else {
      std::vector<float> values = media::eval_transform(image, static_cast<int>(tensor.size(2)));
      EXPECT_TRUE(torch::equal(torch::from_blob(values.data(), tensor.sizes(), torch::kFloat), tensor)) << key;
    }
  }
  if (!files.contains("crops.safetensors")) return;
  const auto crops = io::open_tensor_file(test_case.file("crops.safetensors"));
  const media::Image big = media::load_image(test_case.file("big.png"));
  for (const auto& [key, entry] : files["crops.safetensors"]["tensors"].items()) {
    if (!key.ends_with(".out")) continue;
    const std::string name = key.substr(0, key.size() - 4);
    const at::Tensor params = crops->read(name + ".params").to(torch::kInt);  // top, left, height, width, flip
    const int* p = params.data_ptr<int>();
    const at::Tensor out = crops->read(key);
    media::Image image = media::resize_bicubic(media::crop(big, {p[1], p[0], p[3], p[2]}),
                                               static_cast<int>(out.size(1)), static_cast<int>(out.size(0)));
    if (p[4] != 0) image = media::flip_horizontally(image);
    expect_same(image, out, name);
  }
}

media::Image augmented(const media::Image& image, const std::string& operation, const nlohmann::json& arguments) {
  if (operation == "Identity") return image;
  if (operation == "AutoContrast") return media::autocontrast(image, true);
  if (operation == "Equalize") return media::equalize(image);
  const double value = arguments.at(0).get<double>();
  if (operation == "Brightness") return media::brightness(image, value);
  if (operation == "Sharpness") return media::sharpness(image, value, true);
  if (operation == "Color") return media::color(image, value);
  if (operation == "Contrast") return media::contrast(image, value);
  if (operation == "Solarize") return media::solarize(image, arguments.at(0).get<int>());
  if (operation == "Posterize") return media::posterize(image, arguments.at(0).get<int>());
  const auto fill = arguments.at(1).at(0).get<uint8_t>();
  if (operation == "ShearX") return media::shear_x(image, value, fill);
  if (operation == "ShearY") return media::shear_y(image, value, fill);
  if (operation == "TranslateX") return media::translate_x(image, value, fill);
  if (operation == "TranslateY") return media::translate_y(image, value, fill);
  if (operation == "Rotate") return media::rotate(image, value, fill);
  fail("the case has the operation '{}', which is not known here", operation);
}

void check_augmentations(const Case& test_case) {
  const auto inputs = io::open_tensor_file(test_case.file("inputs.safetensors"));
  const auto expected = io::open_tensor_file(test_case.file("expected.safetensors"));
  for (const auto& entry : test_case.manifest["operations"]) {
    const auto key = entry["key"].get<std::string>();
    const media::Image image = to_image(inputs->read(entry["image"].get<std::string>()));
    expect_same(augmented(image, entry["op"].get<std::string>(), entry["args"]), expected->read(key), key);
  }
  const std::string file = "autocontrast_intended.safetensors";
  const auto intended = io::open_tensor_file(test_case.file(file));
  for (const auto& [key, entry] : test_case.manifest["files"][file]["tensors"].items()) {
    const media::Image image = to_image(inputs->read(key.substr(0, key.find('.'))));
    expect_same(media::autocontrast(image, false), intended->read(key), key);
  }
}

const bool images = register_check("image_preprocess", check_images);
const bool augmentations = register_check("randaugment", check_augmentations);

}  // namespace
}  // namespace epalm::golden
