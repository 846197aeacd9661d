#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace epalm::data {

// Collects what is wrong in one annotation file, so that the user sees all of it at once.
class AnnotationReport {
 public:
  static constexpr size_t kMaxLines = 20;  // of the error message
  // How its records are told: "record 0" is the first of a list, "line 1" of a file of JSON lines.
  enum class Unit { kRecord, kLine };

  explicit AnnotationReport(std::filesystem::path file, Unit unit = Unit::kRecord)
      : file_(std::move(file)), unit_(unit) {}

  // record: index in the file, from 0. `problem` is expected and got.
  void add(int64_t record, std::string_view field, std::string_view problem);
  bool empty() const { return count_ == 0; }
  // Throws one Error of at most kMaxLines lines if anything was added.
  void fail_if_any() const;

 private:
  std::filesystem::path file_;
  Unit unit_;
  std::vector<std::string> lines_;  // the first ones
  int64_t count_ = 0;
};

}  // namespace epalm::data
