#include "epalm/demo/demo_result.h"

#include <nlohmann/json.hpp>

namespace epalm::demo {

nlohmann::json to_json(const DemoResult& result) {
  nlohmann::json tasks = nlohmann::json::array();
  for (const auto& task : result.tasks) {
    nlohmann::json entry{{"modality", task.modality},
                         {"task", task.task},
                         {"parameters_total", task.parameters.total},
                         {"parameters_trained", task.parameters.trained},
                         {"trained_percent", task.parameters.trained_percent()},
                         {"seconds_per_epoch", task.seconds_per_epoch},
                         {"metrics", task.metrics},
                         {"blank", task.blank},
                         {"checkpoint", task.checkpoint.string()}};
    if (!task.most_frequent.empty()) entry["most_frequent"] = task.most_frequent;
    if (task.text_ceiling) entry["text_ceiling"] = *task.text_ceiling;
    tasks.push_back(std::move(entry));
  }
  return {{"tasks", std::move(tasks)}, {"report", result.report.string()}};
}

}  // namespace epalm::demo
