#include "epalm/data/caption_dataset.h"

#include <fmt/format.h>

#include "epalm/base/error.h"
#include "epalm/data/record.h"
#include "epalm/data/vqa_dataset.h"

namespace epalm::data {
namespace {

enum class Split { kTrain, kVal, kTest };

Split split_of(const std::string& name) {
  constexpr std::string_view kPrefix = "karpathy_";
  const std::string plain = name.starts_with(kPrefix) ? name.substr(kPrefix.size()) : name;
  if (plain == "train") return Split::kTrain;
  if (plain == "val") return Split::kVal;
  if (plain == "test") return Split::kTest;
  fail("caption split \"{}\": expected train, val or test, also with karpathy_ before it", name);
}

// Of a `split` field; nothing for a name that is none of the four.
std::optional<Split> file_split(const std::string& name) {
  if (name == "train" || name == "restval") return Split::kTrain;
  if (name == "val") return Split::kVal;
  if (name == "test") return Split::kTest;
  return std::nullopt;
}

void read_split(const std::filesystem::path& data_dir, Split split, MediaFinder& finder, std::vector<Sample>& samples) {
  const auto file = data_dir / "COCO/dataset_coco.json";
  AnnotationReport report(file);
  const size_t before = samples.size();
  for_each_record(file, "images", report, [&](int64_t index, const JsonValue& json) {
    const Record record(json, index, report);
    const std::string name = record.file_name("filename");
    const std::string split_name = record.text("split");
    const auto own = file_split(split_name);
    if (!own) record.problem("split", fmt::format("expected train, restval, val or test, got \"{}\"", split_name));
    if (own != split || name.empty() || !stays_below(name)) return;

    Sample sample;
    sample.media_id = std::filesystem::path(name).stem();
    const bool is_train = name.find("train") != name.npos;
    if (!is_train && name.find("val") == name.npos) {
      record.problem("filename", fmt::format("\"{}\" names neither the train nor the val images", name));
      return;
    }
    sample.media = data_dir / "COCO/images" / (is_train ? "train2014" : "val2014") / name;
    if (!finder.accepts(sample.media)) {
      record.problem("filename", fmt::format("there is no image {}", sample.media.string()));
    }
    record.each("sentences", [&](const Record& sentence) { sample.targets.push_back(sentence.words("raw")); });
    if (record.has_empty_list("sentences")) record.problem("sentences", "expected at least one caption, got none");
    if (split != Split::kTrain) {
      samples.push_back(std::move(sample));
      return;
    }
    for (const std::string& sentence : sample.targets) {
      samples.push_back(sample);
      samples.back().answer = sentence;
    }
  });
  report.fail_if_any();
  require(samples.size() > before, "{}: none of its images belongs to the split that was asked for", file.string());
}

}  // namespace

SampleList load_coco_captions(const std::filesystem::path& data_dir, const std::string& splits, MediaCheck check) {
  std::vector<Sample> samples;
  MediaFinder finder(check);
  for (const std::string& name : split_names(splits)) read_split(data_dir, split_of(name), finder, samples);
  return SampleList(std::move(samples));
}

SampleList one_per_caption(const SampleList& samples) {
  std::vector<Sample> each;
  for (const Sample& sample : samples.samples()) {
    if (!sample.answer.empty()) {
      each.push_back(sample);
      continue;
    }
    for (const std::string& caption : sample.targets) {
      each.push_back(sample);
      each.back().answer = caption;
    }
  }
  return SampleList(std::move(each));
}

}  // namespace epalm::data
