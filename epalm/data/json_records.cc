#include "epalm/data/json_records.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "epalm/base/error.h"
#include "epalm/base/mapped_file.h"

namespace epalm::data {
namespace {

class Reader {
 public:
  Reader(std::string_view file, AnnotationReport& report, const RecordUse& use)
      : file_(file), report_(report), use_(use) {}

  // element: a part of the file.
  void read(int64_t index, std::string_view element) {
    if (const auto value = tree_.parse(element)) {
      use_(index, *value);
      return;
    }
    const auto byte = static_cast<size_t>(element.data() - file_.data()) + tree_.problem_byte();
    report_.add(index, "(record)", fmt::format("{} at byte {} of the file", tree_.problem(), byte));
  }

 private:
  std::string_view file_;
  AnnotationReport& report_;
  const RecordUse& use_;
  JsonTree tree_;
};

// Finds where values begin and end, without reading them: brackets and strings are enough for that.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : begin_(text.data()), at_(begin_), end_(begin_ + text.size()) {}

  bool at_end() const { return at_ == end_; }
  bool sees(char c) const { return at_ < end_ && *at_ == c; }
  bool take(char c) {
    if (!sees(c)) return false;
    ++at_;
    return true;
  }
  size_t offset() const { return static_cast<size_t>(at_ - begin_); }

  void skip_space() {
    while (at_ < end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
  }

  // Up to the comma or bracket that ends a value, or the end of the text.
  std::string_view value() {
    const char* start = at_;
    for (int64_t depth = 0; at_ < end_; ++at_) {
      switch (*at_) {
        case '"':
          skip_string();
          break;
        case '[':
        case '{':
          ++depth;
          break;
        case ']':
        case '}':
          if (depth-- == 0) return {start, at_};
          break;
        case ',':
          if (depth == 0) return {start, at_};
          break;
        default:
          break;
      }
      if (at_ == end_) break;
    }
    return {start, at_};
  }

  // A text between quotes, as it is written.
  std::optional<std::string_view> text() {
    if (!sees('"')) return std::nullopt;
    const char* start = at_ + 1;
    skip_string();
    if (at_ == end_) return std::nullopt;
    return std::string_view(start, at_++);
  }

 private:
  // From the opening quote to the closing one, or to the end of the text.
  void skip_string() {
    for (++at_; at_ < end_ && *at_ != '"'; ++at_) {
      if (*at_ == '\\' && at_ + 1 < end_) ++at_;
    }
  }

  const char* begin_;
  const char* at_;
  const char* end_;
};

// Moves to the array's first element. False where there is no such array.
bool enter_array(Scanner& scanner, const std::string& key) {
  scanner.skip_space();
  if (key.empty()) return scanner.take('[');
  if (!scanner.take('{')) return false;
  for (;;) {
    scanner.skip_space();
    const auto name = scanner.text();
    scanner.skip_space();
    if (!name || !scanner.take(':')) return false;
    scanner.skip_space();
    if (*name == key) return scanner.take('[');
    scanner.value();
    if (!scanner.take(',')) return false;
  }
}

[[noreturn]] void fail_at_byte(const std::filesystem::path& file, size_t byte) {
  fail("{}: expected a JSON file, but it cannot be read at byte {}; is it cut off or of another kind?", file.string(),
       byte);
}

// Throws unless the text is JSON. removed: bytes of the file that are left out of it at `where`.
void require_json(const std::filesystem::path& file, std::string_view text, size_t where = 0, size_t removed = 0) {
  const auto keep_nothing = [](int, nlohmann::json::parse_event_t, nlohmann::json&) { return false; };
  try {
    [[maybe_unused]] const auto rest = nlohmann::json::parse(text.begin(), text.end(), keep_nothing);
  } catch (const nlohmann::json::parse_error& error) {
    fail_at_byte(file, error.byte + (error.byte > where ? removed : 0));
  }
}

std::string_view text_of(const MappedFile& file) {
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

}  // namespace

int64_t for_each_record(const std::filesystem::path& file, const std::string& key, AnnotationReport& report,
                        const RecordUse& use) {
  const MappedFile mapped(file);
  const std::string_view text = text_of(mapped);
  const std::string place = key.empty() ? "the file" : fmt::format("`{}`", key);
  Scanner scanner(text);
  if (!enter_array(scanner, key)) {
    require_json(file, text);
    fail("{}: expected {} to be a list of records, found none; is it the annotation file of another task?",
         file.string(), place);
  }
  const size_t first = scanner.offset();
  Reader reader(text, report, use);
  int64_t count = 0;
  for (bool more = true; more;) {
    scanner.skip_space();
    if (count == 0 && scanner.sees(']')) break;
    reader.read(count++, scanner.value());
    if (scanner.at_end()) fail_at_byte(file, text.size() + 1);
    more = scanner.take(',');
  }
  const size_t last = scanner.offset();
  require_json(file, std::string(text.substr(0, first)) + std::string(text.substr(last)), first, last - first);
  require(count > 0, "{}: expected {} to hold records, but the list is empty", file.string(), place);
  return count;
}

bool has_records(const std::filesystem::path& file, const std::string& key) {
  const MappedFile mapped(file);
  Scanner scanner(text_of(mapped));
  return enter_array(scanner, key);
}

int64_t for_each_line(const std::filesystem::path& file, AnnotationReport& report, const RecordUse& use) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  const MappedFile mapped(file);
  const std::string_view text = text_of(mapped);
  Reader reader(text, report, use);
  int64_t line = 0, count = 0;
  for (size_t begin = text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0; begin < text.size(); ++line) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view content = text.substr(begin, end - begin);
    begin = end + 1;
    if (content.find_first_not_of(" \t\r") == content.npos) continue;
    reader.read(line, content);
    ++count;
  }
  require(count > 0, "{}: expected one JSON object on each line, but the file is empty", file.string());
  return count;
}

}  // namespace epalm::data
