#include "epalm/data/json_records.h"

#include <gmock/gmock.h>

#include "tests/data/scratch.h"

namespace epalm::data {
namespace {

using testing::HasSubstr;

std::vector<std::string> records(const std::string& text, const std::string& key) {
  const auto file = scratch_folder() / "a.json";
  write_file(file, text);
  std::vector<std::string> all;
  for_each_record(file, key, [&](int64_t, const Json& record) {
    all.push_back(record.size() < 10 && text.size() < 1000 ? record.dump() : "");
  });
  return all;
}

TEST(JsonRecords, GivesEachElementOfTheTopArrayWithItsKeysInFileOrder) {
  EXPECT_EQ(records(R"([{"b":[1,{"x":2}],"a":{}}, "s", [3]])", ""),
            (std::vector<std::string>{R"({"b":[1,{"x":2}],"a":{}})", R"("s")", "[3]"}));
}

TEST(JsonRecords, GivesOnlyTheArrayUnderTheKey) {
  EXPECT_EQ(records(R"({"info":[{"no":1}],"images":[{"a":{"images":[9]}}],"rest":[{"no":2}]})", "images"),
            (std::vector<std::string>{R"({"a":{"images":[9]}})"}));
}

TEST(JsonRecords, RefuseWhatIsNotAListOfRecords) {
  EXPECT_THAT(error_of([] { records(R"({"a":1})", ""); }), HasSubstr("expected the file to be a list"));
  EXPECT_THAT(error_of([] { records(R"([1])", "images"); }), HasSubstr("expected `images` to be a list"));
  EXPECT_THAT(error_of([] { records(R"({"images":{"x":[1]}})", "images"); }),
              HasSubstr("expected `images` to be a list"));
  EXPECT_THAT(error_of([] { records("[]", ""); }), HasSubstr("the list is empty"));
}

TEST(JsonRecords, SayWhereAFileStopsBeingJson) {
  EXPECT_THAT(error_of([] { records(R"([{"a":1},{"b")", ""); }), HasSubstr("cannot be read at byte 14"));
  EXPECT_THAT(error_of([] { records("", ""); }), HasSubstr("cannot be read at byte"));
  EXPECT_THAT(error_of([] { records("[\"\xFF\"]", ""); }), HasSubstr("cannot be read at byte"));
}

TEST(JsonRecords, SurviveDeepNesting) {
  const std::string deep = std::string(200000, '[') + std::string(200000, ']');
  EXPECT_EQ(records(deep, "").size(), 1u);
}

}  // namespace
}  // namespace epalm::data
