#include "epalm/train/run_log.h"

#include <fstream>

#include "epalm/base/atomic_write.h"

namespace epalm::train {

RunLog::RunLog(std::filesystem::path path, int64_t last_epoch) : path_(std::move(path)) {
  std::ifstream file(path_);
  for (std::string line; last_epoch >= 0 && std::getline(file, line);) {
    const auto json = nlohmann::json::parse(line, nullptr, false);
    if (json.is_object() && json.value("epoch", last_epoch + 1) <= last_epoch) lines_.push_back(json);
  }
  write();
}

void RunLog::add(const nlohmann::json& line) {
  lines_.push_back(line);
  write();
}

void RunLog::write() const {
  std::string text;
  for (const auto& line : lines_) text += line.dump() + "\n";
  write_file_atomically(path_, std::as_bytes(std::span(text)));
}

double mean_epoch_seconds(const std::filesystem::path& log) {
  std::ifstream file(log);
  double sum = 0;
  int epochs = 0;
  for (std::string line; std::getline(file, line);) {
    const auto json = nlohmann::json::parse(line, nullptr, false);
    if (!json.is_object() || !json.contains("seconds")) continue;  // a validation within an epoch
    sum += json["seconds"].get<double>();
    ++epochs;
  }
  return epochs == 0 ? 0 : sum / epochs;
}

}  // namespace epalm::train
