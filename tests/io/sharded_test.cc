#include "epalm/io/safetensors.h"
#include "epalm/io/torch_file.h"
#include "tests/io/bytes.h"

namespace epalm::io {
namespace {

void write_shards() {
  write_safetensors(folder() / "one.safetensors", {{"a", at::ones(2)}, {"b", at::zeros(3)}});
  write_torch(folder() / "two.bin", Value(Value::Dict{{"c", at::full(1, 7.0f)}}));
}

std::filesystem::path index(const std::string& weight_map) {
  return save("model.safetensors.index.json", R"({"metadata": {}, "weight_map": )" + weight_map + "}");
}

TEST(Sharded, ReadsTensorsFromTheirShards) {
  write_shards();
  const auto file = open_tensor_file(index(R"({"c": "two.bin", "b": "one.safetensors", "a": "one.safetensors"})"));
  EXPECT_EQ(file->names(), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_TRUE(at::equal(file->read("c"), at::full(1, 7.0f)));
  EXPECT_EQ(file->info("b").shape, std::vector<int64_t>{3});
  expect_error([&] { file->read("d"); }, "holds no tensor 'd'");
  EXPECT_EQ(file->files(), (std::vector{file->path(), folder() / "one.safetensors", folder() / "two.bin"}));
}

TEST(Sharded, FolderOpensAsItsIndexOrItsWholeFile) {
  write_shards();
  index(R"({"c": "two.bin"})");
  EXPECT_EQ(open_tensor_file(folder())->names(), std::vector<std::string>{"c"});
  write_safetensors(folder() / "model.safetensors", {{"whole", at::ones(1)}});
  EXPECT_EQ(open_tensor_file(folder())->names(), std::vector<std::string>{"whole"});
  std::filesystem::remove(folder() / "model.safetensors");
}

TEST(Sharded, RefusesMissingShardsAndShardsThatLackATensor) {
  write_shards();
  expect_error([] { open_tensor_file(index(R"({"a": "three.bin"})")); }, "'three.bin' is missing");
  expect_error([] { open_tensor_file(index(R"({"z": "two.bin"})")); }, "'two.bin' lacks the tensor 'z'");
  expect_error([] { open_tensor_file(index(R"({"c": "two.bin", "c": "one.safetensors"})")); }, "'c' stands twice");
}

TEST(Sharded, RefusesShardsInOtherFolders) {
  for (const char* shard : {"../secret.bin", "/etc/passwd", "sub/two.bin", "..", ".", ""}) {
    SCOPED_TRACE(shard);
    expect_error([&] { open_tensor_file(index(std::string(R"({"a": ")") + shard + "\"}")); }, "without a folder");
  }
}

TEST(Sharded, RefusesAnIndexThatNamesItself) {
  expect_error([] { open_tensor_file(index(R"({"a": "model.safetensors.index.json"})")); }, "cannot name another");
}

TEST(Sharded, RefusesOtherJson) {
  expect_error([] { open_tensor_file(save("config.json", R"({"hidden_size": 8})")); }, "weight_map");
  expect_error([] { open_tensor_file(index("[]")); }, "weight_map");
  expect_error([] { open_tensor_file(index(R"({"a": 3})")); }, "file name for 'a'");
}

}  // namespace
}  // namespace epalm::io
