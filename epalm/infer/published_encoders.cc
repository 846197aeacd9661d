#include "epalm/infer/published_encoders.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "epalm/encoders/load_encoder.h"

namespace epalm::infer {
namespace {

// AugReg files of timm's names, without their folder.
const std::vector<std::pair<std::string, std::string>> kAugReg{
    {"vit_tiny_patch16_224",
     "Ti_16-i21k-300ep-lr_0.001-aug_none-wd_0.03-do_0.0-sd_0.0--imagenet2012-steps_20k-lr_0.03-res_224.npz"},
    {"vit_small_patch16_224",
     "S_16-i21k-300ep-lr_0.001-aug_light1-wd_0.03-do_0.0-sd_0.0--imagenet2012-steps_20k-lr_0.03-res_224.npz"},
    {"vit_base_patch16_224",
     "B_16-i21k-300ep-lr_0.001-aug_medium1-wd_0.1-do_0.0-sd_0.0--imagenet2012-steps_20k-lr_0.01-res_224.npz"},
    {"vit_large_patch16_224",
     "L_16-i21k-300ep-lr_0.001-aug_medium1-wd_0.1-do_0.1-sd_0.1--imagenet2012-steps_20k-lr_0.01-res_224.npz"}};

}  // namespace

std::string published_weights(const std::string& vision_model_name) {
  switch (encoders::architecture_of(vision_model_name)) {
    case encoders::Architecture::kTimesformer:
      return "TimeSformer_divST_8x32_224_K600.pyth from https://www.dropbox.com/s/4h2qt41m2z3aqrb/"
             "TimeSformer_divST_8x32_224_K600.pyth?dl=1";
    case encoders::Architecture::kAst:
      return "audioset_10_10_0.4593.pth from https://www.dropbox.com/s/ca0b1v2nlxzyeb4/audioset_10_10_0.4593.pth?dl=1";
    case encoders::Architecture::kVit:
      break;
  }
  for (const auto& [name, file] : kAugReg) {
    if (name == vision_model_name)
      return fmt::format("{0} from https://storage.googleapis.com/vit_models/augreg/{0}", file);
  }
  return "";
}

std::string hub_weights(const std::string& vision_model_name) {
  for (const auto& [name, file] : kAugReg) {
    if (name == vision_model_name) return fmt::format("timm/{}.augreg_in21k_ft_in1k", name);
  }
  return "";
}

}  // namespace epalm::infer
