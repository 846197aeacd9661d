#include "epalm/io/sharded.h"

#include <unordered_map>

#include "epalm/base/error.h"
#include "epalm/io/json_file.h"

namespace epalm::io {
namespace {

using OpenShard = std::function<std::unique_ptr<TensorFile>(const std::filesystem::path&)>;

class Sharded final : public TensorFile {
 public:
  Sharded(const std::filesystem::path& index, const OpenShard& open_shard) : path_(index) {
    const auto json = read_json_file(index);
    require(json.is_object() && json.contains("weight_map") && json["weight_map"].is_object(),
            "'{}': expected an index of shards with a weight_map", index.string());
    std::map<std::string, std::vector<std::string>> names_of_shard;
    for (const auto& [name, shard] : json["weight_map"].items()) {
      require(shard.is_string(), "'{}': expected a file name for '{}'", index.string(), name);
      names_of_shard[shard.get<std::string>()].push_back(name);
    }
    for (const auto& [shard, wanted] : names_of_shard) add_shard(shard, wanted, open_shard);
  }

  std::vector<std::string> names() const override { return names_; }
  bool contains(const std::string& name) const override { return shard_of_.contains(name); }
  TensorInfo info(const std::string& name) const override { return find(name).info(name); }
  at::Tensor read(const std::string& name) const override { return find(name).read(name); }
  const std::filesystem::path& path() const override { return path_; }
  std::vector<std::filesystem::path> files() const override {
    std::vector<std::filesystem::path> files{path_};
    for (const auto& shard : shards_) files.push_back(shard->path());
    return files;
  }

 private:
  void add_shard(const std::string& shard, const std::vector<std::string>& wanted, const OpenShard& open_shard) {
    const std::filesystem::path file(shard);
    require(file.has_filename() && file.filename() == file && shard != "." && shard != "..",
            "'{}': the shard '{}' must be a file name without a folder", path_.string(), shard);
    require(std::filesystem::is_regular_file(path_.parent_path() / file),
            "'{}': the shard '{}' is missing beside it; download all shards", path_.string(), shard);
    shards_.push_back(open_shard(path_.parent_path() / file));
    const TensorFile* opened = shards_.back().get();
    for (const auto& name : wanted) {
      require(opened->contains(name),
              "'{}': the shard '{}' lacks the tensor '{}'; do index and shards belong together?", path_.string(), shard,
              name);
      shard_of_.emplace(name, opened);
    }
    for (const auto& name : opened->names()) {
      const auto found = shard_of_.find(name);
      if (found != shard_of_.end() && found->second == opened) names_.push_back(name);
    }
  }

  const TensorFile& find(const std::string& name) const {
    const auto found = shard_of_.find(name);
    if (found == shard_of_.end()) fail_missing(name);
    return *found->second;
  }

  std::filesystem::path path_;
  std::vector<std::unique_ptr<TensorFile>> shards_;
  std::unordered_map<std::string, const TensorFile*> shard_of_;
  std::vector<std::string> names_;  // shard by shard
};

}  // namespace

std::unique_ptr<TensorFile> open_sharded(const std::filesystem::path& index, const OpenShard& open_shard) {
  return std::make_unique<Sharded>(index, open_shard);
}

}  // namespace epalm::io
