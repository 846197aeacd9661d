#include "epalm/demo/worlds.h"

#include <algorithm>
#include <future>
#include <map>
#include <mutex>

#include "epalm/base/error.h"

namespace epalm::demo {
namespace {

using infer::Modality;
using OnWritten = std::function<void(int done, int total)>;

void write_world(const DemoOptions& options, Modality modality, const OnWritten& progress) {
  const auto folder = world_folder(options, modality);
  switch (modality) {
    case Modality::kImage:
      return world::write_image_world(folder, options.images, progress);
    case Modality::kVideo:
      return world::write_video_world(folder, options.videos, progress);
    case Modality::kAudio:
      return world::write_audio_world(folder, options.sounds, progress);
  }
}

}  // namespace

std::filesystem::path world_folder(const DemoOptions& options, Modality modality) {
  return options.folder / "world" / std::string(infer::modality_name(modality));
}

std::filesystem::path data_folder(const DemoOptions& options, Modality modality) {
  const auto world = world_folder(options, modality);
  switch (modality) {
    case Modality::kImage:
      return world;  // pictures and questions lie beside each other
    case Modality::kVideo:
      return world / "MSRVTT";
    case Modality::kAudio:
      break;
  }
  return world / "AudioCaps";
}

std::vector<Modality> modalities_of(const DemoOptions& options) {
  std::vector<Modality> needed;
  for (const Modality modality : infer::kModalities) {
    const auto needs = [&](infer::Task task) { return infer::modality_of(task) == modality; };
    if (std::any_of(options.tasks.begin(), options.tasks.end(), needs)) needed.push_back(modality);
  }
  return needed;
}

MediaCounts media_counts(const DemoOptions& options, Modality modality) {
  if (modality == Modality::kImage) {
    return {options.images.train_images, options.images.val_images, options.images.test_images};
  }
  const world::ClipCounts& clips = modality == Modality::kVideo ? options.videos.clips : options.sounds.clips;
  return {clips.train, clips.val, clips.test};
}

void write_worlds(const DemoOptions& options, const OnWritten& progress) {
  std::mutex mutex;
  std::map<Modality, int> written;
  int total = 0;
  const auto on_written = [&](Modality modality, int done) {
    if (options.interrupted && options.interrupted()) throw Interrupted("interrupted while the worlds were written");
    const std::lock_guard lock(mutex);
    written[modality] = done;
    int sum = 0;
    for (const auto& [other, count] : written) sum += count;
    progress(sum, total);
  };
  std::vector<std::future<void>> writers;
  const auto modalities = modalities_of(options);
  for (const Modality modality : modalities) total += media_counts(options, modality).total();
  for (const Modality modality : modalities) {
    writers.push_back(std::async(std::launch::async, [&, modality] {
      write_world(options, modality, [&](int done, int) { on_written(modality, done); });
    }));
  }
  // All end before an error of one leaves: they refer to what lives here.
  for (const auto& writer : writers) writer.wait();
  for (auto& writer : writers) writer.get();
}

}  // namespace epalm::demo
