#include "epalm/reproduce/published.h"

#include "epalm/reproduce/methods.h"

namespace epalm::reproduce {

std::optional<PublishedFigures> published_figures(const std::string& row, infer::Task task) {
  if (row != kFinalVariant) return {};
  switch (task) {
    case infer::Task::kVqa:
      return PublishedFigures{"VQA v2", {{"accuracy", 54.89}}};
    case infer::Task::kCaption:
      return PublishedFigures{"COCO", {{"CIDEr", 111.63}, {"BLEU_4", 33.35}}};
    case infer::Task::kVideoQa:
      return PublishedFigures{"MSRVTT-QA", {{"accuracy", 35.90}}};
    case infer::Task::kVideoCaption:
      return PublishedFigures{"MSR-VTT", {{"CIDEr", 48.79}, {"BLEU_4", 38.51}}};
    case infer::Task::kAudioCaption:
      return PublishedFigures{"AudioCaps", {{"CIDEr", 61.86}, {"BLEU_4", 20.81}}};
    case infer::Task::kGqa:  // the tiny world has no such task
    case infer::Task::kAudioQa:
      break;
  }
  return {};
}

}  // namespace epalm::reproduce
