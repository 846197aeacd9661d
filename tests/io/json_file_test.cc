#include "epalm/io/json_file.h"

#include "epalm/io/atomic_file.h"
#include "tests/io/bytes.h"

namespace epalm::io {
namespace {

TEST(JsonFile, WrittenFileReadsBack) {
  const auto path = folder() / "config.json";
  const nlohmann::json json = {{"name", "ü"}, {"list", {1, 2.5, nullptr}}};
  write_json_file(path, json);
  EXPECT_EQ(read_json_file(path), json);
  EXPECT_THAT(load(path), testing::EndsWith("}\n"));
}

TEST(JsonFile, ErrorNamesFileLineAndByte) {
  const auto path = save("broken.json", "{\n  \"a\": 1,\n  \"b\": ?\n}");
  expect_error([&] { read_json_file(path); }, "broken.json");
  expect_error([&] { read_json_file(path); }, "line 3");
  expect_error([&] { read_json_file(path); }, "byte 20");
}

TEST(JsonFile, RepeatedKeyIsRefusedButOnlyWithinOneObject) {
  expect_error([] { read_json_file(save("twice.json", R"({"a": {"b": 1, "b": 2}})")); }, "'b' stands twice");
  EXPECT_EQ(read_json_file(save("once.json", R"([{"b": 1}, {"b": 2}])")).size(), 2u);
}

TEST(JsonFile, EmptyFileIsRefused) {
  expect_error([] { read_json_file(save("empty.json", "")); }, "expected JSON");
}

TEST(JsonFile, DeepNestingDoesNotExhaustTheStack) {
  const std::string text(1'000'000, '[');
  expect_error([&] { read_json_file(save("deep.json", text)); }, "expected JSON");
}

}  // namespace
}  // namespace epalm::io
