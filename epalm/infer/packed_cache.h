#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "epalm/infer/run_config.h"
#include "epalm/nn/weights.h"

namespace epalm::infer {

// What decides the weights of a frozen model.
struct PackedSource {
  std::string model;                         // what of the config does, as a text
  std::vector<std::filesystem::path> files;  // whose bytes do
  std::vector<nn::WeightSpec> table;
  nn::Precision precision = nn::Precision::kFloat32;
};

// The weights that make() gives, kept on disk in the form in which they lie in memory (nn/packed_weights.h) where
// config.packed_cache names a folder. One file for each model, named by the SHA-256 of all that decides it: its files'
// content, the precision, the libraries with what they chose for this CPU. A later start maps that file, whatever the
// source is called by then, and reads the source only where its files have changed since they were read last, by their
// numbers, sizes and times.
//
// The folder may be shared by any number of processes; each finds a whole file or none. A file that cannot be taken is
// one warning, and is made anew. Where the folder cannot be written, one warning says so and this process keeps nothing
// more there. Files of this cache that were used longest ago leave where it would take more than
// config.packed_cache_gb; other files are left alone. Weights that mostly share their source's pages are not kept.
// Throws what make() throws.
nn::Weights packed_weights(const RunConfig& config, const PackedSource& source,
                           const std::function<nn::Weights()>& make);

}  // namespace epalm::infer
