#include "epalm/eval/samples.h"

#include "epalm/base/error.h"
#include "epalm/data/caption_dataset.h"
#include "epalm/data/clip_dataset.h"
#include "epalm/data/gqa_dataset.h"
#include "epalm/data/vqa_dataset.h"

namespace epalm::eval {

data::SampleList load_samples(const infer::RunConfig& config, const std::string& splits) {
  require(!config.data_dir.empty(), "data_dir is not set; name the folder of the data set, as --data_dir FOLDER");
  const auto load = [&] {
    switch (config.task) {
      case infer::Task::kVqa:
        return data::load_vqa(config.data_dir, splits);
      case infer::Task::kGqa:
        return data::load_gqa(config.data_dir, splits);
      case infer::Task::kCaption:
        return data::load_coco_captions(config.data_dir, splits);
      case infer::Task::kVideoQa:
        return data::load_clip_questions(config.data_dir, data::ClipKind::kVideo, splits);
      case infer::Task::kAudioQa:
        return data::load_clip_questions(config.data_dir, data::ClipKind::kAudio, splits);
      case infer::Task::kVideoCaption:
        return data::load_clip_captions(config.data_dir, data::ClipKind::kVideo, splits);
      case infer::Task::kAudioCaption:
        break;
    }
    return data::load_clip_captions(config.data_dir, data::ClipKind::kAudio, splits);
  };
  data::SampleList samples = load();
  require(samples.size() > 0, "data_dir '{}': split '{}' holds no sample", config.data_dir, splits);
  return samples;
}

}  // namespace epalm::eval
