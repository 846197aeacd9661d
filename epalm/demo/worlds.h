#pragma once

#include <filesystem>
#include <functional>
#include <vector>

#include "epalm/demo/demo.h"

namespace epalm::demo {

// Where the world of a modality lies in the demo's folder, and its data set in there.
std::filesystem::path world_folder(const DemoOptions& options, infer::Modality modality);
std::filesystem::path data_folder(const DemoOptions& options, infer::Modality modality);

// What the demo's tasks need, in the order of the modalities.
std::vector<infer::Modality> modalities_of(const DemoOptions& options);

// Pictures, clips or recordings of a world.
struct MediaCounts {
  int train = 0, val = 0, test = 0;
  int total() const { return train + val + test; }
};
MediaCounts media_counts(const DemoOptions& options, infer::Modality modality);

// Writes the worlds beside each other, one thread for each. progress: of all together, one call at a time. Throws
// Interrupted when asked to stop; finished worlds stay.
void write_worlds(const DemoOptions& options, const std::function<void(int done, int total)>& progress);

}  // namespace epalm::demo
