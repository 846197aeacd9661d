#pragma once

#include <nlohmann/json.hpp>

#include <filesystem>
#include <vector>

namespace epalm::train {

// output_dir/log.txt: one JSON object per line and epoch. A resumed run keeps the lines up to its epoch.
class RunLog {
 public:
  // Reads the lines of epochs 0..last_epoch (-1: none) and drops the others.
  RunLog(std::filesystem::path path, int64_t last_epoch);

  void add(const nlohmann::json& line);  // rewrites the file atomically
  const std::vector<nlohmann::json>& lines() const { return lines_; }

 private:
  void write() const;

  std::filesystem::path path_;
  std::vector<nlohmann::json> lines_;
};

// Seconds of training in an epoch, mean over those in the log, earlier calls included; 0 without any.
double mean_epoch_seconds(const std::filesystem::path& log);

}  // namespace epalm::train
