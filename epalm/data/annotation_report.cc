#include "epalm/data/annotation_report.h"

#include <fmt/ranges.h>

#include "epalm/base/error.h"

namespace epalm::data {

void AnnotationReport::add(int64_t record, std::string_view field, std::string_view problem) {
  ++count_;
  if (lines_.size() >= kMaxLines - 1) return;
  const std::string place =
      unit_ == Unit::kLine ? fmt::format("line {}", record + 1) : fmt::format("record {}", record);
  lines_.push_back(fmt::format("  {}, `{}`: {}", place, field, problem));
}

void AnnotationReport::fail_if_any() const {
  if (count_ == 0) return;
  const bool all_fit = count_ < static_cast<int64_t>(kMaxLines);
  const auto shown = std::vector(lines_.begin(), all_fit ? lines_.end() : lines_.end() - 1);
  const auto rest = count_ - static_cast<int64_t>(shown.size());
  fail("{}: {} problem{}, to be corrected in the file:\n{}{}", file_.string(), count_, count_ == 1 ? "" : "s",
       fmt::join(shown, "\n"), rest > 0 ? fmt::format("\n  … and {} more", rest) : "");
}

}  // namespace epalm::data
