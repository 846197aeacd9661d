#include "epalm/bench/growth_curves.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "epalm/bench/child_process.h"
#include "epalm/bench/generating.h"
#include "epalm/bench/large_model.h"
#include "epalm/bench/race.h"
#include "epalm/bench/training_step.h"
#include "epalm/decode/rank_answers.h"
#include "epalm/model/trainable.h"

namespace epalm::bench {
namespace {

constexpr int64_t kFewTexts = 2;  // a batch where something else than the batch grows
constexpr int64_t kAnswerTokens = 4;
constexpr int64_t kTokensTimed = 8;  // behind each position

using Points = std::vector<std::pair<double, double>>;

model::EPalm model_of(const lm::OptConfig& lm, const std::string& vit) {
  const model::EPalm model = large_model(lm, large_lm_weights(lm, nn::Precision::kBFloat16), vit);
  model::mark_trainable(model, {});
  return model;
}

double ms_of(const std::function<void()>& work, const GrowthSizes& sizes) {
  return 1000 * median_seconds_of(work, sizes.rounds);
}

double training_ms(const model::EPalm& model, int64_t batch_size, int64_t tokens, const GrowthSizes& sizes) {
  const TrainBatch batch = random_batch(model, batch_size, tokens);
  const at::Tensor features = random_features(model, batch_size);
  return ms_of([&] { training_step(model, batch, features); }, sizes);
}

Points by_batch(const GrowthSizes& sizes) {
  const model::EPalm model = model_of(sizes.lm, sizes.vit);
  Points points;
  for (const int64_t batch : sizes.batches) points.emplace_back(batch, training_ms(model, batch, kTrainTokens, sizes));
  return points;
}

Points by_text_length(const GrowthSizes& sizes) {
  const model::EPalm model = model_of(sizes.lm, sizes.vit);
  Points points;
  for (const int64_t tokens : sizes.text_tokens) {
    points.emplace_back(tokens, training_ms(model, kFewTexts, tokens, sizes));
  }
  return points;
}

Points by_model_size(const GrowthSizes& sizes) {
  Points points;
  for (const int64_t width : sizes.widths) {
    lm::OptConfig lm = sizes.lm;
    lm.hidden_size = lm.word_embed_proj_dim = width;
    lm.ffn_dim = 4 * width;
    lm.num_attention_heads = std::max<int64_t>(1, width / 64);
    const model::EPalm model = model_of(lm, sizes.vit);
    points.emplace_back(static_cast<double>(model.lm().weights().count()) / 1e6,
                        training_ms(model, kFewTexts, kTrainTokens, sizes));
  }
  return points;
}

Points by_position(const GrowthSizes& sizes) {
  const at::NoGradGuard no_gradients;
  const model::EPalm model = model_of(sizes.lm, sizes.vit);
  Points points;
  for (const int64_t position : sizes.positions) {
    points.emplace_back(position, 1000 * median(token_seconds(model, position, kTokensTimed)));
  }
  return points;
}

Points by_beams(const GrowthSizes& sizes) {
  const at::NoGradGuard no_gradients;
  const model::EPalm model = model_of(sizes.lm, sizes.vit);
  const at::Tensor features = random_features(model, 1), ids = random_ids(model, 1, kKnownTokens);
  Points points;
  for (const int64_t beams : sizes.beams) {
    points.emplace_back(beams, ms_of([&] { generate_captions(model, features, ids, caption_options(beams)); }, sizes));
  }
  return points;
}

Points by_candidates(const GrowthSizes& sizes) {
  const at::NoGradGuard no_gradients;
  const model::EPalm model = model_of(sizes.lm, sizes.vit);
  const at::Tensor features = random_features(model, 1), question = random_ids(model, 1, kKnownTokens);
  Points points;
  for (const int64_t candidates : sizes.candidates) {
    const at::Tensor answers = random_ids(model, candidates, kAnswerTokens);
    const auto loss = [&](const std::vector<int64_t>& question_row, const std::vector<int64_t>& answer_row) {
      const auto pairs = static_cast<int64_t>(question_row.size());
      const at::Tensor chosen = answers.index_select(0, at::tensor(answer_row, at::kLong));
      const at::Tensor ids = at::cat({question.expand({pairs, -1}), chosen}, 1);
      return model.loss(features.expand({pairs, -1, -1}), ids, at::ones_like(ids), ids);
    };
    const auto rank = [&] {
      const at::Tensor first = model.next_token_logits(features, question, at::ones_like(question));
      decode::rank_answers(first, answers.select(1, 0), candidates, loss);
    };
    points.emplace_back(candidates, ms_of(rank, sizes));
  }
  return points;
}

struct Task {
  std::string title, x_title, y_title;
  Points (*measure)(const GrowthSizes& sizes);
};

std::vector<Task> tasks_of(const GrowthSizes& sizes) {
  const auto& lm = sizes.lm_name;
  return {{"Training step by batch", fmt::format("samples of {} tokens, {}", kTrainTokens, lm), "ms a step", by_batch},
          {"Training step by text length", fmt::format("tokens of a text, batch of {}, {}", kFewTexts, lm), "ms a step",
           by_text_length},
          {"Training step by model size",
           fmt::format("million parameters, {} layers, batch of {}", sizes.lm.num_hidden_layers, kFewTexts),
           "ms a step", by_model_size},
          {"Generated token by its position", fmt::format("tokens before it, {}", lm), "ms a token", by_position},
          {"Caption by beams", fmt::format("beams, {} tokens, {}", kNewTokens, lm), "ms a caption", by_beams},
          {"Ranked answers by candidates", fmt::format("answers of {} tokens, {}", kAnswerTokens, lm), "ms a question",
           by_candidates}};
}

}  // namespace

std::vector<GrowthCurve> measure_growth(const GrowthOptions& options) {
  const std::vector<Task> tasks = tasks_of(options.sizes);
  const auto report = [&](const std::string& title, int64_t done) {
    if (options.progress) options.progress(title, done, std::ssize(tasks));
  };
  std::vector<GrowthCurve> curves;
  for (const Task& task : tasks) {
    report(task.title, std::ssize(curves));
    const auto measure = [&] { return nlohmann::json(task.measure(options.sizes)).dump(); };
    const Points points = nlohmann::json::parse(in_child_process(measure, options.interrupted).text);
    curves.push_back({task.title, task.x_title, task.y_title, points});
  }
  report(tasks.back().title, std::ssize(tasks));
  return curves;
}

}  // namespace epalm::bench
