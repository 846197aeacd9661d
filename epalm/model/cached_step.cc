#include "epalm/model/cached_step.h"

#include <algorithm>
#include <map>

#include "epalm/lm/opt_cache.h"

namespace epalm::model {

CachedStep::CachedStep(const EPalm& model, const at::Tensor& features, int64_t longest)
    : model_(model), slots_(model.slots(features)), longest_(longest) {
  std::vector<bool> has_slot;
  for (const at::Tensor& slot : slots_) has_slot.push_back(slot.defined());
  reuses_ = lm::reuse(has_slot, model.semantics()) != lm::Reuse::kNothing;
}

void CachedStep::follow(const std::vector<Text>& texts) {
  std::map<Text, int64_t> places;
  for (size_t i = 0; i < known_.size(); ++i) places.emplace(known_[i], static_cast<int64_t>(i));
  std::vector<int64_t> parents;
  for (const Text& text : texts) {
    const auto length = std::min<size_t>(text.ids.size() - 1, static_cast<size_t>(cache_->text_length()));
    const auto found = places.find({text.sample, {text.ids.begin(), text.ids.begin() + static_cast<long>(length)}});
    if (found == places.end()) {
      cache_->clear();
      return;
    }
    parents.push_back(found->second);
  }
  cache_->reorder(parents);
}

at::Tensor CachedStep::operator()(const at::Tensor& ids, const at::Tensor& mask,
                                  const std::vector<int64_t>& source_row) {
  const at::Tensor numbers = ids.to(at::kCPU).contiguous();
  const int64_t* id = numbers.data_ptr<int64_t>();
  std::vector<Text> texts;       // without repetition
  std::vector<int64_t> rows;     // where each stands first
  std::vector<int64_t> text_of;  // of each row
  std::map<Text, int64_t> numbered;
  for (int64_t row = 0; row < ids.size(0); ++row, id += ids.size(1)) {
    Text text{source_row[static_cast<size_t>(row)], {id, id + ids.size(1)}};
    const auto [place, is_new] = numbered.emplace(text, static_cast<int64_t>(texts.size()));
    text_of.push_back(place->second);
    if (!is_new) continue;
    texts.push_back(std::move(text));
    rows.push_back(row);
  }

  if (reuses_) {
    if (!cache_) cache_.emplace(ids.size(0), longest_);
    if (cache_->text_length() > 0) follow(texts);
  }
  std::vector<int64_t> samples;
  for (const Text& text : texts) samples.push_back(text.sample);
  const at::Tensor sample_index = at::tensor(samples, ids.options());
  std::vector<at::Tensor> slots;
  for (const at::Tensor& slot : slots_) slots.push_back(slot.defined() ? slot.index_select(0, sample_index) : slot);
  const at::Tensor row_index = at::tensor(rows, ids.options());
  const at::Tensor logits = model_.next_token_logits_injecting(
      slots, ids.index_select(0, row_index), mask.index_select(0, row_index), cache_ ? &*cache_ : nullptr);
  known_ = std::move(texts);
  return logits.index_select(0, at::tensor(text_of, ids.options()));
}

}  // namespace epalm::model
