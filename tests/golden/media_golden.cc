#include <ATen/ATen.h>

#include <cstring>
#include <fstream>
#include <map>
#include <regex>

#include "epalm/base/error.h"
#include "epalm/io/tensor_file.h"
#include "epalm/media/audio_file.h"
#include "epalm/media/audio_transform.h"
#include "epalm/media/augment.h"
#include "epalm/media/clip_augment.h"
#include "epalm/media/frame_sampling.h"
#include "epalm/media/image_file.h"
#include "epalm/media/image_transform.h"
#include "epalm/media/resize.h"
#include "epalm/media/tensor_resize.h"
#include "epalm/media/video_transform.h"
#include "tests/golden/golden.h"
#include "tests/golden/tensors.h"

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
      EXPECT_TRUE(at::equal(at::from_blob(values.data(), tensor.sizes(), at::kFloat), tensor)) << key;
    }
  }
  if (!files.contains("crops.safetensors")) return;
  const auto crops = io::open_tensor_file(test_case.file("crops.safetensors"));
  const media::Image big = media::load_image(test_case.file("big.png"));
  for (const auto& [key, entry] : files["crops.safetensors"]["tensors"].items()) {
    if (!key.ends_with(".out")) continue;
    const std::string name = key.substr(0, key.size() - 4);
    const at::Tensor params = crops->read(name + ".params").to(at::kInt);  // top, left, height, width, flip
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

std::vector<media::Image> to_clip(const at::Tensor& tensor) {  // [F,3,H,W] uint8
  std::vector<media::Image> clip;
  for (const at::Tensor& frame : tensor.unbind(0)) clip.push_back(to_image(frame.permute({1, 2, 0})));
  return clip;
}

void expect_same_clip(const std::vector<media::Image>& clip, const at::Tensor& tensor, const std::string& what) {
  const auto expected = tensor.unbind(0);
  ASSERT_EQ(clip.size(), expected.size()) << what;
  for (size_t i = 0; i < clip.size(); ++i) {
    expect_same(clip[i], expected[i].permute({1, 2, 0}), what + " frame " + std::to_string(i));
  }
}

template <typename Change>
std::vector<media::Image> changed(std::vector<media::Image> clip, const Change& change) {
  for (media::Image& image : clip) image = change(image);
  return clip;
}

void check_frame_indices(const nlohmann::json& entries) {
  for (const auto& entry : entries) {
    const auto sample = entry["sample"].get<std::string>();
    media::FrameRule rule = media::frame_rule_named(sample);
    if (entry.contains("fix_start") && !entry["fix_start"].is_null()) {
      rule = {media::FrameRule::Kind::kFixedStart, entry["fix_start"].get<int64_t>()};
    }
    const bool by_rate = rule.kind == media::FrameRule::Kind::kByRate;
    const auto seed = entry.value("python_and_numpy_seed", 0U);
    PythonRandom random(seed);
    NumpyRandom numpy_random(seed);
    EXPECT_EQ(media::sample_frames(rule, entry["vlen"], entry[by_rate ? "max_num_frames" : "num_frames"],
                                   entry.value("input_fps", 0.0), random, numpy_random),
              entry["indices"].get<std::vector<int64_t>>())
        << entry.dump();
  }
}

media::ClipOperation clip_operation_named(const std::string& name) {
  using enum media::ClipOperation;
  static const std::map<std::string, media::ClipOperation> operations{
      {"Identity", kIdentity},         {"ShearX", kShearX},         {"ShearY", kShearY},
      {"TranslateX", kTranslateX},     {"TranslateY", kTranslateY}, {"Rotate", kRotate},
      {"Brightness", kBrightness},     {"Color", kColor},           {"Contrast", kContrast},
      {"Sharpness", kSharpness},       {"Posterize", kPosterize},   {"Solarize", kSolarize},
      {"AutoContrast", kAutoContrast}, {"Equalize", kEqualize}};
  const auto found = operations.find(name);
  require(found != operations.end(), "the case has the operation '{}', which is not known here", name);
  return found->second;
}

// The crop's numbers stand in the words that explain the tensor: "... top,left,h,w=5,3,31,48 ...".
media::CropBox crop_box_in(const std::string& meaning) {
  std::smatch found;
  require(std::regex_search(meaning, found, std::regex(R"(top,left,h,w=(\d+),(\d+),(\d+),(\d+))")),
          "the case does not say where it crops: '{}'", meaning);
  const auto number = [&](size_t i) { return std::stoi(found[i]); };
  return {.left = number(2), .top = number(1), .width = number(4), .height = number(3)};
}

void check_videos(const Case& test_case) {
  const auto clip = to_clip(read_all(test_case.file("inputs.safetensors")).at("frames"));
  const auto expected = read_all(test_case.file("expected.safetensors"));
  const auto& meanings = test_case.manifest["files"]["expected.safetensors"]["tensors"];
  const auto resized_to = [](const at::Tensor& like) {
    return [&like](const media::Image& image) {
      return media::resize_bicubic_unsmoothed(image, static_cast<int>(like.size(3)), static_cast<int>(like.size(2)));
    };
  };
  for (const auto& [key, tensor] : expected) {
    if (key.starts_with("resized")) {
      expect_same_clip(changed(clip, resized_to(tensor)), tensor, key);
    } else if (key == "image") {
      std::vector<float> values = media::clip_eval_transform(clip, static_cast<int>(tensor.size(3)));
      const at::Tensor got = at::from_blob(values.data(), tensor.sizes(), at::kFloat);
      EXPECT_TRUE(at::equal(got, tensor)) << key << ": largest difference " << max_difference(got, tensor);
    } else if (key == "crop") {
      const media::CropBox box = crop_box_in(meanings[key]["meaning"]);
      const auto cropped = changed(
          clip, [&, &to = tensor](const media::Image& image) { return resized_to(to)(media::crop(image, box)); });
      expect_same_clip(cropped, tensor, key);
    } else if (key == "crop_flip") {
      expect_same_clip(changed(to_clip(expected.at("crop")), media::flip_horizontally), tensor, key);
    } else {
      EXPECT_TRUE(key.starts_with("tv.")) << "the case has the tensor '" << key << "', which is not known here";
    }
  }
  for (const auto& entry : test_case.manifest["randaugment_ops"]) {
    const auto key = entry["key"].get<std::string>();
    const auto operation = clip_operation_named(entry["op"]);
    const double magnitude = entry["magnitude"];
    const auto augmented_clip = changed(to_clip(expected.at("resized")), [&](const media::Image& image) {
      return media::augment_frame(image, operation, magnitude);
    });
    expect_same_clip(augmented_clip, expected.at(key), key);
  }
  check_frame_indices(nlohmann::json::parse(std::ifstream(test_case.file("frame_indices.json"))));
}

constexpr double kFbankTolerance =
    1e-4;  // what the project holds itself to; two right float32 transforms may differ so

// The same after normalisation, which divides by 2 norm_std; values to 8 carry an error of half of 2^-20 for each of
// the two steps.
double features_tolerance(const media::AudioFeatureConfig& config) {
  return config.normalise ? kFbankTolerance / (2 * config.norm_std) + 1e-6 : kFbankTolerance;
}

void check_sounds(const Case& test_case) {
  media::AudioFeatureConfig config;
  config.mel_bins = test_case.manifest["hyper"]["melbins"];
  config.norm_mean = test_case.manifest["hyper"]["norm_mean"];
  config.norm_std = test_case.manifest["hyper"]["norm_std"];
  const auto sound = [&](const std::string& name) { return media::load_audio(test_case.file("audios/" + name)); };
  const auto as_tensor = [&](const std::vector<float>& features) {
    return at::tensor(features).view({-1, config.mel_bins});
  };
  const auto expected = read_all(test_case.file("expected.safetensors"));
  for (const auto& [key, tensor] : expected) {
    if (key.starts_with("specaug")) continue;
    const auto dot = key.rfind('.');
    config.target_frames = static_cast<int>(tensor.size(0));
    config.normalise = !key.ends_with("_skipnorm");
    if (key.substr(dot) == ".fbank") {
      expect_close(as_tensor(media::audio_log_mel(sound(key.substr(0, dot)), config)), tensor, kFbankTolerance, key);
    } else {
      EXPECT_TRUE(key.substr(dot).starts_with(".image"))
          << "the case has the tensor '" << key << "', which is not known here";
      expect_close(as_tensor(media::audio_eval_features(sound(key.substr(0, dot)), config)), tensor,
                   features_tolerance(config), key);
    }
  }
  const auto& masks = test_case.manifest["specaug_masks"];
  if (masks.empty()) return;
  // "one_sec.wav at target 128 ..."
  const std::string meaning = test_case.manifest["files"]["expected.safetensors"]["tensors"]["specaug0"]["meaning"];
  const std::string name = meaning.substr(0, meaning.find(' '));
  config.target_frames = static_cast<int>(expected.at("specaug0").size(0));
  config.normalise = false;
  const std::vector<float> plain = media::audio_eval_features(sound(name), config);
  config.normalise = true;
  for (size_t i = 0; i < masks.size(); ++i) {
    std::vector<float> features = plain;
    media::mask_bins(features, config.mel_bins, {masks[i]["f0"], masks[i]["f1"]});
    media::mask_frames(features, config.mel_bins, {masks[i]["t0"], masks[i]["t1"]});
    media::normalise_features(features, config);
    const std::string key = "specaug" + std::to_string(i);
    expect_close(as_tensor(features), expected.at(key), features_tolerance(config), key);
  }
}

const bool images = register_check("image_preprocess", check_images);
const bool augmentations = register_check("randaugment", check_augmentations);
const bool videos = register_check("video_preprocess", check_videos);
const bool sounds = register_check("audio_preprocess", check_sounds);

}  // namespace
}  // namespace epalm::golden
