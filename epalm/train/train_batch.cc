#include "epalm/train/train_batch.h"

#include <torch/torch.h>

#include "epalm/model/loss.h"
#include "epalm/text/batch.h"

namespace epalm::train {

TextBatch make_text_batch(const infer::Bundle& bundle, std::span<const data::Sample> samples) {
  const bool caption = infer::is_caption(bundle.config.task);
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

}  // namespace epalm::train
