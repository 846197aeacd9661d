#include "cli/run_flags.h"

#include <fmt/ranges.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "epalm/base/error.h"
#include "epalm/base/log.h"

namespace epalm::cli {

std::string text_override(const std::string& key, const std::string& value) {
  const bool plain = value.find_first_of("[]{}#&*!|>'\"%@`,:?\\ ~") == std::string::npos && !value.empty();
  return key + "=" + (plain ? value : nlohmann::json(value).dump());
}

std::vector<std::string> RunFlags::all_overrides() const {
  std::vector<std::string> all;
  if (!text_model.empty()) all.push_back(text_override("text_model", text_model));
  if (!vision_model.empty()) {
    all.push_back(
        text_override(std::filesystem::exists(vision_model) ? "encoder_weights" : "vision_model_name", vision_model));
  }
  if (!encoder_weights.empty()) all.push_back(text_override("encoder_weights", encoder_weights));
  if (!data_dir.empty()) all.push_back(text_override("data_dir", data_dir));
  if (!seed.empty()) all.push_back("run_seed=" + seed);
  if (!max_gen_length.empty()) all.push_back("max_length=" + max_gen_length);
  all.insert(all.end(), overrides.begin(), overrides.end());
  return all;
}

infer::RunConfig RunFlags::load() const {
  require(device == "cpu", "--device {}: this build computes on the CPU only; leave the flag out or give cpu", device);
  require(!distributed && world_size == 1 && dist_url.empty(),
          "--distributed, --world-size {} and --dist-url: this build trains in one process; leave the flags out",
          world_size);
  require(!submit, "--submit: `epalm eval {} --checkpoint FILE --split SPLIT --output FILE` writes what a server takes",
          config);
  auto run = infer::load_run_config(config, all_overrides());
  if (!image_dir.empty()) log_info("--image-dir: nothing reads it, as published; --data-dir has the images");
  if (low_cpu) log_info("--low-cpu: weights are always mapped and read once; precision=bf16 halves them");
  if (const auto unread = infer::unread_keys(config); !unread.empty()) {
    log_info("{}: keys that nothing reads: {}", config, fmt::join(unread, ", "));
  }
  return run;
}

void add_run_flags(CLI::App& verb, RunFlags& flags) {
  verb.add_option("CONFIG,--config", flags.config, "YAML file of the run")->required();
  verb.add_option("KEY=VALUE", flags.overrides, "keys that replace those of the file, as optimizer.lr=1e-4");
  verb.add_option("--text-model", flags.text_model, "folder of the OPT model, or a name on the hub");
  verb.add_option("--vision-model", flags.vision_model, "timm name of the encoder, or its weight file or folder");
  verb.add_option("--encoder-weights", flags.encoder_weights,
                  "weight file or folder of the encoder, or a name on the hub");
  verb.add_option("--data-dir", flags.data_dir, "folder of the data set");
  verb.add_option("--seed", flags.seed, "seed of the run (key run_seed)");
  verb.add_option("--max-gen-length", flags.max_gen_length, "longest answer in tokens (key max_length)");
  verb.add_option("--device", flags.device, "cpu, the only one in this build");
  const std::string published = "Flags of the published programs that change nothing or are refused";
  verb.add_option("--image-dir", flags.image_dir, "not read, as published; --data-dir has the images")
      ->group(published);
  verb.add_flag("--low-cpu", flags.low_cpu, "always so: weights are mapped and read once")->group(published);
  verb.add_flag("--distributed", flags.distributed, "refused: one process trains")->group(published);
  verb.add_option("--world-size", flags.world_size, "1; more is refused")->group(published);
  verb.add_option("--dist-url", flags.dist_url, "refused")->group(published);
  verb.add_flag("--submit", flags.submit, "refused; `epalm eval --output` writes the file")->group(published);
}

std::string config_keys_help() {
  std::string text = "\nKeys of a configuration, with their defaults:\n";
  for (const auto& key : infer::run_config_help()) {
    text += fmt::format("  {:<28} {:<24} {}\n", key.name, key.default_value, key.meaning);
  }
  return text;
}

void print_metrics(const std::map<std::string, double>& metrics) {
  for (const auto& [name, value] : metrics) fmt::print("{:<12} {:7.2f} %\n", name, value);
}

}  // namespace epalm::cli
