#include "epalm/bench/lever_rows.h"

#include <fmt/format.h>

#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>

#include "epalm/base/error.h"
#include "epalm/bench/child_process.h"
#include "epalm/bench/generating.h"
#include "epalm/bench/large_model.h"
#include "epalm/bench/plain_epalm.h"
#include "epalm/bench/race.h"
#include "epalm/bench/training_step.h"
#include "epalm/model/cached_step.h"
#include "epalm/model/loss.h"
#include "epalm/model/trainable.h"
#include "epalm/nn/recompute.h"

// What each lever of speed is worth alone: the work with all of them, and with that one switched off.
namespace epalm::bench {
namespace {

using nn::Precision;

constexpr int kRounds = 3;
constexpr int64_t kImageSize = 224, kCaptions = 8, kBeams = 3;
constexpr int64_t kLongTokens = 128;  // of texts long enough for what layers keep to show
// A loss or a score is the mean over logits of size 1 that products in bfloat16 and int8 move by at most a hundredth of
// that; work that computes something else moves it by more.
constexpr double kLeverTolerance = 0.05;

model::EPalm model_of(const LeverSubject& subject, Precision precision, int64_t prompt_tokens = kPromptTokens) {
  return large_model(subject.lm, large_lm_weights(subject.lm, precision), subject.vit, prompt_tokens);
}

// One side of a comparison: how long it took, what it needs of the machine, and what it computed (a loss or a score).
struct Side {
  Work work;
  double result = 0;
  double peak_rss_gb = 0;
};

using SideOf = Side (*)(const LeverSubject& subject, bool with_lever);

// In a process of its own, for the memory, which is that of the work without making the model.
Side run_apart(SideOf side_of, const LeverSubject& subject, bool with_lever) {
  const ChildResult child = in_child_process([&] {
    const Side side = side_of(subject, with_lever);
    return nlohmann::json{side.work.flop, side.work.bytes, side.work.seconds, side.result}.dump();
  });
  const auto numbers = nlohmann::json::parse(child.text);
  return {.work = {.flop = numbers.at(0), .bytes = numbers.at(1), .seconds = numbers.at(2)},
          .result = numbers.at(3),
          .peak_rss_gb = child.peak_rss_gb};
}

Measurement compare(SideOf side_of, const LeverSubject& subject, const std::string& note) {
  const Side with = run_apart(side_of, subject, true), without = run_apart(side_of, subject, false);
  require(std::abs(with.result - without.result) <= kLeverTolerance,
          "with the lever the work gives {}, without it {}; expected the same within {}", with.result, without.result,
          kLeverTolerance);
  Measurement measured;
  measured.value = 1000 * with.work.seconds;
  measured.twin = 1000 * without.work.seconds;
  measured.ratio = without.work.seconds / with.work.seconds;
  measured.peak_rss_gb = with.peak_rss_gb;
  measured.twin_peak_rss_gb = without.peak_rss_gb;
  measured.work = with.work;
  measured.note = note;
  return measured;
}

// --- a training step ---

// step: gives the loss; the batch is that of the published image tasks.
Side train_side(const model::EPalm& model, const TrainBatch& batch, const std::function<double()>& step) {
  forget_peak_rss();
  double loss = 0;
  const double seconds = median_seconds_of([&] { loss = step(); }, kRounds);
  return {.work = training_work(model, batch, seconds), .result = loss};
}

Side features_kept(const LeverSubject& subject, bool kept) {
  const model::EPalm model = model_of(subject, Precision::kBFloat16);
  model::mark_trainable(model, {});
  const TrainBatch batch = random_batch(model, kTrainBatch);
  const at::Tensor media = at::randn({kTrainBatch, 3, kImageSize, kImageSize});
  const auto seen = [&] {
    const at::NoGradGuard no_gradients;
    return model.features(media);
  };
  const at::Tensor features = seen();
  return train_side(model, batch, [&] { return training_step(model, batch, kept ? features : seen()); });
}

Side frozen_in_bfloat16(const LeverSubject& subject, bool bfloat16) {
  const model::EPalm model = model_of(subject, bfloat16 ? Precision::kBFloat16 : Precision::kFloat32);
  model::mark_trainable(model, {});
  const TrainBatch batch = random_batch(model, kTrainBatch);
  const at::Tensor features = random_features(model, kTrainBatch);
  return train_side(model, batch, [&] { return training_step(model, batch, features); });
}

Side labelled_rows_only(const LeverSubject& subject, bool labelled_only) {
  const model::EPalm model = model_of(subject, Precision::kBFloat16);
  model::mark_trainable(model, {});
  const TrainBatch batch = random_batch(model, kTrainBatch);
  const at::Tensor features = random_features(model, kTrainBatch);
  return train_side(model, batch, [&] {
    if (labelled_only) return training_step(model, batch, features);
    forget_gradients(model);
    const at::Tensor loss = plain_loss(model.logits(features, batch.ids, batch.mask), batch.ids);
    loss.backward();
    return loss.item<double>();
  });
}

Side prompts_once(const LeverSubject& subject, bool once) {
  const model::EPalm model = model_of(subject, Precision::kBFloat16);
  model::mark_trainable(model, {});
  const TrainBatch batch = random_batch(model, kTrainBatch);
  const at::Tensor features = random_features(model, kTrainBatch);
  return train_side(model, batch, [&] {
    if (once) return training_step(model, batch, features);
    forget_gradients(model);
    lm::OptInput input;
    input.ids = batch.ids.slice(1, 0, -1);
    input.prompts = model.adapter().prompts();
    input.slots = model.slots(features);
    input.text_alone = true;
    input.observe = [](const at::Tensor&) {};  // which sees every text's
    const at::Tensor losses = model::sequence_loss(model.lm(), model.lm().hidden(input), batch.labels, {});
    const at::Tensor loss = losses.sum() / static_cast<double>(batch.predicted());
    loss.backward();
    return loss.item<double>();
  });
}

// Without a prompt, so that the first injected layer is the lowest that a gradient must reach.
Side no_deeper_than_needed(const LeverSubject& subject, bool no_deeper) {
  const model::EPalm model = model_of(subject, Precision::kBFloat16, 0);
  model::mark_trainable(model, {});
  // A gradient of the embeddings, which nobody asks for, is one through every layer.
  model.lm().weights().at("model.decoder.embed_positions.weight").requires_grad_(!no_deeper);
  const TrainBatch batch = random_batch(model, kTrainBatch);
  const at::Tensor features = random_features(model, kTrainBatch);
  return train_side(model, batch, [&] { return training_step(model, batch, features); });
}

Side inputs_gradients_only(const LeverSubject& subject, bool inputs_only) {
  const model::EPalm model = model_of(subject, Precision::kBFloat16);
  model::mark_trainable(model, {.unfreeze_text_model = !inputs_only});
  const TrainBatch batch = random_batch(model, kTrainBatch);
  const at::Tensor features = random_features(model, kTrainBatch);
  return train_side(model, batch, [&] { return training_step(model, batch, features); });
}

Side layers_keep_inputs_only(const LeverSubject& subject, bool inputs_only) {
  const model::EPalm model = model_of(subject, Precision::kBFloat16);
  model::mark_trainable(model, {});
  const TrainBatch batch = random_batch(model, kTrainBatch, kLongTokens);
  const at::Tensor features = random_features(model, kTrainBatch);
  return train_side(model, batch, [&] {
    const nn::RecomputedBlocks recomputed(inputs_only);
    return training_step(model, batch, features);
  });
}

// --- generation ---

// generate: gives the captions' scores.
Side generation_side(const model::EPalm& model, int64_t captions, int64_t beams,
                     const std::function<at::Tensor()>& generate) {
  forget_peak_rss();
  at::Tensor scores;
  const double seconds = median_seconds_of([&] { scores = generate(); }, kRounds);
  return {.work = generation_work(model, captions, beams, seconds), .result = scores.mean().item<double>()};
}

struct Captions {
  model::EPalm model;
  at::Tensor features, ids;
};

Captions captions(const LeverSubject& subject, Precision precision, int64_t count = kCaptions) {
  model::EPalm model = model_of(subject, precision);
  at::manual_seed(4);
  const at::Tensor features = random_features(model, count), ids = random_ids(model, count, kKnownTokens);
  return {std::move(model), features, ids};
}

Side keys_and_values_kept(const LeverSubject& subject, bool kept) {
  const at::NoGradGuard no_gradients;
  const auto [model, features, ids] = captions(subject, Precision::kInt8);
  const auto anew = [&model = model, &features = features](const at::Tensor& texts, const at::Tensor& mask,
                                                           const std::vector<int64_t>& source_row) {
    return model.next_token_logits(features.index_select(0, at::tensor(source_row, at::kLong)), texts, mask);
  };
  return generation_side(model, kCaptions, 1, [&, &model = model, &features = features, &ids = ids] {
    const auto options = caption_options(1);
    return kept ? generate_captions(model, features, ids, options).scores
                : decode::generate(anew, ids, at::ones_like(ids), options).scores;
  });
}

// One caption, whose tokens read the weights and compute little.
Side weights_in_int8(const LeverSubject& subject, bool int8) {
  const at::NoGradGuard no_gradients;
  const auto [model, features, ids] = captions(subject, int8 ? Precision::kInt8 : Precision::kBFloat16, 1);
  return generation_side(model, 1, 1, [&model = model, &features = features, &ids = ids] {
    return generate_captions(model, features, ids, caption_options(1)).scores;
  });
}

// Beams that know nothing of each other: each is a sample of its own, so what one has computed serves no other.
Side beams_share(const LeverSubject& subject, bool share) {
  const at::NoGradGuard no_gradients;
  const auto [model, features, ids] = captions(subject, Precision::kInt8);
  const auto options = caption_options(kBeams);
  const auto apart = [&](model::CachedStep& step) {
    return [&step](const at::Tensor& texts, const at::Tensor& mask, const std::vector<int64_t>& source_row) {
      std::vector<int64_t> own;
      std::vector<int64_t> seen(kCaptions, 0);
      for (const int64_t sample : source_row) own.push_back(sample * kBeams + seen[static_cast<size_t>(sample)]++);
      return step(texts, mask, own);
    };
  };
  return generation_side(model, kCaptions, kBeams, [&, &model = model, &features = features, &ids = ids] {
    if (share) return generate_captions(model, features, ids, options).scores;
    model::CachedStep step(model, features.repeat_interleave(kBeams, 0), options.max_length);
    return decode::generate(apart(step), ids, at::ones_like(ids), options).scores;
  });
}

// Captions that end after 1, 2, … eighths of the length.
Side finished_leave(const LeverSubject& subject, bool leave) {
  constexpr int64_t kEnd = 2;
  constexpr float kFar = 1e4;  // from the other logits
  const at::NoGradGuard no_gradients;
  const auto [model, features, ids] = captions(subject, Precision::kInt8);
  auto options = caption_options(1);
  options.eos_id = kEnd;
  options.drop_finished = leave;
  const auto ending = [](model::CachedStep& step) {
    return [&step](const at::Tensor& texts, const at::Tensor& mask, const std::vector<int64_t>& source_row) {
      at::Tensor logits = step(texts, mask, source_row);
      for (size_t row = 0; row < source_row.size(); ++row) {
        const int64_t length = kKnownTokens + kNewTokens * (source_row[row] + 1) / kCaptions;
        auto end = logits[static_cast<int64_t>(row)][kEnd];
        end.fill_(texts.size(1) >= length - 1 ? kFar : -kFar);
      }
      return logits;
    };
  };
  return generation_side(model, kCaptions, 1, [&, &model = model, &features = features, &ids = ids] {
    model::CachedStep step(model, features, options.max_length);
    return decode::generate(ending(step), ids, at::ones_like(ids), options).scores;
  });
}

}  // namespace

std::vector<Row> lever_rows(const LeverSubject& subject) {
  const auto row = [&](const std::string& name, const std::string& precision, const std::string& what, SideOf side_of,
                       const std::string& note) {
    return Row{.name = "lever." + name,
               .what = what,
               .unit = "ms",
               .precision = precision,
               .measure = [=](const std::filesystem::path&) { return compare(side_of, subject, note); }};
  };
  const auto step_of = [&](int64_t tokens) {
    return fmt::format("a training step of {}, batch {}, {} tokens", subject.lm_name, kTrainBatch, tokens);
  };
  const std::string step = step_of(kTrainTokens);
  const auto captions = [&](int64_t count) {
    return fmt::format("{}, {} of {} + {} tokens", subject.lm_name,
                       count == 1 ? "a caption" : fmt::format("{} captions", count), kKnownTokens, kNewTokens);
  };
  return {
      row("train.features", "bf16", "features kept, against the encoder run at every step", features_kept,
          fmt::format("{}; {}", step, subject.vit)),
      row("train.bf16", "bf16", "frozen matrices in bfloat16, against float32", frozen_in_bfloat16, step),
      row("train.labelled", "bf16",
          "rows that predict reach the last states and the vocabulary, in blocks, against logits of all at once",
          labelled_rows_only, step),
      row("train.prompts", "bf16",
          "what all texts begin with computed once until a token is injected, against in every text", prompts_once,
          step),
      row("train.depth", "bf16", "gradients end at the first injected layer, against gradients through all",
          no_deeper_than_needed, step + ", no prompt"),
      row("train.frozen", "bf16", "gradients of inputs alone, against those of the language model's weights too",
          inputs_gradients_only, step),
      row("train.recompute", "bf16",
          "layers keep their inputs alone and are computed anew backwards, against keeping all",
          layers_keep_inputs_only, step_of(kLongTokens)),
      row("generate.cache", "int8", "keys and values kept, against every token computed anew", keys_and_values_kept,
          captions(kCaptions)),
      row("generate.int8", "int8", "matrices in int8, against bfloat16", weights_in_int8, captions(1)),
      row("generate.beams", "int8", "beams share what they began with and change places by index, against beams apart",
          beams_share, fmt::format("{}, {} beams", captions(kCaptions), kBeams)),
      row("generate.finished", "int8", "captions that have ended leave the batch, against staying", finished_leave,
          captions(kCaptions) + ", ending after 1/8, 2/8, … of that")};
}

}  // namespace epalm::bench
