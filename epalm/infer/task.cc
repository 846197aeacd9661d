#include "epalm/infer/task.h"

namespace epalm::infer {

std::string_view modality_name(Modality modality) {
  switch (modality) {
    case Modality::kImage:
      return "image";
    case Modality::kVideo:
      return "video";
    case Modality::kAudio:
      break;
  }
  return "audio";
}

std::string_view media_name(Modality modality) {
  switch (modality) {
    case Modality::kImage:
      return "pictures";
    case Modality::kVideo:
      return "clips";
    case Modality::kAudio:
      break;
  }
  return "recordings";
}

std::string_view task_name(Task task) {
  switch (task) {
    case Task::kVqa:
      return "vqa";
    case Task::kGqa:
      return "gqa";
    case Task::kVideoQa:
      return "video_qa";
    case Task::kAudioQa:
      return "audio_qa";
    case Task::kCaption:
      return "caption";
    case Task::kVideoCaption:
      return "video_caption";
    case Task::kAudioCaption:
      break;
  }
  return "audio_caption";
}

Modality modality_of(Task task) {
  if (task == Task::kVideoQa || task == Task::kVideoCaption) return Modality::kVideo;
  if (task == Task::kAudioQa || task == Task::kAudioCaption) return Modality::kAudio;
  return Modality::kImage;
}

bool is_caption(Task task) {
  return task == Task::kCaption || task == Task::kVideoCaption || task == Task::kAudioCaption;
}

Task task_of(Modality modality, bool caption) {
  switch (modality) {
    case Modality::kImage:
      return caption ? Task::kCaption : Task::kVqa;
    case Modality::kVideo:
      return caption ? Task::kVideoCaption : Task::kVideoQa;
    case Modality::kAudio:
      break;
  }
  return caption ? Task::kAudioCaption : Task::kAudioQa;
}

std::optional<Task> task_named(std::string_view name) {
  for (const Task task : kTasks) {
    if (name == task_name(task)) return task;
  }
  return {};
}

std::optional<Task> task_in(std::string_view text) {
  std::optional<Task> found;
  for (const Task task : kTasks) {
    const bool is_longer = !found || task_name(task).size() > task_name(*found).size();
    if (is_longer && text.find(task_name(task)) != text.npos) found = task;
  }
  return found;
}

}  // namespace epalm::infer
