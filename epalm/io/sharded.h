#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include "epalm/io/tensor_file.h"

namespace epalm::io {

// An index {"weight_map": {tensor name: file name}} whose shards lie in the same folder. Throws Error when a shard is
// missing, lies elsewhere, or lacks a tensor that the index places in it. `open_shard` opens one shard.
std::unique_ptr<TensorFile> open_sharded(
    const std::filesystem::path& index,
    const std::function<std::unique_ptr<TensorFile>(const std::filesystem::path&)>& open_shard);

}  // namespace epalm::io
