#include "epalm/io/tensor_file.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <string_view>
#include <utility>

#include "epalm/base/error.h"
#include "epalm/base/mapped_file.h"
#include "epalm/io/npz.h"
#include "epalm/io/safetensors.h"
#include "epalm/io/sharded.h"
#include "epalm/io/torch_file.h"
#include "epalm/io/zip_archive.h"

namespace epalm::io {
namespace {

// Levenshtein distance.
size_t distance(const std::string& a, const std::string& b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i + 1);
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t replaced = diagonal + (a[i] != b[j]);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

}  // namespace

void TensorFile::fail_missing(const std::string& name) const {
  const auto all = names();
  require(!all.empty(), "'{}' holds no tensor '{}': it holds none at all", path().string(), name);
  std::vector<std::string> candidates;
  constexpr size_t kLongestName = 256, kMostNames = 20'000;  // names come from the file: bound the work
  for (const auto& candidate : all) {
    if (candidate.size() <= kLongestName && candidates.size() < kMostNames) candidates.push_back(candidate);
  }
  if (name.size() > kLongestName || candidates.empty()) fail("'{}' holds no tensor '{}'", path().string(), name);
  std::string nearest;
  size_t least = SIZE_MAX;
  for (const auto& candidate : candidates) {
    if (const size_t d = distance(name, candidate); d < least) {
      least = d;
      nearest = candidate;
    }
  }
  fail("'{}' holds no tensor '{}'; the nearest of its {} names is '{}'", path().string(), name, all.size(), nearest);
}

namespace {

std::filesystem::path file_in_folder(const std::filesystem::path& folder) {
  for (const char* name :
       {"model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json"}) {
    if (std::filesystem::exists(folder / name)) return folder / name;
  }
  fail("'{}' holds no weights; expected model.safetensors or pytorch_model.bin, whole or with the index of its shards",
       folder.string());
}

bool is_npz(const std::shared_ptr<const MappedFile>& file) {
  const ZipArchive zip(file);
  const auto has = [&](std::string_view suffix) {
    return std::any_of(zip.members().begin(), zip.members().end(),
                       [&](const ZipMember& member) { return member.name.ends_with(suffix); });
  };
  return has(".npy") && !has("data.pkl");
}

std::unique_ptr<TensorFile> open_file(const std::filesystem::path& path, bool may_be_index) {
  const auto file = std::make_shared<const MappedFile>(path);
  const auto bytes = file->bytes();
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  uint64_t header_length = UINT64_MAX;
  if (text.size() > sizeof header_length) std::memcpy(&header_length, text.data(), sizeof header_length);
  // A JSON text of eight characters read as a number is far larger than any header.
  if (header_length < UINT32_MAX && text[sizeof header_length] == '{') return open_safetensors(path);
  if (text.starts_with("PK\3\4")) return is_npz(file) ? open_npz(path) : open_torch(path);
  if (text.starts_with('\x80')) return open_torch(path);
  if (const size_t start = text.find_first_not_of(" \t\r\n"); start != text.npos && text[start] == '{') {
    require(may_be_index, "'{}': expected a shard, got JSON; an index cannot name another one", path.string());
    return open_sharded(path, [](const std::filesystem::path& shard) { return open_file(shard, false); });
  }
  if (path.extension() == ".safetensors") return open_safetensors(path);  // damaged: it says how
  fail(
      "'{}' of {} bytes is no weight file; expected safetensors, a torch file, npz or an index of shards, not a web "
      "page or "
      "a pointer of Git LFS",
      path.string(), bytes.size());
}

}  // namespace

std::unique_ptr<TensorFile> open_tensor_file(const std::filesystem::path& path) {
  return open_file(std::filesystem::is_directory(path) ? file_in_folder(path) : path, true);
}

}  // namespace epalm::io
