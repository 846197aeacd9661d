#include <fmt/ranges.h>

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>

#include "cli/session.h"
#include "epalm/base/error.h"
#include "epalm/infer/bundle.h"
#include "epalm/infer/model_shapes.h"
#include "epalm/io/tensor_file.h"
#include "epalm/io/torch_file.h"
#include "epalm/report/numbers.h"

namespace epalm::cli {
namespace {

namespace fs = std::filesystem;

struct InspectFlags {
  std::string path;
  std::vector<std::string> overrides;
  bool json = false;
};

bool is_config(const fs::path& path) {
  return path.extension() == ".yaml" || path.extension() == ".yml" || path.filename() == "config.json";
}

nlohmann::json json_of(const infer::PartCounts& counts) {
  return {{"parameters_total", counts.all.total},
          {"parameters_trained", counts.all.trained},
          {"trained_percent", counts.all.trained_percent()},
          {"lm", counts.lm},
          {"encoder", counts.encoder},
          {"connectors", counts.connectors},
          {"prompt", counts.prompt},
          {"adapters", counts.adapters}};
}

// "mlp normal, attention parallel"
std::string adapter_places(const adapter::BottleneckPlaces& places) {
  std::vector<std::string> parts;
  if (places.mlp) parts.push_back("mlp " + places.mlp->adapter_type);
  if (places.attention) parts.push_back("attention " + places.attention->adapter_type);
  return fmt::format("{}", fmt::join(parts, ", "));
}

nlohmann::json json_of(const std::vector<infer::ExplainedKey>& keys) {
  nlohmann::json list = nlohmann::json::array();
  for (const auto& key : keys) {
    list.push_back(
        {{"name", key.name}, {"value", key.value}, {"meaning", key.meaning}, {"given", key.given}, {"read", key.read}});
  }
  return list;
}

void print_keys(const char* title, const std::vector<infer::ExplainedKey>& keys,
                const std::function<bool(const infer::ExplainedKey&)>& chosen) {
  bool first = true;
  for (const auto& key : keys) {
    if (!chosen(key)) continue;
    if (first) fmt::print("\n{}:\n", title);
    first = false;
    fmt::print("  {:<28} {:<24} {}\n", key.name, key.value, key.meaning);
  }
}

void inspect_config(const InspectFlags& flags) {
  const auto config = infer::load_run_config(flags.path, flags.overrides);
  const auto keys = infer::explain_run_config(flags.path, flags.overrides);
  const infer::ModelShapes shapes = infer::model_shapes(config);
  const infer::PartCounts counts = infer::count_parts(config, shapes);
  if (flags.json) {
    nlohmann::json document = json_of(counts);
    document["keys"] = infer::to_json(config);
    document["unread"] = infer::unread_keys(flags.path);
    document["explained"] = json_of(keys);
    fmt::print("{}\n", document.dump(2));
    return;
  }
  fmt::print("{}: {} under {} semantics\n", flags.path, infer::task_name(config.task), config.semantics);
  const auto from = [](bool files) { return files ? "its files" : "its name; the weights are not here"; };
  fmt::print("language model  {:<28} {:>16}  shape from {}\n", config.text_model, report::with_thousands(counts.lm),
             from(shapes.lm_from_files));
  fmt::print("encoder         {:<28} {:>16}  shape from {}\n", config.vision_model,
             report::with_thousands(counts.encoder), from(shapes.encoder_from_files));
  fmt::print("connectors      {:<28} {:>16}\n", config.adapter.connectors(), report::with_thousands(counts.connectors));
  fmt::print("prompt          {:<28} {:>16}\n",
             config.adapter.prompt_tuning ? fmt::format("{} rows", config.adapter.prompt_len) : "none",
             report::with_thousands(counts.prompt));
  if (config.adapter.use_adapters) {
    fmt::print("adapters        {:<28} {:>16}\n", adapter_places(config.adapter.adapter_config),
               report::with_thousands(counts.adapters));
  }
  fmt::print("total           {:>45}\n", report::with_thousands(counts.all.total));
  fmt::print("trained         {:>45}  {:.4f} %\n", report::with_thousands(counts.all.trained),
             counts.all.trained_percent());
  print_keys("keys that are read", keys, [](const auto& key) { return key.given && key.read; });
  print_keys("keys that change nothing", keys, [](const auto& key) { return !key.read; });
  print_keys("keys that are not given, with their defaults", keys, [](const auto& key) { return !key.given; });
}

// What a checkpoint says about its run; null where the file is no checkpoint.
nlohmann::json checkpoint_facts(const fs::path& path) {
  nlohmann::json facts;
  if (!fs::is_regular_file(path)) return facts;
  if (path.extension() == ".safetensors") {
    for (const auto& [key, value] : io::open_tensor_file(path)->metadata()) {
      facts[key] = key.starts_with("epalm_") ? nlohmann::json::parse(value, nullptr, false) : nlohmann::json(value);
    }
    return facts;
  }
  if (path.extension() != ".pth" && path.extension() != ".pt") return facts;
  const io::Value root = io::read_torch(path);
  if (!root.is_dict()) return facts;
  for (const char* key : {"epoch", "best_valid", "best_epoch", "config", "epalm_frozen"}) {
    if (root.contains(key)) facts[key] = io::json_from_value(root.at(key));
  }
  if (root.contains("optimizer")) facts["resumable"] = true;
  return facts;
}

void inspect_weights(const InspectFlags& flags) {
  require(flags.overrides.empty(), "'{}' is no configuration, so {} has nothing to replace", flags.path,
          flags.overrides.front());
  const auto file = io::open_tensor_file(flags.path);
  const nlohmann::json facts = checkpoint_facts(flags.path);
  nlohmann::json tensors = nlohmann::json::array();
  int64_t total = 0, bytes = 0;
  for (const auto& name : file->names()) {
    const auto info = file->info(name);
    int64_t count = 1;
    for (const int64_t size : info.shape) count *= size;
    total += count;
    bytes += count * static_cast<int64_t>(c10::elementSize(info.dtype));
    tensors.push_back({{"name", name}, {"shape", info.shape}, {"dtype", c10::toString(info.dtype)}});
  }
  if (flags.json) {
    nlohmann::json document{{"tensors", tensors}, {"parameters_total", total}, {"bytes", bytes}};
    if (!facts.is_null()) document["checkpoint"] = facts;
    fmt::print("{}\n", document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
    return;
  }
  for (const auto& tensor : tensors) {
    fmt::print("{:<9} {:<20} {}\n", tensor["dtype"].get<std::string>(), tensor["shape"].dump(),
               tensor["name"].get<std::string>());
  }
  fmt::print("{} tensors, {} numbers, {:.1f} MB\n", tensors.size(), report::with_thousands(total),
             static_cast<double>(bytes) / 1e6);
  for (const auto& [key, value] : facts.items()) {
    fmt::print("{}: {}\n", key,
               value.dump(value.is_object() ? 2 : -1, ' ', false, nlohmann::json::error_handler_t::replace));
  }
}

}  // namespace

void add_inspect(CLI::App& app, Session& session) {
  auto* verb = app.add_subcommand("inspect", "What a configuration, a checkpoint or a weight file holds");
  auto flags = std::make_shared<InspectFlags>();
  verb->add_option("PATH", flags->path,
                   "a configuration (.yaml, or config.json of a run), a checkpoint, a weight file or a model folder")
      ->required();
  verb->add_option("KEY=VALUE", flags->overrides, "keys that replace those of a configuration");
  verb->add_flag("--json", flags->json, "one JSON document");
  verb->footer(
      "\nA configuration: parameters in total and trained, from the shapes alone, and what every key does.\n"
      "Example:\n  epalm inspect ePALM_vqa.yaml text_model=facebook/opt-6.7b");
  verb->callback([flags, &session] {
    session.action = [flags] {
      is_config(flags->path) ? inspect_config(*flags) : inspect_weights(*flags);
      return 0;
    };
  });
}

}  // namespace epalm::cli
