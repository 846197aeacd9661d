#include "epalm/demo/demo_result.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "epalm/base/error.h"

namespace epalm::demo {
namespace {

using nlohmann::json;

std::string task_in_modality(infer::Task task) {
  if (infer::is_caption(task)) return "caption";
  return infer::modality_of(task) == infer::Modality::kImage ? "vqa" : "qa";
}

// JSON has no NaN: it stands as null.
std::vector<double> numbers(const json& list) {
  std::vector<double> values;
  for (const json& value : list.get_ref<const json::array_t&>())
    values.push_back(value.is_null() ? std::nan("") : value.get<double>());
  return values;
}

json to_json(const TaskResult& task) {
  json entry{{"modality", task.modality()},
             {"task", task_in_modality(task.task)},
             {"parameters_total", task.parameters.total},
             {"parameters_trained", task.parameters.trained},
             {"trained_percent", task.parameters.trained_percent()},
             {"seconds_per_epoch", task.seconds_per_epoch},
             {"metrics", task.metrics},
             {"blank", task.blank},
             {"checkpoint", task.checkpoint.string()}};
  if (!task.most_frequent.empty()) entry["most_frequent"] = task.most_frequent;
  if (task.text_ceiling) entry["text_ceiling"] = *task.text_ceiling;
  return entry;
}

json to_json(const Gate& gate) {
  return {{"modality", gate.modality}, {"gate", gate.claim},
          {"measured", gate.measured}, {gate.at_least ? "at_least" : "at_most", gate.target},
          {"unit", gate.unit},         {"passed", gate.passed()}};
}

}  // namespace

std::vector<std::string> metrics_in_order(const TaskResult& task) {
  static const std::vector<std::string> kOrder{"accuracy", "yes/no", "number", "other",  "CIDEr",
                                               "ROUGE_L",  "BLEU_4", "BLEU_3", "BLEU_2", "BLEU_1"};
  std::vector<std::string> names;
  for (const std::string& name : kOrder) {
    if (task.metrics.contains(name)) names.push_back(name);
  }
  return names;
}

std::optional<double> score_named(const std::map<std::string, double>& scores, const std::string& name) {
  const auto found = scores.find(name);
  return found == scores.end() ? std::nullopt : std::optional(found->second);
}

json to_json(const DemoResult& result) {
  json tasks = json::array(), gates = json::array();
  for (const TaskResult& task : result.tasks) tasks.push_back(to_json(task));
  for (const Gate& gate : result.gates) gates.push_back(to_json(gate));
  return {{"tasks", std::move(tasks)},
          {"gates", std::move(gates)},
          {"report", result.report.string()},
          {"seconds", result.seconds}};
}

json to_state(const TaskResult& task) {
  json state = to_json(task);
  state["task_name"] = infer::task_name(task.task);
  state["epoch_loss"] = task.epoch_loss;
  state["epoch_valid"] = task.epoch_valid;
  json predictions = json::array();
  for (const eval::Prediction& prediction : task.predictions) {
    predictions.push_back({{"media", prediction.media},
                           {"question_id", prediction.question_id},
                           {"question", prediction.question},
                           {"prediction", prediction.prediction},
                           {"expected", prediction.expected},
                           {"score", prediction.score}});
  }
  state["predictions"] = std::move(predictions);
  return state;
}

TaskResult from_state(const json& state, const std::string& where) {
  try {
    TaskResult task;
    const auto name = state.at("task_name").get<std::string>();
    const auto known = infer::task_named(name);
    require(known.has_value(), "{}: expected the name of a task, got '{}'; remove the file", where, name);
    task.task = *known;
    task.parameters.total = state.at("parameters_total");
    task.parameters.trained = state.at("parameters_trained");
    task.seconds_per_epoch = state.at("seconds_per_epoch");
    state.at("metrics").get_to(task.metrics);
    state.at("blank").get_to(task.blank);
    if (state.contains("most_frequent")) state["most_frequent"].get_to(task.most_frequent);
    if (state.contains("text_ceiling")) task.text_ceiling = state["text_ceiling"].get<double>();
    task.epoch_loss = numbers(state.at("epoch_loss"));
    task.epoch_valid = numbers(state.at("epoch_valid"));
    for (const json& entry : state.at("predictions")) {
      eval::Prediction prediction;
      entry.at("media").get_to(prediction.media);
      entry.at("question_id").get_to(prediction.question_id);
      entry.at("question").get_to(prediction.question);
      entry.at("prediction").get_to(prediction.prediction);
      entry.at("expected").get_to(prediction.expected);
      entry.at("score").get_to(prediction.score);
      task.predictions.push_back(std::move(prediction));
    }
    task.checkpoint = state.at("checkpoint").get<std::string>();
    return task;
  } catch (const json::exception& error) {
    fail("{}: expected the result of a task, got something else ({}); remove the file", where, error.what());
  }
}

}  // namespace epalm::demo
