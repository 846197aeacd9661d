#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "epalm/demo/demo_result.h"
#include "epalm/train/trainer.h"
#include "epalm/world/clip_files.h"
#include "epalm/world/files.h"

namespace epalm::demo {

// How far the demo has come.
struct DemoProgress {
  struct Stage {
    std::string name;             // what is being done, as "video_qa: train"
    train::TrainProgress detail;  // of it
  };
  int done = 0, tasks = 0;     // tasks
  double share = 0;            // 0..1 of the whole demo
  double eta_s = 0;            // to its end
  std::vector<Stage> at_work;  // one for each task at work, or "world"
};

struct DemoOptions {
  std::filesystem::path folder =
      "runs/demo";               // world/{image,video,audio}, features, a folder for each task, report.html
  std::filesystem::path assets;  // holds tiny_world/{opt,vit,timesformer,ast} and tiny_world/TASK.yaml
  std::vector<infer::Task> tasks = {infer::Task::kVqa,          infer::Task::kCaption, infer::Task::kVideoQa,
                                    infer::Task::kVideoCaption, infer::Task::kAudioQa, infer::Task::kAudioCaption};
  world::WorldOptions images = {.train_images = 4000, .val_images = 200, .test_images = 500, .image_size_px = 48};
  world::VideoWorldOptions videos = {.clips = {.train = 2500, .val = 150, .test = 400}};
  world::AudioWorldOptions sounds = {.clips = {.train = 2500, .val = 150, .test = 400}};
  std::vector<std::string> overrides = {};  // key=value for the configurations of all tasks
  std::string command = "epalm demo";       // named in the report
  // Called from several threads, from one at a time.
  std::function<void(const DemoProgress&)> progress = {};
  std::function<void(const TaskResult&)> finished = {};  // for each task, as soon as it is done
  std::function<bool()> interrupted = {};                // asked from several threads at once
};

// Questions only, on few media and for few epochs: shows that everything runs, not how well it learns.
void make_quick(DemoOptions& options);

// The tiny world end to end: writes the data sets, trains one adapter for each task, scores it on held-out scenes
// beside the run with blank media, the most frequent answers and the LM's ceiling on text, and writes
// folder/report.html. The models are too small to keep more than one core busy each, so as many tasks as there are
// threads (at::get_num_threads) go side by side, with the same results as one after another. A demo that was stopped
// continues where it was: tasks that are done are not done again, unless the options, the configurations or the models
// changed. One that is finished starts anew.
DemoResult run_demo(const DemoOptions& options);

}  // namespace epalm::demo
