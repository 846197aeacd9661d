#include "epalm/train/recompute_plan.h"

#include <algorithm>

#include "epalm/base/log.h"
#include "epalm/infer/media_input.h"
#include "epalm/infer/precision.h"
#include "epalm/lm/opt_layer.h"
#include "epalm/model/trainable.h"
#include "epalm/train/train_batch.h"

namespace epalm::train {
namespace {

constexpr double kShareOfFreeMemory = 0.5;
constexpr int64_t kBytesOfTrained = 4 * 4;  // a number's gradient, two moments and the update in the making

// Question and longest answer, or caption, of the sample that has most bytes of them.
data::Sample longest_text(const data::SampleList& samples, bool caption) {
  data::Sample longest;
  size_t most = 0;
  for (const data::Sample& sample : samples.samples()) {
    std::string_view answer = sample.answer;
    for (const auto& [text, score] : sample.label) {
      if (!caption && text.size() > answer.size()) answer = text;
    }
    const size_t bytes = sample.question.size() + answer.size();
    if (bytes < most) continue;
    most = bytes;
    longest.question = sample.question;
    longest.answer = answer;
  }
  return longest;
}

}  // namespace

int64_t kept_bytes(const infer::Bundle& bundle, const data::SampleList& samples) {
  const infer::RunConfig& config = bundle.config;
  const model::EPalm& model = bundle.model;
  const std::vector<std::vector<data::Sample>> row{{longest_text(samples, infer::is_caption(config.task))}};
  const adapter::AdapterConfig& adapter = model.adapter().config();
  const int64_t injected =
      adapter.all_tokens() ? infer::media_features(bundle, infer::blank_medium(config).unsqueeze(0)).size(1) : 1;
  const int64_t prompts = adapter.prompt_tuning ? adapter.prompt_len : 0;
  const int64_t sequence = injected + prompts + make_text_batch(bundle, row).ids.size(1);
  const int64_t batch = std::max(config.batch_size_train, config.pack_samples);
  const bool drops_out = model.semantics().frozen_parts_drop_out;
  return batch * sequence * model::layers_reached(model) *
         lm::kept_bytes_per_row(model.lm().config(), sequence, drops_out);
}

bool recomputes_blocks(const std::string& key, int64_t kept_bytes, int64_t free_bytes) {
  if (key != "auto") return key == "block";
  return static_cast<double>(kept_bytes) > kShareOfFreeMemory * static_cast<double>(free_bytes);
}

bool recomputes_blocks(const infer::Bundle& bundle, const data::SampleList& samples) {
  const int64_t kept = kept_bytes(bundle, samples);
  const int64_t free = infer::free_memory_bytes() - kBytesOfTrained * model::count_parameters(bundle.model).trained;
  const bool recomputes = recomputes_blocks(bundle.config.recompute, kept, free);
  if (recomputes && bundle.config.recompute == "auto") {
    log_info("recompute: layers are computed anew in the backward pass, which would need {:.1f} GB of {:.1f} otherwise",
             static_cast<double>(kept) / 1e9, static_cast<double>(free) / 1e9);
  }
  return recomputes;
}

}  // namespace epalm::train
