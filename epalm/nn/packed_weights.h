#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "epalm/nn/weights.h"

// Weights on disk as they lie in memory: rounded, quantized, in the layout of their products. oneDNN's own layouts are
// not among them: nothing here is kept in one.
namespace epalm::nn {

// Writes safetensors; a quantized matrix becomes NAME.values, NAME.scales and NAME.samples (Weights::samples). The
// metadata hold the format, `key`, and a checksum of each tensor. Atomic, on the disk when it returns. Throws Error.
void write_packed_weights(const std::filesystem::path& path, const Weights& weights, const std::string& key);

// The tensors of the table as write_packed_weights() got them. They share the file's pages, which processes share in
// turn; each is read once and compared with its checksum. Throws Error for a file that is damaged, of another format or
// key, or of another table or precision.
Weights read_packed_weights(const std::filesystem::path& path, const std::vector<WeightSpec>& table,
                            Precision precision, const std::string& key);

}  // namespace epalm::nn
