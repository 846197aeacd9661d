#include "epalm/lm/opt_cache.h"

#include <algorithm>

#include "epalm/base/error.h"

namespace epalm::lm {

Reuse reuse(const std::vector<bool>& has_slot, const Semantics& semantics) {
  const auto first = std::find(has_slot.begin(), has_slot.end(), true);
  if (first == has_slot.end() || !semantics.perceptual_row_sees_all) return Reuse::kEverything;
  const auto gap = has_slot.end() - std::find(first, has_slot.end(), false);  // layers from the first without a slot on
  return gap == 0 ? Reuse::kEverything : gap == 1 ? Reuse::kAllButLastSlots : Reuse::kNothing;
}

void OptCache::reorder(const std::vector<int64_t>& parents) {
  index_ = index_.index_select(0, at::tensor(parents, index_.options()));
}

void OptCache::clear() {
  text_ = 0;
  index_ = at::Tensor();
}

void OptCache::begin(const OptConfig& config, int64_t slots, int64_t prompts, int64_t batch, int64_t text,
                     const at::Tensor& like) {
  const int64_t positions = slots + prompts + text;
  if (layers_.empty()) {
    slots_ = slots;
    for (int64_t i = 0; i < config.num_hidden_layers; ++i) {
      // Pages that are never written take no memory.
      const auto empty = [&] {
        return at::empty({slots + prompts + text_tokens_, sequences_, config.hidden_size}, like.options());
      };
      layers_.push_back({empty(), empty(), {}});
    }
  }
  EPALM_ASSERT(slots == slots_ && batch <= sequences_ && text > text_ && text <= text_tokens_);
  const int64_t known = index_.defined() ? index_.size(1) : 0;
  const at::Tensor own = at::arange(batch, like.options().dtype(at::kLong)).unsqueeze(1);  // [B,1]
  const at::Tensor fresh = own.expand({batch, positions - known});
  if (known == 0) {
    index_ = fresh.contiguous();
  } else {
    EPALM_ASSERT(index_.size(0) == batch);
    index_ = at::cat({index_, fresh}, 1);
  }
  index_behind_slots_ = index_.slice(1, slots);
  own_slots_index_ = at::cat({own.expand({batch, slots}), index_behind_slots_}, 1);
  text_ = text;
}

nn::KeptRows OptCache::layer(size_t index, bool slots, bool own_slots) const {
  return {layers_[index].keys, layers_[index].values,
          own_slots ? own_slots_index_
          : slots   ? index_
                    : index_behind_slots_};
}

}  // namespace epalm::lm
