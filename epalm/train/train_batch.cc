#include "epalm/train/train_batch.h"

#include <ATen/Parallel.h>
#include <torch/torch.h>

#include <exception>

#include "epalm/base/python_random.h"
#include "epalm/media/image_file.h"
#include "epalm/media/image_transform.h"
#include "epalm/model/loss.h"
#include "epalm/text/batch.h"

namespace epalm::train {

TextBatch make_text_batch(const infer::Bundle& bundle, std::span<const data::Sample> samples) {
  const bool caption = bundle.config.task == infer::Task::kCaption;
  std::vector<std::vector<int64_t>> lines;
  std::vector<int64_t> prompt_lengths;
  for (const auto& sample : samples) {
    lines.push_back(
        bundle.tokenizer.encode(caption ? data::caption_training_text(bundle.rules, sample.answer)
                                        : data::question_training_text(bundle.rules, sample.question, sample.answer)));
    const auto limit = static_cast<size_t>(bundle.model.lm().config().max_position_embeddings);
    if (lines.back().size() > limit) lines.back().resize(limit);
    prompt_lengths.push_back(
        caption ? 1
                : static_cast<int64_t>(
                      bundle.tokenizer.encode(data::question_prompt(bundle.rules, sample.question)).size()));
  }
  const auto padded = text::pad(lines, bundle.tokenizer.pad_id());
  TextBatch batch;
  batch.ids = torch::tensor(padded.ids).view({padded.rows, padded.columns});
  batch.mask = torch::tensor(padded.mask).view({padded.rows, padded.columns});
  batch.labels = model::labels_of(batch.ids, batch.mask);
  if (bundle.config.loss_only_on_answers) {
    for (size_t row = 0; row < prompt_lengths.size(); ++row) {
      batch.labels[static_cast<int64_t>(row)]
          .slice(0, 0, std::min(prompt_lengths[row], padded.columns))
          .fill_(model::kIgnore);
    }
  }
  return batch;
}

at::Tensor augmented_images(const infer::Bundle& bundle, std::span<const data::Sample> samples,
                            std::span<const int64_t> indices, int64_t epoch) {
  const auto size = static_cast<int>(bundle.config.image_res);
  const bool wraps = bundle.model.semantics().augmentations_wrap;
  at::Tensor pixels = torch::empty({static_cast<int64_t>(samples.size()), 3, size, size});
  at::parallel_for(0, pixels.size(0), 1, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) {
      const auto index = static_cast<uint64_t>(indices[static_cast<size_t>(i)]);
      PythonRandom random((bundle.config.seed * 1'000'003 + static_cast<uint64_t>(epoch)) * 1'000'000'007 + index);
      const auto image =
          media::train_augment(media::load_image(samples[static_cast<size_t>(i)].media), size, random, {wraps, wraps});
      const auto values = media::to_normalised(image);
      std::copy(values.begin(), values.end(), pixels.data_ptr<float>() + i * static_cast<int64_t>(values.size()));
    }
  });
  return pixels;
}

}  // namespace epalm::train
