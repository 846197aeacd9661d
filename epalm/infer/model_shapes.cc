#include "epalm/infer/model_shapes.h"

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <numeric>

#include "epalm/adapter/adapter_weights.h"
#include "epalm/base/error.h"
#include "epalm/infer/frozen_models.h"
#include "epalm/io/json_file.h"

namespace epalm::infer {
namespace {

namespace fs = std::filesystem;

lm::OptConfig shape_by_name(const std::string& text_model) {
  const size_t at = text_model.rfind("opt-");
  require(at != std::string::npos,
          "text_model '{}' is neither a folder with config.json nor a published name as facebook/opt-1.3b", text_model);
  return lm::opt_shape(text_model.substr(at + 4));
}

int64_t numbers(const nn::WeightSpec& spec) {
  return std::accumulate(spec.shape.begin(), spec.shape.end(), int64_t{1}, std::multiplies<>());
}

}  // namespace

ModelShapes model_shapes(const RunConfig& config) {
  ModelShapes shapes;
  const fs::path lm_json = fs::path(config.text_model) / "config.json";
  shapes.lm_from_files = fs::exists(lm_json);
  shapes.lm = shapes.lm_from_files ? lm::opt_config_from_json(io::read_json_file(lm_json), lm_json.string())
                                   : shape_by_name(config.text_model);
  shapes.encoder_from_files = !config.encoder_weights.empty() && fs::exists(config.encoder_weights);
  shapes.encoder = encoders::encoder_config(encoder_request(config));
  return shapes;
}

PartCounts count_parts(const RunConfig& config, const ModelShapes& shapes) {
  PartCounts counts;
  const auto add = [&](const std::vector<nn::WeightSpec>& table, const std::string& prefix, const auto& part) {
    for (const auto& spec : table) {
      const int64_t n = numbers(spec);
      part(spec) += n;
      counts.all.total += n;
      if (model::is_trainable(prefix + spec.name, config.trainable)) counts.all.trained += n;
    }
  };
  add(encoders::encoder_weights(shapes.encoder), "model_vision.",
      [&](const auto&) -> int64_t& { return counts.encoder; });
  add(lm::opt_weights(shapes.lm), "model_text.", [&](const auto&) -> int64_t& { return counts.lm; });
  const auto sizes = model::frozen_sizes(shapes.lm, encoders::encoder_width(shapes.encoder));
  add(adapter::adapter_weights(config.adapter, sizes), "", [&](const nn::WeightSpec& spec) -> int64_t& {
    if (spec.name.starts_with("connector")) return counts.connectors;
    return spec.name.starts_with("prompt") ? counts.prompt : counts.adapters;
  });
  return counts;
}

}  // namespace epalm::infer
