#include "epalm/train/fresh_encoder.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "epalm/base/error.h"
#include "epalm/io/tensor_file.h"

namespace epalm::train {
namespace {

constexpr double kInitStd = 0.05;
constexpr double kOutputs = 0.1;
constexpr double kTimeSize = 12;  // of a frame's direction; a trained patch embedding is about twice as long
constexpr double kTimeOutputs = 2;
// Of attention by time, in the first blocks; the states grow from block to block and the times in them do not.
constexpr double kLookSharpness[] = {1, 2, 3, 3.5};
constexpr int64_t kLooks[] = {-1, 1, -2, 2};  // frames ahead, of the first heads

void look_along(const at::Tensor& qkv, int64_t head, int64_t head_width, const at::Tensor& times, int64_t ahead) {
  const int64_t width = qkv.size(1);
  const at::Tensor query = qkv.slice(0, head * head_width, (head + 1) * head_width).zero_();
  const at::Tensor key = qkv.slice(0, width + head * head_width, width + (head + 1) * head_width).zero_();
  for (int64_t frame = 0; frame < times.size(0); ++frame) {
    key[frame].copy_(times[frame]);
    const int64_t seen = frame + ahead;
    if (seen >= 0 && seen < times.size(0)) query[seen].copy_(times[frame]);
  }
}

}  // namespace

nn::Weights fresh_encoder_weights(const encoders::EncoderConfig& config, uint64_t seed) {
  nn::Weights weights = nn::random_weights(encoders::encoder_weights(config), seed, kInitStd);
  for (const auto& [name, tensor] : weights.items()) {
    if (name.ends_with("attn.proj.weight") || name.ends_with("fc2.weight")) tensor.mul_(kOutputs);
  }
  return weights;
}

void start_from_vit(const encoders::TimesformerConfig& config, const nn::Weights& weights,
                    const std::filesystem::path& vit, uint64_t seed) {
  require(std::filesystem::is_directory(vit),
          "the encoder of clips starts from that of pictures, but there is no {}; make vit first", vit.string());
  const int64_t head_width = config.width / config.heads;
  require(config.frames <= head_width && config.heads >= static_cast<int64_t>(std::size(kLooks)),
          "an encoder of clips to start from has {} heads or more, each at least as wide as there are frames, got {} "
          "heads of {} for {} frames",
          std::size(kLooks), config.heads, head_width, config.frames);
  const auto file = io::open_tensor_file(vit);
  constexpr std::string_view kScope = "model.";
  for (const auto& [name, tensor] : weights.items()) {
    const std::string in_vit = name.substr(kScope.size());
    if (file->contains(in_vit)) tensor.copy_(file->read(in_vit));
  }

  const at::Generator generator = at::detail::createCPUGenerator(seed);
  const at::Tensor directions = std::get<0>(at::linalg_qr(at::randn({config.width, config.width}, generator)));
  const at::Tensor times = directions.slice(0, 0, config.frames);  // [F,Dv], orthonormal
  weights.at("model.time_embed").copy_((times * kTimeSize).unsqueeze(0));
  for (int64_t block = 0; block < config.depth; ++block) {
    const std::string scope = fmt::format("model.blocks.{}.", block);
    weights.at(scope + "temporal_attn.proj.weight").div_(kOutputs);
    weights.at(scope + "temporal_fc.weight").mul_(kTimeOutputs);
    const double sharpness = kLookSharpness[std::min<int64_t>(block, std::size(kLookSharpness) - 1)];
    for (size_t head = 0; head < std::size(kLooks); ++head) {
      look_along(weights.at(scope + "temporal_attn.qkv.weight"), static_cast<int64_t>(head), head_width,
                 times * sharpness, kLooks[head]);
    }
  }
}

}  // namespace epalm::train
