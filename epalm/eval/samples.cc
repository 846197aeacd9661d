#include "epalm/eval/samples.h"

#include "epalm/base/error.h"
#include "epalm/data/caption_dataset.h"
#include "epalm/data/clip_dataset.h"
#include "epalm/data/gqa_dataset.h"
#include "epalm/data/own_dataset.h"
#include "epalm/data/subset.h"
#include "epalm/data/vqa_dataset.h"

namespace epalm::eval {
namespace {

data::SampleList take(const data::SampleList& samples, const std::vector<int64_t>& indices) {
  std::vector<data::Sample> taken;
  for (const int64_t index : indices) taken.push_back(samples.samples().at(static_cast<size_t>(index)));
  return data::SampleList(std::move(taken));
}

data::SampleList subset(const infer::RunConfig& config, const data::SampleList& samples, const std::string& topk,
                        const char* key, bool balance) {
  auto rule = data::SubsetRule::parse(topk, key);
  rule.balance_types = balance;
  if (config.task == infer::Task::kVqa) return take(samples, data::vqa_subset(samples, rule, config.subset_seed));
  PythonRandom random(config.seed);
  return take(samples, data::plain_subset(samples.size(), rule, random));
}

}  // namespace

data::SampleList load_samples(const infer::RunConfig& config, const std::string& splits, SampleUse use,
                              data::MediaCheck check) {
  const bool own = data::is_own_data(splits);
  require(own || !config.data_dir.empty(),
          "data_dir is not set; name the folder of the data set, as --data_dir FOLDER");
  const auto load = [&] {
    if (own) {
      const auto kind = infer::is_caption(config.task) ? data::OwnKind::kCaptions : data::OwnKind::kQuestions;
      return data::load_own_data(config.data_dir, kind, splits, check);
    }
    switch (config.task) {
      case infer::Task::kVqa:
        return data::load_vqa(config.data_dir, splits, check);
      case infer::Task::kGqa:
        return data::load_gqa(config.data_dir, splits, check);
      case infer::Task::kCaption:
        return data::load_coco_captions(config.data_dir, splits, check);
      case infer::Task::kVideoQa:
        return data::load_clip_questions(config.data_dir, data::ClipKind::kVideo, splits, check);
      case infer::Task::kAudioQa:
        return data::load_clip_questions(config.data_dir, data::ClipKind::kAudio, splits, check);
      case infer::Task::kVideoCaption:
        return data::load_clip_captions(config.data_dir, data::ClipKind::kVideo, splits, check);
      case infer::Task::kAudioCaption:
        break;
    }
    return data::load_clip_captions(config.data_dir, data::ClipKind::kAudio, splits, check);
  };
  data::SampleList samples = load();
  if (use == SampleUse::kTrain && infer::is_caption(config.task)) samples = data::one_per_caption(samples);
  require(samples.size() > 0, "data_dir '{}': split '{}' holds no sample", config.data_dir, splits);
  return samples;
}

data::SampleList training_samples(const infer::RunConfig& config) {
  return subset(config, load_samples(config, config.train_split, SampleUse::kTrain), config.train_topk, "train_topk",
                config.balanced_data);
}

data::SampleList validation_samples(const infer::RunConfig& config) {
  return subset(config, load_samples(config, config.val_split), config.valid_topk, "valid_topk", false);
}

}  // namespace epalm::eval
