#include "epalm/data/gqa_dataset.h"

#include "epalm/data/question_file.h"
#include "epalm/data/vqa_dataset.h"

namespace epalm::data {

SampleList load_gqa(const std::filesystem::path& data_dir, const std::string& splits, MediaCheck check) {
  std::vector<Sample> samples;
  MediaFinder finder(check);
  for (const std::string& split : split_names(splits)) {
    const bool own_images = split == "testdev" || split == "submit";
    const auto folder = data_dir / (own_images ? "GQA/images" : "VG/VG_100K");
    read_questions(
        data_dir / "GQA" / (split + ".json"), "img_id", finder,
        [&](const std::string& img_id) { return folder / (img_id + ".jpg"); }, samples);
  }
  return SampleList(std::move(samples));
}

}  // namespace epalm::data
