#include "epalm/data/clip_dataset.h"

#include <fmt/format.h>

#include "epalm/data/question_file.h"
#include "epalm/data/record.h"
#include "epalm/data/vqa_dataset.h"

namespace epalm::data {
namespace {

using std::filesystem::path;

struct ClipLayout {
  const char* field;
  path folder;
};

ClipLayout layout_of(const path& data_dir, ClipKind kind) {
  if (kind == ClipKind::kVideo) return {"video", data_dir / "videos/all"};
  return {"audio", data_dir / "audios"};
}

path annotation_file(const path& data_dir, const std::string& split) {
  return data_dir / "annotation" / (split + ".json");
}

void read_captions(const path& file, const ClipLayout& layout, bool is_train, MediaFinder& finder,
                   std::vector<Sample>& samples) {
  AnnotationReport report(file);
  for_each_record(file, "", report, [&](int64_t index, const JsonValue& json) {
    const Record record(json, index, report);
    const std::string name = record.file_name(layout.field);
    Sample sample;
    for (const std::string& caption : record.texts("caption")) {
      sample.targets.push_back(stripped(caption));
      if (sample.targets.back().empty()) record.problem("caption", "expected words, got an empty caption");
    }
    if (name.empty() || !stays_below(name)) return;  // already reported
    sample.media_id = path(name).replace_extension();
    sample.media = layout.folder / name;
    if (!finder.accepts(sample.media)) {
      record.problem(layout.field, fmt::format("there is no file {}", sample.media.string()));
    }
    if (!is_train) {
      samples.push_back(std::move(sample));
      return;
    }
    for (const std::string& caption : sample.targets) {
      samples.push_back(sample);
      samples.back().answer = caption;
    }
  });
  report.fail_if_any();
}

}  // namespace

SampleList load_clip_captions(const path& data_dir, ClipKind kind, const std::string& splits, MediaCheck check) {
  const ClipLayout layout = layout_of(data_dir, kind);
  std::vector<Sample> samples;
  MediaFinder finder(check);
  for (const std::string& split : split_names(splits)) {
    const bool is_train = split.find("train") != split.npos;
    read_captions(annotation_file(data_dir, split), layout, is_train, finder, samples);
  }
  return SampleList(std::move(samples));
}

SampleList load_clip_questions(const path& data_dir, ClipKind kind, const std::string& splits, MediaCheck check) {
  const ClipLayout layout = layout_of(data_dir, kind);
  std::vector<Sample> samples;
  MediaFinder finder(check);
  for (const std::string& split : split_names(splits)) {
    const size_t before = samples.size();
    read_questions(
        annotation_file(data_dir, split), layout.field, finder,
        [&](const std::string& name) { return layout.folder / name; }, samples);
    for (size_t i = before; i < samples.size(); ++i) {
      samples[i].media_id = path(samples[i].media_id).replace_extension();
    }
  }
  return SampleList(std::move(samples));
}

}  // namespace epalm::data
