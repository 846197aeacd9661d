#include "epalm/infer/answer.h"

#include <ATen/ATen.h>

#include "epalm/infer/media_input.h"
#include "epalm/model/cached_step.h"
#include "epalm/text/batch.h"

namespace epalm::infer {
namespace {

std::string prompt_of(const Bundle& bundle, const std::string& question) {
  return is_caption(bundle.config.task) ? data::caption_prompt(bundle.rules)
                                        : data::question_prompt(bundle.rules, question);
}

decode::GenerationOptions options_of(const Bundle& bundle, int64_t prompt_length) {
  const RunConfig& config = bundle.config;
  decode::GenerationOptions options;
  options.max_length = std::max(config.max_length, prompt_length + 1);
  options.num_beams = config.num_beams;
  options.do_sample = config.do_sample;
  options.top_k = config.top_k;
  options.top_p = config.top_p;
  options.temperature = config.temperature;
  options.seed = config.seed;
  options.eos_id = bundle.tokenizer.eos_id();
  options.pad_id = bundle.tokenizer.pad_id();
  options.drop_finished = !bundle.model.semantics().generate_after_padding;
  return options;
}

}  // namespace

decode::Generated generate_ids(const Bundle& bundle, const at::Tensor& features,
                               const std::vector<std::string>& questions, const decode::OnToken& on_token) {
  const at::NoGradGuard no_grad;
  std::vector<std::vector<int64_t>> prompts;
  for (const auto& question : questions) prompts.push_back(bundle.tokenizer.encode(prompt_of(bundle, question)));
  const auto batch = text::pad(prompts, bundle.tokenizer.pad_id());
  const at::Tensor ids = at::tensor(batch.ids).view({batch.rows, batch.columns});
  const at::Tensor mask = at::tensor(batch.mask).view({batch.rows, batch.columns});
  const decode::GenerationOptions options = options_of(bundle, batch.columns);
  if (bundle.config.kv_cache) {
    model::CachedStep step(bundle.model, features, options.max_length);
    return decode::generate(std::ref(step), ids, mask, options, on_token);
  }
  const auto step = [&](const at::Tensor& step_ids, const at::Tensor& step_mask,
                        const std::vector<int64_t>& source_row) {
    return bundle.model.next_token_logits(features.index_select(0, at::tensor(source_row)), step_ids, step_mask);
  };
  return decode::generate(step, ids, mask, options, on_token);
}

std::string extract(const Bundle& bundle, std::vector<int64_t> ids) {
  for (const int64_t id : ids) {
    if (id >= bundle.tokenizer.size()) return " ";
  }
  const std::string decoded = bundle.tokenizer.decode(ids);
  return is_caption(bundle.config.task) ? data::extracted_caption(bundle.rules, decoded)
                                        : data::extracted_answer(bundle.rules, decoded);
}

std::vector<std::string> answers(const Bundle& bundle, const at::Tensor& features,
                                 const std::vector<std::string>& questions) {
  const at::Tensor ids = generate_ids(bundle, features, questions).ids;
  std::vector<std::string> result;
  for (int64_t row = 0; row < ids.size(0); ++row) {
    const at::Tensor line = ids[row].contiguous();
    result.push_back(extract(bundle, {line.data_ptr<int64_t>(), line.data_ptr<int64_t>() + line.numel()}));
  }
  return result;
}

std::string answer(const Bundle& bundle, const std::filesystem::path& file, const std::string& question,
                   const OnPiece& on_piece) {
  return answer(bundle, read_medium(bundle.config, file), question, on_piece);
}

std::string answer(const Bundle& bundle, const at::Tensor& medium, const std::string& question,
                   const OnPiece& on_piece) {
  const at::NoGradGuard no_grad;
  const at::Tensor features = media_features(bundle, medium.unsqueeze(0));
  std::vector<int64_t> so_far = bundle.tokenizer.encode(prompt_of(bundle, question));
  std::string told;
  const auto tell = [&](int64_t, int64_t token) {
    so_far.push_back(token);
    const std::string text = extract(bundle, so_far);
    // Bytes of an unfinished character decode to U+FFFD and are told once they are complete.
    if (!text.starts_with(told) || text.ends_with("\xEF\xBF\xBD")) return true;
    const std::string piece = text.substr(told.size());
    told = text;
    return piece.empty() || on_piece(piece);
  };
  const auto generated =
      generate_ids(bundle, features, {question}, on_piece ? decode::OnToken(tell) : decode::OnToken());
  const at::Tensor line = generated.ids[0].contiguous();
  return extract(bundle, {line.data_ptr<int64_t>(), line.data_ptr<int64_t>() + line.numel()});
}

}  // namespace epalm::infer
