#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace epalm::infer {

enum class Modality { kImage, kVideo, kAudio };
inline constexpr std::array kModalities{Modality::kImage, Modality::kVideo, Modality::kAudio};
std::string_view modality_name(Modality modality);  // image, video, audio
std::string_view media_name(Modality modality);     // pictures, clips, recordings

// What an adapter does and with which media: one for each published script, and questions about sound.
enum class Task { kVqa, kGqa, kVideoQa, kAudioQa, kCaption, kVideoCaption, kAudioCaption };
inline constexpr std::array kTasks{Task::kVqa,     Task::kGqa,          Task::kVideoQa,     Task::kAudioQa,
                                   Task::kCaption, Task::kVideoCaption, Task::kAudioCaption};
std::string_view task_name(Task task);  // vqa, gqa, video_qa, audio_qa, caption, video_caption, audio_caption

Modality modality_of(Task task);
bool is_caption(Task task);  // otherwise it answers questions
// vqa, video_qa and audio_qa, or the captions of these media.
Task task_of(Modality modality, bool caption);

std::optional<Task> task_named(std::string_view name);
// The longest task name inside a text: ePALM_video_qa_msvd.yaml tells video_qa.
std::optional<Task> task_in(std::string_view text);

}  // namespace epalm::infer
