#include "epalm/data/json_records.h"

#include "epalm/base/error.h"
#include "epalm/base/mapped_file.h"

namespace epalm::data {
namespace {

using Event = nlohmann::detail::parse_event_t;

// Hands over an element as soon as it is whole, and drops it from the document.
class RecordFilter {
 public:
  RecordFilter(const std::string& key, const std::function<void(int64_t, const Json&)>& use)
      : key_(key), depth_(key.empty() ? 1 : 2), use_(use) {}

  bool operator()(int depth, Event event, Json& value) {
    if (event == Event::key && depth == 1 && !key_.empty()) inside_ = value == key_;
    if (event == Event::array_start && depth == depth_ - 1 && is_inside()) found_ = true;
    const bool is_whole = event == Event::object_end || event == Event::array_end || event == Event::value;
    if (!is_whole || depth != depth_ || !found_ || !is_inside()) return true;
    use_(count_++, value);
    return false;
  }

  bool found() const { return found_; }
  int64_t count() const { return count_; }

 private:
  bool is_inside() const { return key_.empty() || inside_; }

  std::string key_;
  int depth_;  // of the elements
  const std::function<void(int64_t, const Json&)>& use_;
  bool inside_ = false;
  bool found_ = false;
  int64_t count_ = 0;
};

}  // namespace

int64_t for_each_record(const std::filesystem::path& file, const std::string& key,
                        const std::function<void(int64_t index, const Json& record)>& use) {
  const MappedFile mapped(file);
  const auto* begin = reinterpret_cast<const char*>(mapped.bytes().data());
  RecordFilter filter(key, use);
  try {
    const auto filtered = [&](int depth, Event event, Json& value) { return filter(depth, event, value); };
    [[maybe_unused]] const Json rest = Json::parse(begin, begin + mapped.bytes().size(), filtered);
  } catch (const Json::parse_error& error) {
    fail("{}: expected a JSON file, but it cannot be read at byte {}; is it cut off or of another kind?", file.string(),
         error.byte);
  }
  const std::string place = key.empty() ? "the file" : fmt::format("`{}`", key);
  require(filter.found(),
          "{}: expected {} to be a list of records, found none; is it the annotation file of another task?",
          file.string(), place);
  require(filter.count() > 0, "{}: expected {} to hold records, but the list is empty", file.string(), place);
  return filter.count();
}

}  // namespace epalm::data
