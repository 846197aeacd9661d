#include "epalm/world/audio_labels.h"

#include "epalm/world/item_labels.h"

namespace epalm::world {
namespace {

ItemTasks<Sound> make_tasks() {
  const auto kind = attribute_aspect("kind", &Sound::kind, kSoundKindCount);
  const auto pitch = attribute_aspect("pitch", &Sound::pitch, kPitchCount);
  const auto loudness = attribute_aspect("loudness", &Sound::loudness, kLoudnessCount);
  const auto length = attribute_aspect("length", &Sound::length, kLengthCount);
  const auto order = order_aspect<Sound>();
  const auto after = neighbour_aspect("after", &Sound::kind, kSoundKindCount, 1);
  const auto before = neighbour_aspect("before", &Sound::kind, kSoundKindCount, -1);
  ItemTasks<Sound> tasks;
  tasks.add_slots({kind, pitch, loudness, length});
  tasks.add_keyed("kind", &Sound::kind, kSoundKindCount, {pitch, loudness, length, order, after, before});
  tasks.add_keyed("pitch", &Sound::pitch, kPitchCount, {kind});
  tasks.add_keyed("loudness", &Sound::loudness, kLoudnessCount, {kind});
  tasks.add_keyed("length", &Sound::length, kLengthCount, {kind});
  tasks.add_count();
  tasks.add_counts("kind", &Sound::kind, kSoundKindCount);
  tasks.add_counts("pitch", &Sound::pitch, kPitchCount);
  tasks.add_counts("loudness", &Sound::loudness, kLoudnessCount);
  tasks.add_counts("length", &Sound::length, kLengthCount);
  return tasks;
}

const ItemTasks<Sound>& tasks() {
  static const ItemTasks<Sound> kTasks = make_tasks();
  return kTasks;
}

}  // namespace

const std::vector<LabelHead>& audio_label_heads() {
  static const std::vector<LabelHead> kHeads = tasks().heads();
  return kHeads;
}

std::vector<int64_t> labels(const AudioScene& scene) {
  return tasks().labels(scene.sounds);
}

}  // namespace epalm::world
