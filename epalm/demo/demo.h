#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "epalm/demo/demo_result.h"
#include "epalm/train/trainer.h"
#include "epalm/world/files.h"

namespace epalm::demo {

struct DemoOptions {
  std::filesystem::path folder = "runs/demo";  // world/, vqa/, caption/, report.html
  std::filesystem::path assets;                // holds tiny_world/{opt,vit,vqa.yaml,caption.yaml}
  world::WorldOptions world = {.train_images = 4000, .val_images = 200, .test_images = 500, .image_size_px = 48};
  std::vector<std::string> overrides = {};  // key=value for both tasks' configs
  std::string command = "epalm demo";       // named in the report
  // stage: what is being done, as "vqa: train".
  std::function<void(const std::string& stage, const train::TrainProgress&)> progress = {};
  std::function<bool()> interrupted = {};
};

// The tiny world's pictures, end to end: writes the data set, trains an adapter for questions and one for captions,
// scores both on held-out scenes beside the blank-picture run, the most frequent answers and the LM's ceiling on text,
// and writes folder/report.html. A demo that was stopped continues where it was; one that is finished starts anew.
DemoResult run_demo(const DemoOptions& options);

}  // namespace epalm::demo
