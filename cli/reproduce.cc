#include <fmt/format.h>
#include <fmt/ranges.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "cli/assets.h"
#include "cli/console.h"
#include "cli/interrupt.h"
#include "cli/session.h"
#include "epalm/base/error.h"
#include "epalm/report/text_table.h"
#include "epalm/reproduce/ablations.h"
#include "epalm/reproduce/documents.h"
#include "epalm/reproduce/methods.h"
#include "epalm/reproduce/table_report.h"
#include "epalm/reproduce/verdict.h"

namespace epalm::cli {
namespace {

constexpr const char* kMethods = "methods";
constexpr const char* kFolder = "runs/reproduce";
constexpr const char *kQuickFolder = "runs/reproduce_quick", *kFullFolder = "runs/reproduce_full";  // other worlds
// So many that three seeds of all methods take about an hour and a half on two cores.
constexpr int kImages = 800, kClips = 500, kTestMedia = 400, kValidationMedia = 80, kCaptionEpochs = 4;

struct ReproduceFlags {
  std::string table, folder;
  std::vector<std::string> tasks, only, overrides, set;
  std::vector<std::string> text_models, vision_models;
  int seeds = 0;  // 0: three, with --quick one
  bool quick = false, full = false, list = false, json = false;
};

std::vector<reproduce::Row> rows_of(const ReproduceFlags& flags) {
  if (flags.table == kMethods) {
    require(flags.text_models.empty() && flags.vision_models.empty(),
            "--add-text-model and --add-vision-model belong to ablations; give methods text_model=FOLDER or "
            "encoder_weights=FOLDER");
    return reproduce::select_rows(reproduce::method_rows(), flags.only);
  }
  reproduce::OtherModels others;
  others.language_models.assign(flags.text_models.begin(), flags.text_models.end());
  others.encoders.assign(flags.vision_models.begin(), flags.vision_models.end());
  return reproduce::select_rows(reproduce::ablation_rows(others), flags.only);
}

reproduce::TableOptions options_of(const ReproduceFlags& flags) {
  reproduce::TableOptions options;
  options.table = flags.table;
  options.rows = rows_of(flags);
  options.command = "epalm reproduce " + flags.table;
  demo::DemoOptions& world = options.world;
  const std::vector<infer::Task> all = world.tasks;
  if (flags.quick) {
    demo::make_quick(world);
    world.tasks = all;
    world.overrides = {"schedular.epochs=1"};
    options.command += " --quick";
  } else if (flags.full) {
    options.command += " --full";
  } else {
    world.images.train_images = kImages;
    world.videos.clips.train = world.sounds.clips.train = kClips;
    world.images.test_images = world.videos.clips.test = world.sounds.clips.test = kTestMedia;
    world.images.val_images = world.videos.clips.val = world.sounds.clips.val = kValidationMedia;
    options.caption_epochs = kCaptionEpochs;
  }
  options.seeds = flags.seeds > 0 ? flags.seeds : flags.quick ? 1 : options.seeds;
  if (flags.seeds > 0) options.command += fmt::format(" --seeds {}", flags.seeds);
  world.assets = assets_folder();
  world.folder = !flags.folder.empty() ? flags.folder : flags.quick ? kQuickFolder : flags.full ? kFullFolder : kFolder;
  for (const auto* given : {&flags.overrides, &flags.set}) {
    world.overrides.insert(world.overrides.end(), given->begin(), given->end());
    for (const std::string& key : *given) options.command += " " + key;
  }
  if (!flags.tasks.empty()) world.tasks.clear();
  for (const std::string& name : flags.tasks) {
    const auto task = infer::task_named(name);
    require(task.has_value(), "--task {}: expected vqa, caption, video_qa, video_caption, audio_qa or audio_caption",
            name);
    world.tasks.push_back(*task);
    options.command += " --task " + name;
  }
  for (const std::string& name : flags.only) options.command += " --only " + name;
  options.interrupted = world.interrupted = interrupted;
  options.progress = [](const reproduce::TableProgress& progress) {
    Console::get().progress(fmt::format("{}/{} runs", progress.done, progress.runs),
                            static_cast<int64_t>(100 * progress.share), 100,
                            fmt::format("{}", fmt::join(progress.at_work, "; ")), progress.eta_s, Unit::kPercent);
  };
  return options;
}

void print_table(const reproduce::TableResult& result, const std::filesystem::path& page) {
  for (const auto& [title, table] : reproduce::task_tables(result)) {
    fmt::print("\n{}\n{}", title, report::render_text_table(table));
  }
  if (const auto verdicts = reproduce::verdict_table(result); !verdicts.rows.empty()) {
    fmt::print("\n{}\n", report::render_text_table(verdicts));
    for (const std::string& claim : reproduce::claims_of(result)) fmt::print("{}.\n", claim);
  }
  fmt::print("\n");
  for (const std::string& note : reproduce::notes_of(result)) fmt::print("{}\n", note);
  fmt::print("\nReport with charts, and the same as .md, .csv and .json: {}\n", page.string());
}

int run_reproduce(const ReproduceFlags& flags) {
  if (flags.list) {
    fmt::print("{}", report::render_text_table(reproduce::rows_table(rows_of(flags))));
    return 0;
  }
  const reproduce::TableOptions options = options_of(flags);
  const reproduce::TableResult result = reproduce::run_table(options);
  Console::get().clear_progress();
  const auto page = reproduce::write_documents(options.world.folder, result);
  if (flags.json) {
    fmt::print("{}\n", reproduce::to_json(result).dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
  } else {
    print_table(result, page);
  }
  return result.failed ? 1 : 0;
}

}  // namespace

void add_reproduce(CLI::App& app, Session& session) {
  auto* verb = app.add_subcommand("reproduce", "The paper's tables on the tiny world: methods and ablations");
  auto flags = std::make_shared<ReproduceFlags>();
  verb->add_option("TABLE", flags->table, "methods: eP-ALM's variants and baselines; ablations: one setting at a time")
      ->check(CLI::IsMember({kMethods, "ablations"}));
  verb->add_option("KEY=VALUE", flags->overrides, "keys that replace those of the configurations and of every row");
  verb->add_option("--set", flags->set, "the same as KEY=VALUE; may be repeated")->take_all()->allow_extra_args(false);
  verb->add_option("--task", flags->tasks,
                   "only these of vqa, caption, video_qa, video_caption, audio_qa and audio_caption: a comma list, or "
                   "repeated")
      ->delimiter(',')
      ->take_all()
      ->allow_extra_args(false);
  verb->add_option("--seeds", flags->seeds, "runs of each row, with the seeds 42, 43, … [3, with --quick 1]")
      ->check(CLI::Range(1, 1000));
  verb->add_option("--only", flags->only, "only these rows, groups, or rows whose names begin so; see --list")
      ->delimiter(',')
      ->take_all()
      ->allow_extra_args(false);
  verb->add_flag("--list", flags->list, "the rows and what they are, nothing run");
  verb->add_flag("--quick", flags->quick,
                 "few media, one epoch, one seed: shows that everything runs, not which row is better");
  verb->add_flag("--full", flags->full,
                 fmt::format("all media that the demo trains on instead of {} pictures, {} clips and {} recordings",
                             kImages, kClips, kClips))
      ->excludes("--quick");
  verb->add_option("--output-dir,--folder", flags->folder,
                   fmt::format("gets data, results and reports [{}, with --quick {}, with --full {}]", kFolder,
                               kQuickFolder, kFullFolder));
  verb->add_option("--add-text-model", flags->text_models,
                   "ablations: a folder of another OPT model, a row of lm_size; may be repeated")
      ->take_all()
      ->allow_extra_args(false);
  verb->add_option("--add-vision-model", flags->vision_models,
                   "ablations: the weights of another encoder, a row of encoder_size; may be repeated")
      ->take_all()
      ->allow_extra_args(false);
  verb->add_flag("--json", flags->json, "one JSON document");
  verb->footer(
      "\nEach finished run is a small file under cells/ in the output folder, named by all that it depends on: a "
      "second\n"
      "start, another table or another --only does not run it again. The exit code is 1 where a run failed.\n"
      "Example:\n  epalm reproduce methods --task vqa,caption --only epalm,limber --seeds 3");
  verb->callback([flags, &session] {
    // Not ->required(): an unknown flag is to be named first.
    if (flags->table.empty()) throw CLI::RequiredError("TABLE");
    session.how_to_continue = "the same command continues where it stopped";
    session.action = [flags] { return run_reproduce(*flags); };
  });
}

}  // namespace epalm::cli
