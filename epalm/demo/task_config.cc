#include "epalm/demo/task_config.h"

#include <nlohmann/json.hpp>

#include "epalm/demo/worlds.h"
#include "epalm/io/json_file.h"

namespace epalm::demo {
namespace {

namespace fs = std::filesystem;
using infer::Modality;
using nlohmann::json;

const char* encoder_folder(Modality modality) {
  switch (modality) {
    case Modality::kImage:
      return "vit";
    case Modality::kVideo:
      return "timesformer";
    case Modality::kAudio:
      break;
  }
  return "ast";
}

// Tells a file from another that took its place.
json stamp(const fs::path& path) {
  std::error_code ignored;
  const auto time = fs::last_write_time(path, ignored).time_since_epoch().count();
  return {{"bytes", fs::file_size(path, ignored)}, {"time", static_cast<int64_t>(time)}};
}

}  // namespace

infer::RunConfig task_config(const DemoOptions& options, infer::Task task) {
  const auto assets = options.assets / "tiny_world";
  const Modality modality = infer::modality_of(task);
  std::vector<std::string> overrides;
  const auto set = [&](const char* key, const fs::path& value) {
    overrides.push_back(std::string(key) + "=" + json(value.string()).dump());  // quoted, as YAML reads it too
  };
  set("text_model", assets / "opt");
  set("encoder_weights", assets / encoder_folder(modality));
  set("data_dir", data_folder(options, modality));
  overrides.insert(overrides.end(), options.overrides.begin(), options.overrides.end());
  auto config = infer::load_run_config(assets / (std::string(infer::task_name(task)) + ".yaml"), overrides);
  // Other epochs, tasks and starts find them there.
  if (config.cache_features && config.feature_cache.empty()) {
    config.feature_cache = (options.folder / "features").string();
  }
  return config;
}

json made_with(const DemoOptions& options, const infer::RunConfig& config) {
  const auto world = world_folder(options, infer::modality_of(config.task)) / "tiny_world.json";
  return {{"config", to_json(config)},
          {"world", io::read_json_file(world).value("options", json())},
          {"lm", stamp(fs::path(config.text_model) / "model.safetensors")},
          {"encoder", stamp(fs::path(config.encoder_weights) / "model.safetensors")}};
}

}  // namespace epalm::demo
