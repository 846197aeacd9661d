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
  AnnotationReport report(file);
  for_each_record(file, key, report, [&](int64_t, const JsonValue& record) {
    std::string fields = record.is_text() ? record.text() : record.type_name();
    record.each([&](std::string_view name, const JsonValue& value) {
      fields += std::string(" ") + std::string(name) + ":" + (value.is_text() ? value.text() : value.type_name());
    });
    all.push_back(fields);
  });
  report.fail_if_any();
  return all;
}

TEST(JsonRecords, GivesEachElementOfTheTopArrayWithItsKeysInFileOrder) {
  EXPECT_EQ(
      records(R"([{"b":[1,{"x":2}],"a":"\"},]\u00e9\\"}, "s", [3,true], -1.5,null ])", ""),
      (std::vector<std::string>{"object b:array a:\"},]\xC3\xA9\\", "s", "array :number :boolean", "number", "null"}));
}

TEST(JsonRecords, GivesOnlyTheArrayUnderTheKey) {
  EXPECT_EQ(records(R"({"info":[{"no":1}],"images":[{"a":{"images":[9]}}],"rest":[{"no":2}]})", "images"),
            (std::vector<std::string>{"object a:object"}));
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
  EXPECT_THAT(error_of([] { records(R"([{"a":1}] x)", ""); }), HasSubstr("cannot be read at byte 11"));
  EXPECT_THAT(error_of([] { records(R"({"rest":[1,],"images":[{"a":1}]})", "images"); }),
              HasSubstr("cannot be read at byte 12"));
  EXPECT_THAT(error_of([] { records(R"([{"a":1}})", ""); }), HasSubstr("cannot be read at byte"));
}

TEST(JsonRecords, ReportABrokenRecordAndReadTheOthers) {
  const auto file = scratch_folder() / "a.json";
  write_file(file, "[{\"a\":1},{\"a\":\"\xFF\"},{\"a\":},{\"a\":2}]");
  AnnotationReport report(file);
  std::vector<int64_t> seen;
  EXPECT_EQ(for_each_record(file, "", report, [&](int64_t index, const JsonValue&) { seen.push_back(index); }), 4);
  EXPECT_EQ(seen, (std::vector<int64_t>{0, 3}));
  const std::string message = error_of([&] { report.fail_if_any(); });
  EXPECT_THAT(message, HasSubstr("record 1, `(record)`: expected UTF-8, got another encoding at byte 16"));
  EXPECT_THAT(message, HasSubstr("record 2, `(record)`: expected JSON, got something else at byte 25"));
}

TEST(JsonValue, OfTwoFieldsOfOneNameTheLastCounts) {
  JsonTree tree;
  EXPECT_EQ(tree.parse(R"({"a":1,"b":2,"a":3})")->find("a")->whole(), 3);
  EXPECT_FALSE(tree.parse("18446744073709551615")->is_whole());
  EXPECT_TRUE(tree.parse("-9223372036854775808")->is_whole());
}

TEST(JsonRecords, SurviveDeepNesting) {
  const std::string deep = std::string(200000, '[') + std::string(200000, ']');
  EXPECT_EQ(records(deep, "").size(), 1u);
}

}  // namespace
}  // namespace epalm::data
