#include "epalm/train/train_batch.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "epalm/model/loss.h"
#include "epalm/text/batch.h"

namespace epalm::train {
namespace {

constexpr size_t kShared = 1;  // tokens that every text begins with: the start of a text

struct Line {
  std::vector<int64_t> ids;
  size_t unlabelled = 0;  // of its first tokens
};

Line line_of(const infer::Bundle& bundle, const data::Sample& sample) {
  const bool caption = infer::is_caption(bundle.config.task);
  Line line;
  line.ids =
      bundle.tokenizer.encode(caption ? data::caption_training_text(bundle.rules, sample.answer)
                                      : data::question_training_text(bundle.rules, sample.question, sample.answer));
  const auto limit = static_cast<size_t>(bundle.model.lm().config().max_position_embeddings);
  if (line.ids.size() > limit) line.ids.resize(limit);
  if (bundle.config.loss_only_on_answers) {
    line.unlabelled =
        caption ? kShared : bundle.tokenizer.encode(data::question_prompt(bundle.rules, sample.question)).size();
    line.unlabelled = std::min(line.unlabelled, line.ids.size());
  }
  return line;
}

}  // namespace

TextBatch make_text_batch(const infer::Bundle& bundle, std::span<const std::vector<data::Sample>> rows) {
  std::vector<std::vector<int64_t>> ids, labels, branches;
  bool packed = false;
  for (const auto& samples : rows) {
    packed = packed || samples.size() > 1;
    auto &row = ids.emplace_back(), &label = labels.emplace_back(), &branch = branches.emplace_back();
    for (size_t i = 0; i < samples.size(); ++i) {
      const Line line = line_of(bundle, samples[i]);
      for (size_t t = i == 0 ? 0 : kShared; t < line.ids.size(); ++t) {
        row.push_back(line.ids[t]);
        label.push_back(t < line.unlabelled ? model::kIgnore : line.ids[t]);
        branch.push_back(t < kShared ? 0 : static_cast<int64_t>(i) + 1);
      }
    }
  }
  const auto tensor = [](const std::vector<std::vector<int64_t>>& lines, int64_t filler) {
    const auto padded = text::pad(lines, filler);
    return at::tensor(padded.ids).view({padded.rows, padded.columns});
  };
  const auto padded = text::pad(ids, bundle.tokenizer.pad_id());
  TextBatch batch;
  batch.ids = at::tensor(padded.ids).view({padded.rows, padded.columns});
  batch.mask = at::tensor(padded.mask).view({padded.rows, padded.columns});
  batch.labels = tensor(labels, model::kIgnore);
  if (packed) batch.branches = tensor(branches, 0);
  return batch;
}

}  // namespace epalm::train
