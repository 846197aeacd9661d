#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/console.h"
#include "cli/interrupt.h"
#include "cli/run_flags.h"
#include "cli/session.h"
#include "epalm/base/error.h"
#include "epalm/base/log.h"
#include "epalm/eval/fill_features.h"
#include "epalm/eval/samples.h"
#include "epalm/infer/frozen_models.h"
#include "epalm/report/numbers.h"
#include "epalm/report/text_table.h"

namespace epalm::cli {
namespace {

constexpr size_t kMostListed = 10;  // files that cannot be read

struct FeaturesFlags {
  RunFlags run;
  std::string split;
  bool json = false;
};

struct Wanted {
  eval::FilledSplit split;
  data::SampleList samples;
  int64_t views = 0;  // 0: as evaluation shows the media
};

// What a run with this config looks at, or the splits that the user names.
std::vector<Wanted> wanted_samples(const infer::RunConfig& config, const std::string& split) {
  std::vector<Wanted> wanted;
  const auto add = [&](const char* role, const std::string& names, auto load, int64_t views = 0) {
    if (split.empty() || split == role) wanted.push_back({{.role = role, .splits = names}, load(), views});
  };
  const bool trains_on_them = eval::trains_on_fixed_features(config);
  if (!trains_on_them && split.empty()) {
    log_info("train is left out: its media {}",
             config.augment && config.feature_views == 0
                 ? "are augmented, so differ each time they are shown; add feature_views=K to have K versions of each "
                   "computed once, or augment=false"
                 : "are seen by an encoder that drops out under reference semantics; add cache_features=true to have "
                   "them computed once without that");
  }
  if (trains_on_them || split == "train") {
    add(
        "train", config.train_split, [&] { return eval::training_samples(config); }, config.feature_views);
  }
  add("val", config.val_split, [&] { return eval::validation_samples(config); });
  add("test", config.test_split, [&] { return eval::load_samples(config, config.test_split); });
  if (wanted.empty()) {
    wanted.push_back({{.role = split, .splits = split}, eval::load_samples(config, split)});
  }
  return wanted;
}

// As one of the run's views, counted from 1.
std::string name_of(const eval::FilledSplit& split, int64_t views) {
  return split.view ? fmt::format("{} {}/{}", split.role, *split.view + 1, views) : split.role;
}

nlohmann::json json_of(const eval::FilledSplit& split) {
  auto broken = nlohmann::json::array();
  for (const auto& [file, why] : split.broken) broken.push_back({{"file", file}, {"problem", why}});
  return {{"split", split.role},
          {"names", split.splits},
          {"view", split.view ? nlohmann::json(*split.view) : nlohmann::json()},
          {"media", split.media},
          {"found", split.found},
          {"computed", split.computed},
          {"repaired", split.repaired},
          {"left", split.left()},
          {"broken", broken}};
}

void print_splits(const std::vector<eval::FilledSplit>& splits, int64_t views) {
  const auto number = [](int64_t value) { return report::with_thousands(value); };
  report::TextTable table{{"split", "names", "media", "found", "computed", "repaired", "broken", "left"}, {}};
  for (const auto& split : splits) {
    table.rows.push_back({name_of(split, views), split.splits, number(split.media), number(split.found),
                          number(split.computed), number(split.repaired), number(std::ssize(split.broken)),
                          number(split.left())});
  }
  fmt::print("{}", report::render_text_table(table));
  for (const auto& split : splits) {
    if (split.broken.empty()) continue;
    fmt::print("\n{}, broken:\n", name_of(split, views));
    for (size_t i = 0; i < std::min(split.broken.size(), kMostListed); ++i) {
      fmt::print("  {}\n", split.broken[i].second);
    }
    if (split.broken.size() > kMostListed) {
      fmt::print("  … and {} more; --json lists all\n", split.broken.size() - kMostListed);
    }
  }
}

int run_features(const FeaturesFlags& flags) {
  const infer::RunConfig config = flags.run.load();
  require(!config.feature_cache.empty(),
          "feature_cache is not set; name the folder that is to keep the features, as feature_cache=cache/features");
  require(!config.black_image, "black_image: no medium is looked at, so there is nothing to keep; leave it out");
  const auto wanted = wanted_samples(config, flags.split);
  const auto encoder = infer::load_encoder(config);
  eval::FeatureCache cache(config, *encoder);
  const eval::FillOptions options{.progress =
                                      [&](const eval::FilledSplit& split, int64_t done) {
                                        Console::get().progress("features " + name_of(split, config.feature_views),
                                                                done, split.media);
                                      },
                                  .interrupted = interrupted};
  std::vector<eval::FilledSplit> splits;
  for (const auto& [split, samples, views] : wanted) {
    for (int64_t view = 0; view < std::max<int64_t>(1, views); ++view) {
      eval::FilledSplit filled = split;
      if (views > 0) filled.view = view;
      splits.push_back(eval::fill_features(config, *encoder, cache, samples, filled, options));
    }
  }
  Console::get().clear_progress();
  const auto& store = cache.store();
  const std::string stopped = store.stopped();
  if (flags.json) {
    auto list = nlohmann::json::array();
    for (const auto& split : splits) list.push_back(json_of(split));
    const nlohmann::json document{{"task", infer::task_name(config.task)},
                                  {"feature_cache", config.feature_cache},
                                  {"precision", config.feature_cache_precision},
                                  {"entries", store.entries()},
                                  {"bytes", store.bytes_on_disk()},
                                  {"limit_gb", config.feature_cache_gb},
                                  {"stopped", stopped},
                                  {"splits", list}};
    fmt::print("{}\n", document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
  } else {
    print_splits(splits, config.feature_views);
    fmt::print("\n{}: {} entries, {:.1f} MB of at most {} GB\n", config.feature_cache,
               report::with_thousands(store.entries()), static_cast<double>(store.bytes_on_disk()) / 1e6,
               config.feature_cache_gb);
  }
  return stopped.empty() ? 0 : 1;
}

}  // namespace

void add_features(CLI::App& app, Session& session) {
  auto* verb = app.add_subcommand("features", "Computes what the encoder makes of a data set once, and keeps it");
  auto flags = std::make_shared<FeaturesFlags>();
  add_run_flags(*verb, flags->run);
  verb->add_option("--split", flags->split,
                   "train, val, test, or names of splits of the data set; default: all that the run looks at");
  verb->add_flag("--json", flags->json, "one JSON document");
  verb->footer(
      "\nFills the folder that the key feature_cache names; train and eval with the same key take features from there\n"
      "and run the encoder for what it lacks. Of media to train on it keeps every one of feature_views. The exit code\n"
      "is 1 where not all could be kept.\n"
      "Example:\n  epalm features ePALM_vqa.yaml --data-dir data augment=false feature_cache=cache/features");
  verb->callback([flags, &session] {
    session.how_to_continue = "the same command continues where it stopped";
    session.action = [flags] { return run_features(*flags); };
  });
}

}  // namespace epalm::cli
