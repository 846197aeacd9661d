#include "epalm/train/adapter_folder.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "epalm/base/error.h"
#include "epalm/hub/hub_cache.h"
#include "epalm/io/atomic_file.h"
#include "epalm/io/json_file.h"
#include "epalm/model/trainable.h"
#include "epalm/report/numbers.h"
#include "epalm/train/checkpoint.h"
#include "epalm/train/run_record.h"

namespace epalm::train {
namespace {

namespace fs = std::filesystem;

struct Words {
  const char *pipeline, *encoder, *does;
};

// The hub's word for the task, and ours.
Words words_of(infer::Task task) {
  const bool caption = infer::is_caption(task);
  switch (infer::modality_of(task)) {
    case infer::Modality::kImage:
      return caption ? Words{"image-to-text", "pictures", "caption pictures"}
                     : Words{"visual-question-answering", "pictures", "answer questions about pictures"};
    case infer::Modality::kVideo:
      return {"video-text-to-text", "videos", caption ? "caption videos" : "answer questions about videos"};
    case infer::Modality::kAudio:
      break;
  }
  return {"audio-text-to-text", "sounds", caption ? "caption sounds" : "answer questions about sounds"};
}

// The header between dashes is YAML that the hub reads.
std::string header(const infer::RunConfig& config) {
  std::string text = "---\nlibrary_name: epalm\n";
  std::string bases;
  for (const std::string& name : {config.text_model, config.encoder_weights}) {
    if (hub::is_model_name(name) && !fs::exists(name)) bases += "- " + name + "\n";
  }
  if (!bases.empty()) text += "base_model:\n" + bases;
  return text + "pipeline_tag: " + words_of(config.task).pipeline + "\ntags:\n- ep-alm\n- " +
         std::string(infer::task_name(config.task)) + "\n---\n\n";
}

// A cell of a table, in which a text may hold anything.
std::string code(std::string text) {
  for (char& c : text) {
    if (c == '|' || c == '`' || c == '\n' || c == '\r') c = '\'';
  }
  return text.empty() ? "" : "`" + text + "`";
}

std::string frozen_models(const infer::Bundle& bundle) {
  const infer::RunConfig& config = bundle.config;
  const auto row = [](const char* part, const std::string& name, const nn::Weights& weights, const std::string& print) {
    return fmt::format("| {} | {} | {} | {} |\n", part, code(name), report::with_thousands(weights.count()),
                       code(print));
  };
  const std::string encoder = config.encoder_weights.empty() ? config.vision_model : config.encoder_weights;
  return "## Frozen models\n\n| | name | parameters | fingerprint |\n|---|---|---:|---|\n" +
         row("language model", config.text_model, bundle.model.lm().weights(), bundle.prints.text_model) +
         row("encoder", encoder, bundle.model.encoder().weights(), bundle.prints.encoder) +
         "\nThey are not in this folder. Beside models with other fingerprints the adapter means nothing and is "
         "refused.\n\n";
}

std::string scores(const AdapterCard& card, const infer::RunConfig& config) {
  std::string text = "## Scores\n\n";
  bool any = false;
  for (const SplitScores& scored : card.scores) {
    for (const auto& [metric, value] : scored.metrics) {
      if (!any) text += "| split | metric | % |\n|---|---|---:|\n";
      any = true;
      text += fmt::format("| {} | {} | {} |\n", code(scored.split), metric, report::fixed(value, 2));
    }
  }
  if (!any) return text + "None was computed.\n\n";
  return text + fmt::format("\nComputed by epalm under `{}` semantics on the data set in {}.\n\n", config.semantics,
                            code(config.data_dir));
}

// The last start of a run, from run.json.
nlohmann::json last_start(const fs::path& run_record) {
  if (run_record.empty()) return {};
  const nlohmann::json starts = io::read_json_file(run_record);
  require(starts.is_array() && !starts.empty() && starts.back().is_object(),
          "'{}': expected a list of the starts of a run", run_record.string());
  return starts.back();
}

std::string training(const infer::Bundle& bundle, const AdapterCard& card) {
  const infer::RunConfig& config = bundle.config;
  std::string text = "## Training\n\n";
  if (!card.source.empty()) {
    text += fmt::format("Taken from {} by epalm {}.\n\n", code(card.source.filename().string()), epalm_version());
  }
  text += "| | |\n|---|---|\n";
  const auto row = [&](const char* what, const std::string& value) {
    if (!value.empty()) text += fmt::format("| {} | {} |\n", what, value);
  };
  row("task", code(std::string(infer::task_name(config.task))));
  row("split", code(config.train_split));
  row("samples", config.train_topk == "-1" ? "all" : code(config.train_topk));
  row("epochs", std::to_string(config.schedule.epochs));
  row("batch", std::to_string(config.batch_size_train * config.accumulate_batches));
  row("optimizer", fmt::format("{}, learning rate {}", config.optimizer.opt, config.optimizer.lr));
  row("seed", std::to_string(config.seed));
  const nlohmann::json start = last_start(card.run_record);
  const auto fact = [&](const nlohmann::json& facts, const char* key) {
    return facts.is_object() && facts.contains(key) && facts[key].is_string() ? code(facts[key].get<std::string>())
                                                                              : "";
  };
  row("begun", fact(start, "started"));
  row("continued from", fact(start, "checkpoint"));
  row("epalm", fact(start, "epalm"));
  row("revision", fact(start, "revision"));
  const nlohmann::json machine = start.is_object() && start.contains("machine") ? start["machine"] : nlohmann::json();
  row("processor", fact(machine, "cpu"));
  if (machine.is_object() && machine.contains("libraries")) row("libtorch", fact(machine["libraries"], "libtorch"));
  return text + "\nEvery key stands in `config.json`.\n\n";
}

}  // namespace

std::string model_card(const infer::Bundle& bundle, const AdapterCard& card) {
  const infer::RunConfig& config = bundle.config;
  const Words words = words_of(config.task);
  const auto counts = model::count_parameters(bundle.model);
  std::string text = header(config);
  text += fmt::format("# eP-ALM adapter: {}\n\n", infer::task_name(config.task));
  text += fmt::format(
      "What lets a frozen language model and a frozen encoder of {} {}, after "
      "[eP-ALM](https://arxiv.org/abs/2303.11403): {} of {} parameters, {:.3f} %, were trained.\n\n",
      words.encoder, words.does, report::with_thousands(counts.trained), report::with_thousands(counts.total),
      counts.trained_percent());
  text += fmt::format(
      "```\nepalm ask FILE{} --checkpoint FOLDER\nepalm eval FOLDER/config.json --checkpoint FOLDER\n```\n\n",
      infer::is_caption(config.task) ? "" : " -q \"QUESTION\"");
  text += frozen_models(bundle) + scores(card, config) + training(bundle, card);
  return text +
         "## Licence\n\nNone is stated here. Whoever publishes this adapter chooses one that the licences of the "
         "frozen "
         "models and of the data allow, and adds `license: NAME` to the header of this file.\n";
}

void write_adapter_folder(const fs::path& folder, const infer::Bundle& bundle, const AdapterCard& card) {
  const std::string readme = model_card(bundle, card);
  std::error_code error;
  fs::create_directories(folder, error);
  require(!error, "'{}' cannot be made: {}; name a folder that can be written", folder.string(), error.message());
  write_adapter(folder / "adapter.safetensors", bundle);
  io::write_json_file(folder / "config.json", to_json(bundle.config));
  io::write_text_file(folder / "README.md", readme);
}

}  // namespace epalm::train
