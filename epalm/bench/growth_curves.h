#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "epalm/lm/opt_config.h"

namespace epalm::bench {

// What a piece of work costs in milliseconds (second) by how much of something there is (first), ascending.
struct GrowthCurve {
  std::string title;    // as "Training step by batch"
  std::string x_title;  // what is counted, and of which work
  std::string y_title;
  std::vector<std::pair<double, double>> points;
};

// At which sizes growth is measured. The defaults are small enough for weak machines.
struct GrowthSizes {
  std::string lm_name = "OPT-125m";  // in the titles
  lm::OptConfig lm = lm::opt_shape("125m");
  std::string vit = "vit_base_patch16_224";  // gives the features' width, and is not run
  std::vector<int64_t> batches = {1, 2, 4, 8, 16, 32};
  std::vector<int64_t> text_tokens = {8, 16, 32, 64, 128, 256};
  std::vector<int64_t> widths = {256, 512, 768, 1024};  // of the language model, 64 for each head
  std::vector<int64_t> positions = {16, 64, 128, 256, 384, 512};
  std::vector<int64_t> beams = {1, 2, 3, 4, 6, 8};
  std::vector<int64_t> candidates = {1, 8, 16, 32, 64};
  int rounds = 2;  // of each point, after one uncounted; the median counts
};

struct GrowthOptions {
  GrowthSizes sizes;
  std::function<bool()> interrupted;  // polled; ends the measurement with Interrupted
  std::function<void(const std::string& title, int64_t done, int64_t total)> progress;
};

// A training step by batch, text length and model size; a generated token by its position; a caption by beams; a ranked
// question by candidate answers. Weights in bfloat16. Each curve in a process of its own.
std::vector<GrowthCurve> measure_growth(const GrowthOptions& options = {});

}  // namespace epalm::bench
