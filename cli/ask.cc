#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/assets.h"
#include "cli/interrupt.h"
#include "cli/run_flags.h"
#include "cli/session.h"
#include "epalm/base/error.h"
#include "epalm/base/log.h"
#include "epalm/infer/answer.h"
#include "epalm/infer/bundle.h"
#include "epalm/infer/media_input.h"

namespace epalm::cli {
namespace {

struct AskFlags {
  std::vector<std::string> files;
  std::string question, checkpoint, text_model;
  std::vector<std::string> overrides;
  bool interactive = false, json = false;
};

struct Medium {
  std::string path;
  at::Tensor content;  // as infer::read_medium gives it
};

// Answers about every medium; a terminal sees the words as they come.
void ask_all(const infer::Bundle& bundle, const std::vector<Medium>& media, const std::string& question,
             const AskFlags& flags) {
  const bool stream = !flags.json && isatty(STDOUT_FILENO) != 0;
  nlohmann::json answers = nlohmann::json::array();
  for (const Medium& medium : media) {
    if (!flags.json && media.size() > 1) fmt::print("{}: ", medium.path);
    bool streamed = false;
    const auto on_piece = [&](std::string_view piece) {
      if (interrupted()) return false;
      if (stream && !piece.empty()) {
        fmt::print("{}", piece);
        std::fflush(stdout);
        streamed = true;
      }
      return true;
    };
    const std::string answer = infer::answer(bundle, medium.content, question, on_piece);
    if (interrupted()) {
      if (streamed) fmt::print("\n");
      throw Interrupted("interrupted");
    }
    if (flags.json) {
      const std::string kind(infer::modality_name(infer::modality_of(bundle.config.task)));
      answers.push_back({{kind, medium.path}, {"question", question}, {"answer", answer}});
    } else {
      fmt::print("{}\n", streamed ? "" : answer);
      std::fflush(stdout);
    }
  }
  if (flags.json)
    fmt::print("{}\n", answers.dump(flags.interactive ? -1 : 2, ' ', false, nlohmann::json::error_handler_t::replace));
}

void converse(const infer::Bundle& bundle, const std::vector<Medium>& media, const AskFlags& flags) {
  const bool prompt = isatty(STDIN_FILENO) != 0;
  std::string line;
  while (true) {
    if (prompt) fmt::print(stderr, "question (empty line ends): ");
    if (!std::getline(std::cin, line)) break;
    if (line.empty()) return;
    ask_all(bundle, media, line, flags);
  }
  if (interrupted()) throw Interrupted("interrupted");
}

struct Loaded {
  std::filesystem::path checkpoint;
  infer::Bundle bundle;
  std::vector<Medium> media;
};

// Media are read first: a wrong file is told before models are loaded.
Loaded load(const std::filesystem::path& checkpoint, const AskFlags& flags) {
  std::vector<std::string> overrides;
  if (!flags.text_model.empty()) overrides.push_back(text_override("text_model", flags.text_model));
  overrides.insert(overrides.end(), flags.overrides.begin(), flags.overrides.end());
  std::vector<Medium> media;
  const infer::RunConfig config = infer::config_of_checkpoint(checkpoint, overrides);
  for (const auto& path : flags.files) media.push_back({path, infer::read_medium(config, path)});
  return {checkpoint, infer::load_bundle(checkpoint, overrides), std::move(media)};
}

// What a demo of other models left, or one that does not say of which, is passed over where there is another adapter.
Loaded load_default(infer::Task task, const AskFlags& flags) {
  const auto checkpoints = default_checkpoints(task);
  for (size_t i = 0; i + 1 < checkpoints.size(); ++i) {
    const std::string instead = fmt::format("; '{}' answers instead", checkpoints[i + 1].string());
    try {
      if (!infer::prints_of_checkpoint(checkpoints[i]).is_null()) return load(checkpoints[i], flags);
      log_warning("'{}' does not say which models it was trained with, as an older epalm wrote it{}",
                  checkpoints[i].string(), instead);
    } catch (const infer::OtherModels& error) {
      log_warning("{}{}", error.what(), instead);
    }
  }
  return load(checkpoints.back(), flags);
}

int run_ask(const AskFlags& flags) {
  const bool captions = flags.question.empty() && !flags.interactive;
  const auto [checkpoint, bundle, media] =
      flags.checkpoint.empty()
          ? load_default(infer::task_of(infer::modality_of_file(flags.files.front()), captions), flags)
          : load(flags.checkpoint, flags);
  const bool can_caption = infer::is_caption(bundle.config.task);
  require(captions == can_caption, "'{}' is an adapter that {}", checkpoint.string(),
          can_caption ? "writes captions; leave the question out or name another with --checkpoint"
                      : "answers questions; add one with -q, or name another with --checkpoint");
  if (!flags.question.empty() || captions) ask_all(bundle, media, flags.question, flags);
  if (flags.interactive) converse(bundle, media, flags);
  return 0;
}

}  // namespace

void add_ask(CLI::App& app, Session& session) {
  auto* verb = app.add_subcommand(
      "ask", "Answers a question about pictures, videos or sounds, or captions them where none is asked");
  auto flags = std::make_shared<AskFlags>();
  verb->add_option(
          "MEDIUM", flags->files,
          "pictures (JPEG, PNG, WebP, GIF, BMP), or videos or sounds of any kind that FFmpeg reads; all of the "
          "kind that the adapter knows")
      ->required();
  verb->add_option("-q,--question", flags->question, "the question; without one: captions");
  verb->add_option("--checkpoint", flags->checkpoint,
                   "the adapter: a file or an adapter's folder; default: that of the last `epalm demo`, else the "
                   "shipped one, for the "
                   "kind of the first medium");
  verb->add_option("--text-model", flags->text_model, "folder of the OPT model, where the adapter does not say");
  verb->add_option("--set", flags->overrides,
                   "KEY=VALUE that replaces a key of the adapter's configuration, as num_beams=3")
      ->take_all()
      ->allow_extra_args(false);
  verb->add_flag("-i,--interactive", flags->interactive, "read questions from standard input, one a line");
  verb->add_flag("--json", flags->json, "one JSON document per question");
  verb->footer(
      "\nExample:\n  epalm ask my.png -q \"what colour is the circle\"\n  epalm ask clip.mp4 -q \"what happens "
      "first\"\n  epalm ask bark.wav");
  verb->callback([flags, &session] { session.action = [flags] { return run_ask(*flags); }; });
}

}  // namespace epalm::cli
