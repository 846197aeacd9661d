#include "epalm/train/event_file.h"

#include <gmock/gmock.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <cstring>
#include <iterator>

#include "epalm/base/error.h"
#include "tests/train/tiny_run.h"

namespace epalm::train {
namespace {

using google::protobuf::internal::WireFormatLite;

// The messages in the frames of the one file in the folder; checks lengths and checksums as TensorFlow's reader does.
std::vector<std::string> events_in(const std::filesystem::path& folder) {
  const auto file = *std::filesystem::directory_iterator(folder);
  EXPECT_TRUE(file.path().filename().string().starts_with("events.out.tfevents."));
  std::ifstream stream(file.path(), std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
  const auto check = [](std::string_view data, std::string_view stored) {
    uint32_t masked = 0;
    std::memcpy(&masked, stored.data(), 4);
    const uint32_t rotated = masked - 0xa282ead8U;
    EXPECT_EQ((rotated >> 17) | (rotated << 15), crc32c(data));
  };
  std::vector<std::string> events;
  for (size_t at = 0; at < bytes.size();) {
    uint64_t length = 0;
    std::memcpy(&length, bytes.data() + at, 8);
    check(std::string_view(bytes).substr(at, 8), std::string_view(bytes).substr(at + 8, 4));
    events.push_back(bytes.substr(at + 12, length));
    check(events.back(), std::string_view(bytes).substr(at + 12 + length, 4));
    at += 16 + length;
  }
  return events;
}

// Field number -> payload of a message: bytes as they are, numbers as their eight or four bytes or as a varint's.
std::multimap<int, std::string> parse(const std::string& message) {
  std::multimap<int, std::string> fields;
  google::protobuf::io::CodedInputStream input(reinterpret_cast<const uint8_t*>(message.data()),
                                               static_cast<int>(message.size()));
  while (const uint32_t tag = input.ReadTag()) {
    std::string payload;
    uint64_t number = 0;
    uint32_t size = WireFormatLite::GetTagWireType(tag) == WireFormatLite::WIRETYPE_FIXED64 ? 8 : 4;
    if (WireFormatLite::GetTagWireType(tag) == WireFormatLite::WIRETYPE_VARINT) {
      EXPECT_TRUE(input.ReadVarint64(&number));
      payload = std::to_string(number);
    } else {
      if (WireFormatLite::GetTagWireType(tag) == WireFormatLite::WIRETYPE_LENGTH_DELIMITED) {
        EXPECT_TRUE(input.ReadVarint32(&size));
      }
      EXPECT_TRUE(input.ReadString(&payload, static_cast<int>(size)));
    }
    fields.emplace(WireFormatLite::GetTagFieldNumber(tag), payload);
  }
  return fields;
}

std::string field(const std::multimap<int, std::string>& fields, int number) {
  EXPECT_EQ(fields.count(number), 1U) << number;
  return fields.find(number)->second;
}

// RFC 3720 B.4, and the usual check value.
TEST(EventFile, ChecksumsAreCastagnolis) {
  EXPECT_EQ(crc32c("123456789"), 0xe3069283U);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aaU);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62a8ab43U);
}

TEST(EventFile, HoldsVersionStartAndScalars) {
  const TemporaryFolder folder("events");
  EventFile file(folder.path() / "made", 6);
  file.add(7, {{"train/loss", 0.5}, {"train/lr all", -2.0}});
  const auto events = events_in(folder.path() / "made");
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(field(parse(events[0]), 3), "brain.Event:2");
  EXPECT_EQ(field(parse(events[1]), 2), "6");
  EXPECT_EQ(field(parse(field(parse(events[1]), 7)), 1), "1");  // SessionLog.START

  const auto event = parse(events[2]);
  double wall_time = 0;
  std::memcpy(&wall_time, field(event, 1).data(), 8);
  EXPECT_NEAR(wall_time, static_cast<double>(std::time(nullptr)), 60);
  EXPECT_EQ(field(event, 2), "7");
  const auto values = parse(field(event, 5));
  ASSERT_EQ(values.count(1), 2U);
  std::vector<std::pair<std::string, float>> scalars;
  for (auto [at, end] = values.equal_range(1); at != end; ++at) {
    float number = 0;
    std::memcpy(&number, field(parse(at->second), 2).data(), 4);
    scalars.emplace_back(field(parse(at->second), 1), number);
  }
  EXPECT_THAT(scalars, testing::ElementsAre(testing::Pair("train/loss", 0.5F), testing::Pair("train/lr all", -2.0F)));
}

TEST(EventFile, EveryStartHasAFileOfItsOwn) {
  const TemporaryFolder folder("events_twice");
  const EventFile one(folder.path(), 0), two(folder.path(), 0);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 2);
}

TEST(EventFile, NamesAFolderThatCannotBeMade) {
  const TemporaryFolder folder("events_bad");
  write_text(folder.path() / "file", "x");
  try {
    EventFile(folder.path() / "file" / "events", 0);
    FAIL() << "expected an Error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("file/events"));
  }
}

}  // namespace
}  // namespace epalm::train
