#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/console.h"
#include "cli/interrupt.h"
#include "cli/session.h"
#include "epalm/base/error.h"
#include "epalm/train/world_models.h"
#include "epalm/world/clip_files.h"
#include "epalm/world/files.h"

namespace epalm::cli {
namespace {

struct WorldFlags {
  std::filesystem::path folder;
  world::WorldOptions images;
  world::VideoWorldOptions clips;
  world::AudioWorldOptions recordings;
  train::WorldModelOptions models;
  uint64_t seed = 42;
  std::vector<std::string> only;
  bool data_only = false, models_only = false, json = false;
};

constexpr const char* kImages = "image";
constexpr const char* kClips = "video";
constexpr const char* kRecordings = "audio";

// A medium, the name of its part and what its media are called.
struct MediumNames {
  world::Medium medium;
  const char* part;
  const char* things;
};
constexpr MediumNames kMediumNames[] = {{world::Medium::kImage, kImages, "pictures"},
                                        {world::Medium::kVideo, kClips, "clips"},
                                        {world::Medium::kAudio, kRecordings, "recordings"}};

bool wants(const WorldFlags& flags, std::string_view part) {
  return flags.only.empty() || std::find(flags.only.begin(), flags.only.end(), part) != flags.only.end();
}

nlohmann::json write_data(const WorldFlags& flags) {
  nlohmann::json folders = nlohmann::json::object();
  const auto write = [&](const char* part, const char* what, const auto& write_world) {
    if (!wants(flags, part)) return;
    const auto folder = flags.folder / part;
    write_world(folder, [what](int done, int total) {
      if (interrupted()) throw Interrupted(fmt::format("interrupted while making {}", what));
      Console::get().progress(what, done, total);
    });
    Console::get().clear_progress();
    folders[part] = folder.string();
    if (!flags.json) fmt::print("{} with captions and questions are in {}\n", what, folder.string());
  };
  write(kImages, "pictures",
        [&](const auto& folder, const auto& progress) { write_image_world(folder, flags.images, progress); });
  write(kClips, "clips",
        [&](const auto& folder, const auto& progress) { write_video_world(folder, flags.clips, progress); });
  write(kRecordings, "recordings",
        [&](const auto& folder, const auto& progress) { write_audio_world(folder, flags.recordings, progress); });
  return folders;
}

void print_gates(const train::WorldGates& gates) {
  for (const auto& [medium, part, things] : kMediumNames) {
    const auto found = gates.text.find(medium);
    if (found == gates.text.end()) continue;
    fmt::print("opt answers {:.1f} % of {} questions about {} from the description as text\n", found->second.accuracy,
               found->second.questions, things);
    for (const auto& [type, counts] : found->second.by_type) {
      fmt::print("  {:<24} {:5.1f} %\n", type,
                 100.0 * static_cast<double>(counts.first) / static_cast<double>(counts.second));
    }
  }
  for (const auto& [model, probe] : gates.probes) {
    fmt::print("{}: {:.1f} % of all labels read off the CLS\n", train::world_model_name(model), probe.all);
    for (const auto& [kind, accuracy] : probe.by_kind) fmt::print("  {:<24} {:5.1f} %\n", kind, accuracy);
  }
}

nlohmann::json to_json(const train::WorldGates& gates) {
  nlohmann::json document = nlohmann::json::object();
  for (const auto& [medium, part, things] : kMediumNames) {
    if (gates.text.contains(medium)) document["text_ceiling"][part] = gates.text.at(medium).accuracy;
  }
  for (const auto& [model, probe] : gates.probes) {
    auto& entry = document["label_probe"][std::string(train::world_model_name(model))];
    entry["all"] = probe.all;
    for (const auto& [kind, accuracy] : probe.by_kind) entry["by_kind"][kind] = accuracy;
  }
  return document;
}

nlohmann::json train_models(const WorldFlags& flags) {
  train::WorldModelOptions options = flags.models;
  options.folder = flags.folder;
  std::erase_if(options.models, [&](train::WorldModel model) { return !wants(flags, train::world_model_name(model)); });
  options.interrupted = interrupted;
  options.progress = [](const std::string& stage, int64_t steps, const train::PretrainProgress& progress) {
    Console::get().progress(stage, progress.step, steps, fmt::format("loss {:.4f}", progress.loss));
  };
  const train::WorldGates gates = train::make_world_models(options);
  Console::get().clear_progress();
  if (!flags.json) print_gates(gates);
  return to_json(gates);
}

int run_world(WorldFlags flags) {
  flags.images.seed = flags.clips.seed = flags.recordings.seed = flags.seed;
  nlohmann::json document = nlohmann::json::object();
  if (!flags.models_only) document["folders"] = write_data(flags);
  if (!flags.data_only) document.update(train_models(flags));
  if (flags.json) fmt::print("{}\n", document.dump(2));
  return 0;
}

}  // namespace

void add_world(CLI::App& app, Session& session) {
  auto* verb =
      app.add_subcommand("world", "Makes the tiny world: its data sets, and its models trained from random weights");
  auto flags = std::make_shared<WorldFlags>();
  std::vector<std::string> parts{kImages, kClips, kRecordings};
  for (const auto model : train::kWorldModels) parts.emplace_back(train::world_model_name(model));
  verb->add_option("FOLDER", flags->folder,
                   "gets image/, video/, audio/ (data) and opt/, vit/, timesformer/, ast/ (models)")
      ->required();
  auto* data_only = verb->add_flag("--data-only", flags->data_only, "media, captions and questions only");
  verb->add_flag("--models-only", flags->models_only, "tokenizer, language model and encoders only")
      ->excludes(data_only);
  verb->add_option("--only", flags->only, "these parts only: " + fmt::format("{}", fmt::join(parts, ", ")))
      ->check(CLI::IsMember(parts))
      ->delimiter(',');
  const auto add_count = [&](const char* name, int& value, const char* what) {
    verb->add_option(name, value, what)->capture_default_str();
  };
  add_count("--train-images", flags->images.train_images, "pictures to train on");
  add_count("--val-images", flags->images.val_images, "pictures to choose by");
  add_count("--test-images", flags->images.test_images, "pictures to score by");
  add_count("--train-clips", flags->clips.clips.train, "clips to train on");
  add_count("--val-clips", flags->clips.clips.val, "clips to choose by");
  add_count("--test-clips", flags->clips.clips.test, "clips to score by");
  add_count("--train-recordings", flags->recordings.clips.train, "recordings to train on");
  add_count("--val-recordings", flags->recordings.clips.val, "recordings to choose by");
  add_count("--test-recordings", flags->recordings.clips.test, "recordings to score by");
  verb->add_option("--seed", flags->seed, "seed of the data")->capture_default_str();
  verb->add_option("--steps", flags->models.steps, "training steps of each model; absent: those of the shipped ones")
      ->check(CLI::PositiveNumber);
  verb->add_flag("--json", flags->json, "one JSON document");
  verb->footer("\nExample:\n  epalm world runs/world --data-only --train-images 500");
  verb->callback([flags, &session] {
    session.how_to_continue = "the same command starts over; finished parts stay";
    session.action = [flags] { return run_world(*flags); };
  });
}

}  // namespace epalm::cli
