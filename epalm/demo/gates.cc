#include "epalm/demo/gates.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

namespace epalm::demo {
namespace {

// In percent and points of accuracy; captions as a multiple of the blank run's CIDEr.
struct Targets {
  double ceiling = 90;
  double above_blank = 30;
  std::optional<double> above_most_frequent = {};
  double below_ceiling = 20;
  double caption_ratio = 2.5;
};

Targets targets_of(infer::Modality modality) {
  if (modality != infer::Modality::kImage) return {};
  return {.above_blank = 40, .above_most_frequent = 25, .below_ceiling = 15, .caption_ratio = 3};
}

void add_question_gates(const TaskResult& task, const Targets& targets, std::vector<Gate>& gates) {
  const auto accuracy = score_named(task.metrics, "accuracy");
  const auto blank = score_named(task.blank, "accuracy");
  const auto most_frequent = score_named(task.most_frequent, "accuracy");
  const auto add = [&](const char* claim, double measured, double target, bool at_least, const char* unit) {
    gates.push_back({task.modality(), claim, measured, target, at_least, unit});
  };
  if (task.text_ceiling) add("answers told the scene in words", *task.text_ceiling, targets.ceiling, true, "%");
  if (accuracy && blank) add("answers above the blank medium", *accuracy - *blank, targets.above_blank, true, "points");
  if (accuracy && most_frequent && targets.above_most_frequent) {
    add("answers above the most frequent", *accuracy - *most_frequent, *targets.above_most_frequent, true, "points");
  }
  if (accuracy && task.text_ceiling) {
    add("answers below those from words", *task.text_ceiling - *accuracy, targets.below_ceiling, false, "points");
  }
}

void add_caption_gate(const TaskResult& task, const Targets& targets, std::vector<Gate>& gates) {
  const auto cider = score_named(task.metrics, "CIDEr"), blank = score_named(task.blank, "CIDEr");
  if (!cider || !blank) return;
  const double ratio = *blank > 0 ? *cider / *blank : *cider > 0 ? std::numeric_limits<double>::infinity() : 0;
  gates.push_back({task.modality(), "captions' CIDEr over the blank", ratio, targets.caption_ratio, true, "×"});
}

std::string with_unit(const std::string& number, const std::string& unit) {
  return unit == "×" ? number + unit : number + " " + unit;
}

}  // namespace

std::vector<Gate> gates_of(const std::vector<TaskResult>& tasks) {
  std::vector<Gate> gates;
  for (const TaskResult& task : tasks) {
    const Targets targets = targets_of(infer::modality_of(task.task));
    if (task.asks()) {
      add_question_gates(task, targets, gates);
    } else {
      add_caption_gate(task, targets, gates);
    }
  }
  return gates;
}

std::string measured_text(const Gate& gate) {
  return with_unit(std::isinf(gate.measured) ? "∞" : fmt::format("{:.1f}", gate.measured), gate.unit);
}

std::string target_text(const Gate& gate) {
  return (gate.at_least ? "≥ " : "≤ ") + with_unit(fmt::format("{:g}", gate.target), gate.unit);
}

}  // namespace epalm::demo
