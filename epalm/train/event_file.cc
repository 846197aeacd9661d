#include "epalm/train/event_file.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/wire_format_lite.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <functional>
#include <string_view>

#include "epalm/base/error.h"

namespace epalm::train {
namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedOutputStream;

// Field numbers of tensorflow's event.proto and summary.proto.
enum EventField { kWallTime = 1, kStep = 2, kFileVersion = 3, kSummary = 5, kSessionLog = 7 };
enum SummaryField { kValue = 1 };
enum ValueField { kTag = 1, kSimpleValue = 2 };
enum SessionLogField { kStatus = 1 };
constexpr int kStart = 1;  // SessionLog.SessionStatus

std::string message(const std::function<void(CodedOutputStream*)>& fill) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  CodedOutputStream output(&stream);
  fill(&output);
  output.Trim();
  return bytes;
}

// An event whose field `what` holds the bytes.
std::string event(int64_t step, EventField what, const std::string& bytes) {
  return message([&](CodedOutputStream* output) {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    WireFormatLite::WriteDouble(kWallTime, std::chrono::duration<double>(now).count(), output);
    WireFormatLite::WriteInt64(kStep, step, output);
    WireFormatLite::WriteBytes(what, bytes, output);
  });
}

std::string little_endian(uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text.push_back(static_cast<char>(value >> (8 * i)));
  return text;
}

// TFRecord rotates and shifts its checksums, so that one of data that hold checksums is not 0.
std::string masked_checksum(std::string_view bytes) {
  const uint32_t crc = crc32c(bytes);
  return little_endian(((crc >> 15) | (crc << 17)) + 0xa282ead8U, 4);
}

std::filesystem::path unused_name(const std::filesystem::path& folder) {
  char host[256] = "localhost";
  gethostname(host, sizeof(host) - 1);
  const int64_t second =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  for (int number = 0;; ++number) {
    const auto path = folder / fmt::format("events.out.tfevents.{}.{}.{}.{}", second, host, getpid(), number);
    if (!std::filesystem::exists(path)) return path;
  }
}

}  // namespace

uint32_t crc32c(std::string_view bytes) {
  static const auto kTable = [] {
    std::array<uint32_t, 256> table{};
    for (uint32_t i = 0; i < 256; ++i) {
      table[i] = i;
      for (int bit = 0; bit < 8; ++bit) table[i] = (table[i] >> 1) ^ ((table[i] & 1U) != 0 ? 0x82f63b78U : 0U);
    }
    return table;
  }();
  uint32_t crc = ~0U;
  for (const char byte : bytes) crc = (crc >> 8) ^ kTable[(crc ^ static_cast<uint8_t>(byte)) & 0xffU];
  return ~crc;
}

EventFile::EventFile(const std::filesystem::path& folder, int64_t first_step) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  require(!error, "'{}' cannot be made: {}; name a folder that can be written", folder.string(), error.message());
  path_ = unused_name(folder);
  file_.open(path_, std::ios::binary);
  write(event(0, kFileVersion, "brain.Event:2"));
  write(event(first_step, kSessionLog,
              message([](CodedOutputStream* output) { WireFormatLite::WriteEnum(kStatus, kStart, output); })));
}

void EventFile::add(int64_t step, const std::vector<std::pair<std::string, double>>& scalars) {
  write(event(step, kSummary, message([&](CodedOutputStream* summary) {
                for (const auto& [tag, number] : scalars) {
                  const std::string value = message([&, &tag = tag, &number = number](CodedOutputStream* output) {
                    WireFormatLite::WriteString(kTag, tag, output);
                    WireFormatLite::WriteFloat(kSimpleValue, static_cast<float>(number), output);
                  });
                  WireFormatLite::WriteBytes(kValue, value, summary);
                }
              })));
}

void EventFile::write(const std::string& event) {
  const std::string length = little_endian(event.size(), 8);
  file_ << length << masked_checksum(length) << event << masked_checksum(event) << std::flush;
  require(file_.good(), "'{}' cannot be written: {}; free some space, then resume the run", path_.string(),
          std::strerror(errno));
}

}  // namespace epalm::train
