#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "epalm/infer/run_config.h"

// With the key feature_views: k, training shows each medium in k augmented versions by turns, its views, instead of a
// new one every time: what the encoder makes of them can be kept.
namespace epalm::eval {

// 0 to feature_views - 1; nothing: the medium as evaluation shows it.
using View = std::optional<int64_t>;

// The view of every medium that an epoch shows: one after another, each as often as the others. So an epoch needs one
// view of the features, and a run of fewer epochs than views only so many. Nothing without feature_views.
View view_of_epoch(const infer::RunConfig& config, int64_t epoch);

// The SHA-256 of the file, 64 hexadecimal digits; "" where it cannot be read.
std::string content_hash(const std::filesystem::path& file);

// What the augmentation of a view is drawn from, as infer::read_media takes it: it depends on run_seed, the medium's
// content (its hash) and the view alone. So neither the order of the samples nor their number, the file's name, threads
// or a resumption change a view, nor does the number of views.
uint64_t view_seed(const infer::RunConfig& config, const std::string& content, int64_t view);
std::vector<uint64_t> view_seeds(const infer::RunConfig& config, std::span<const std::filesystem::path> files,
                                 int64_t view);

}  // namespace epalm::eval
