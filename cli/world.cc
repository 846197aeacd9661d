#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/console.h"
#include "cli/interrupt.h"
#include "cli/session.h"
#include "epalm/base/error.h"
#include "epalm/train/world_models.h"
#include "epalm/world/files.h"

namespace epalm::cli {
namespace {

struct WorldFlags {
  std::string folder;
  world::WorldOptions data;
  train::WorldModelOptions models;
  bool data_only = false, models_only = false, json = false;
};

nlohmann::json train_models(const WorldFlags& flags) {
  train::WorldModelOptions options = flags.models;
  options.folder = flags.folder;
  options.interrupted = interrupted;
  options.progress = [](const std::string& stage, int64_t steps, const train::PretrainProgress& progress) {
    Console::get().progress(stage, progress.step, steps, fmt::format("loss {:.4f}", progress.loss));
  };
  const train::WorldGates gates = train::make_world_models(options);
  Console::get().clear_progress();
  nlohmann::json by_kind = nlohmann::json::object();
  for (const auto& [kind, accuracy] : gates.probe.by_kind) by_kind[kind] = accuracy;
  if (!flags.json) {
    fmt::print("language model: answers {:.1f} % of {} questions from the description as text\n", gates.text.accuracy,
               gates.text.questions);
    fmt::print("encoder: {:.1f} % of all labels read off the CLS\n", gates.probe.all);
    for (const auto& [kind, accuracy] : gates.probe.by_kind) fmt::print("  {:<16} {:5.1f} %\n", kind, accuracy);
  }
  return {{"text_ceiling", gates.text.accuracy}, {"label_probe", gates.probe.all}, {"label_probe_by_kind", by_kind}};
}

int run_world(const WorldFlags& flags) {
  nlohmann::json document = nlohmann::json::object();
  if (!flags.models_only) {
    world::write_image_world(flags.folder, flags.data, [](int done, int total) {
      if (interrupted()) throw Interrupted("interrupted while drawing pictures");
      Console::get().progress("pictures", done, total);
    });
    Console::get().clear_progress();
    document["folder"] = flags.folder;
    if (!flags.json) fmt::print("pictures, captions and questions are in {}\n", flags.folder);
  }
  if (!flags.data_only) document.update(train_models(flags));
  if (flags.json) fmt::print("{}\n", document.dump(2));
  return 0;
}

}  // namespace

void add_world(CLI::App& app, Session& session) {
  auto* verb =
      app.add_subcommand("world", "Makes the tiny world: its data set, and its models trained from random weights");
  auto flags = std::make_shared<WorldFlags>();
  verb->add_option("FOLDER", flags->folder, "gets COCO/, vqa/ (data), opt/, vit/ (models)")->required();
  auto* data_only = verb->add_flag("--data-only", flags->data_only, "pictures, captions and questions only");
  verb->add_flag("--models-only", flags->models_only, "tokenizer, language model and encoder only")
      ->excludes(data_only);
  verb->add_option("--train-images", flags->data.train_images, "pictures to train on")->capture_default_str();
  verb->add_option("--val-images", flags->data.val_images, "pictures to choose by")->capture_default_str();
  verb->add_option("--test-images", flags->data.test_images, "pictures to score by")->capture_default_str();
  verb->add_option("--seed", flags->data.seed, "seed of the data")->capture_default_str();
  verb->add_option("--lm-steps", flags->models.lm.steps, "training steps of the language model")->capture_default_str();
  verb->add_option("--encoder-steps", flags->models.encoder.steps, "training steps of the encoder")
      ->capture_default_str();
  verb->add_flag("--json", flags->json, "one JSON document");
  verb->footer("\nExample:\n  epalm world runs/world --data-only --train-images 500");
  verb->callback([flags, &session] {
    session.how_to_continue = "the same command starts over; finished parts stay";
    session.action = [flags] { return run_world(*flags); };
  });
}

}  // namespace epalm::cli
