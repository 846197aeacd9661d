#include "epalm/infer/frozen_prints.h"

#include <ATen/ATen.h>

#include <nlohmann/json.hpp>
#include <span>

#include "epalm/hub/sha256.h"

namespace epalm::infer {
namespace {

void check_print(const nlohmann::json& saved, const char* part, const char* what, const char* key,
                 const std::filesystem::path& checkpoint, const std::string& print, const std::string& name) {
  const auto text = [&](const char* field) {
    const bool good = saved.is_object() && saved.contains(part) && saved[part].is_object() &&
                      saved[part].contains(field) && saved[part][field].is_string();
    require(good, "'{}': the fingerprint of its {} cannot be read: expected a text {}.{}; the file is damaged",
            checkpoint.string(), what, part, field);
    return saved[part][field].get<std::string>();
  };
  if (text("print") == print) return;
  throw OtherModels(fmt::format(
      "'{}' was trained with the {} '{}' of fingerprint {}, but {} '{}' has fingerprint {}; name the one that it was "
      "trained with by {}=PATH, or train an adapter anew",
      checkpoint.string(), what, text("name"), text("print"), key, name, print, key));
}

}  // namespace

std::string fingerprint(const nn::Weights& weights) {
  hub::Sha256 sum;
  for (const auto& [name, tensor] : weights.items()) {
    const auto is_of = [&name = name](const char* part) { return name.find(part) != std::string::npos; };
    if (is_of("pos_embed") || is_of("time_embed") || is_of("head")) continue;
    const std::string head = fmt::format("{} {}\n", name, nlohmann::json(tensor.sizes().vec()).dump());
    sum.add(std::as_bytes(std::span(head)));
    const at::Tensor values = weights.samples(name).contiguous();
    sum.add(std::span(static_cast<const std::byte*>(values.data_ptr()), values.nbytes()));
  }
  return sum.hex().substr(0, 16);
}

FrozenPrints frozen_prints(const model::EPalm& model) {
  return {fingerprint(model.lm().weights()), fingerprint(model.encoder().weights())};
}

nlohmann::json to_json(const FrozenPrints& prints, const RunConfig& config) {
  return {{"text_model", {{"name", config.text_model}, {"print", prints.text_model}}},
          {"encoder", {{"name", config.encoder_weights}, {"print", prints.encoder}}}};
}

void check_prints(const nlohmann::json& saved, const std::filesystem::path& checkpoint, const FrozenPrints& here,
                  const RunConfig& config) {
  check_print(saved, "text_model", "language model", "text_model", checkpoint, here.text_model, config.text_model);
  check_print(saved, "encoder", "encoder", "encoder_weights", checkpoint, here.encoder, config.encoder_weights);
}

}  // namespace epalm::infer
