#include "epalm/train/trainer.h"

#include <torch/utils.h>

#include <torch/nn/utils/clip_grad.h>  // names what torch/utils.h brings

#include <chrono>
#include <cmath>
#include <future>
#include <optional>

#include "epalm/base/atomic_write.h"
#include "epalm/base/error.h"
#include "epalm/base/python_random.h"
#include "epalm/data/batch_order.h"
#include "epalm/data/media_numbers.h"
#include "epalm/eval/bad_samples.h"
#include "epalm/eval/evaluate.h"
#include "epalm/eval/media_views.h"
#include "epalm/eval/samples.h"
#include "epalm/infer/media_input.h"
#include "epalm/nn/dropout.h"
#include "epalm/nn/recompute.h"
#include "epalm/train/checkpoint.h"
#include "epalm/train/event_file.h"
#include "epalm/train/feature_bank.h"
#include "epalm/train/recompute_plan.h"
#include "epalm/train/run_log.h"
#include "epalm/train/run_record.h"
#include "epalm/train/run_setup.h"
#include "epalm/train/train_batch.h"

namespace epalm::train {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// How a sample's medium is augmented in an epoch, without views, and which sample replaces it is drawn from this
// number.
uint64_t draw_seed(uint64_t run_seed, int64_t epoch, int64_t index) {
  return (run_seed * 1'000'003 + static_cast<uint64_t>(epoch)) * 1'000'000'007 + static_cast<uint64_t>(index);
}

using Batch = std::vector<data::PackedRow>;

std::vector<int64_t> first_samples(const Batch& batch) {
  std::vector<int64_t> samples;
  for (const auto& row : batch) samples.push_back(row.front());
  return samples;
}

int64_t sample_count(const Batch& batch) {
  int64_t count = 0;
  for (const auto& row : batch) count += static_cast<int64_t>(row.size());
  return count;
}

// One call of train(): the run's objects, and one method per stage.
class Run {
 public:
  Run(const infer::Bundle& bundle, const TrainOptions& options)
      : bundle_(bundle),
        config_(bundle.config),
        options_(options),
        last_path_(options.output_dir / "checkpoint_last.pth"),
        best_path_(options.output_dir / "checkpoint_best.pth"),
        train_(eval::training_samples(config_)),
        media_(data::media_numbers(train_)),
        bad_(train_, config_.on_bad_sample != "stop", "others are trained on in its place"),
        optimizer_(make_optimizer(bundle.model, config_)),
        schedule_(schedule_settings(config_), bundle.model.semantics(), optimizer_.groups()) {
    if (config_.ema_decay > 0) averages_.emplace(optimizer_.trained(), config_.ema_decay);
    require(train_.size() > 0, "train_topk {} leaves no sample to train on", config_.train_topk);
    const auto batches = static_cast<int64_t>(batches_of(0).size());
    steps_per_epoch_ = (batches + config_.accumulate_batches - 1) / config_.accumulate_batches;
    if (options.validate) valid_ = eval::validation_samples(config_);
    for (const auto& [key, wants] :
         {std::pair("validate_every", config_.validate_every > 0),
          std::pair("early_stopping", config_.early_stopping > 0),
          std::pair("schedular.sched=plateau", schedule_.settings().decay == Decay::kPlateau)}) {
      require(!wants || valid_.size() > 0, "{} needs samples to validate on; name a val_split that has some", key);
    }
    prepare_folder();
    recomputes_ = recomputes_blocks(bundle, train_);
    restore();
    cache_.emplace(config_, bundle_.model.encoder());
  }

  TrainResult operator()() {
    const auto start = Clock::now();
    if (eval::trains_on_fixed_features(config_)) bank_.emplace(bundle_, *cache_, train_);
    double training_s = 0;
    int64_t trained_epochs = 0;
    const int64_t first = state_.epoch + 1;
    for (int64_t epoch = first; epoch < epochs() && !stopped_early(); ++epoch) {
      if (bank_) look_at_media(epoch, epochs() - first);
      const auto epoch_start = Clock::now();
      const double loss = train_epoch(epoch);
      training_s += seconds_since(epoch_start);
      if (trained_epochs++ == 0) result_.first_epoch_s = seconds_since(start);
      finish_epoch(epoch, loss, seconds_since(epoch_start));
    }
    if (averages_) averages_->swap();  // the bundle is left with what the checkpoints call the model
    for (const auto& line : log_->lines()) {
      if (tells_of_best(line)) result_.valid_metrics = valid_metrics(line);
      if (line.contains("step")) continue;  // within an epoch
      result_.epoch_loss.push_back(line.value("train_loss", std::nan("")));
      if (line.contains("valid_score")) result_.epoch_valid.push_back(line["valid_score"]);
    }
    result_.seconds_per_epoch = trained_epochs > 0 ? training_s / static_cast<double>(trained_epochs) : 0;
    result_.last = last_path_;
    result_.best = options_.save_best ? best_path_ : last_path_;
    return result_;
  }

 private:
  int64_t epochs() const { return schedule_.settings().epochs; }

  bool stopped_early() const {
    return config_.early_stopping > 0 && state_.epoch - state_.best_epoch >= config_.early_stopping;
  }

  std::vector<Batch> batches_of(int64_t epoch) const {
    return data::packed_batch_order(media_, config_.batch_size_train, config_.pack_samples, config_.seed, epoch);
  }

  Averages* averages() { return averages_ ? &*averages_ : nullptr; }

  void report(TrainProgress progress) const {
    progress.epochs = epochs();
    progress.bad_samples = bad_.count();
    if (options_.progress) options_.progress(progress);
  }

  // Has the bank show what the epoch shows; left: epochs of this call.
  void look_at_media(int64_t epoch, int64_t left) {
    const int64_t before = bank_->views(), views = std::min(left, std::max<int64_t>(1, config_.feature_views));
    bank_->show(
        eval::view_of_epoch(config_, epoch),
        [&](int64_t done, int64_t total) {
          report({.phase = "features", .epoch = epoch, .done = before * total + done, .total = views * total});
        },
        options_.interrupted);
    for (int64_t i = 0; i < train_.size(); ++i) {
      if (!bank_->problem(i).empty()) bad_.add(i, bank_->problem(i));
    }
  }

  void prepare_folder() {
    std::error_code error;
    std::filesystem::create_directories(options_.output_dir, error);
    require(!error, "output_dir '{}' cannot be made: {}; name a folder that can be written",
            options_.output_dir.string(), error.message());
    const std::string text = to_json(config_).dump(1) + "\n";
    write_file_atomically(options_.output_dir / "config.json", std::as_bytes(std::span(text)));
  }

  void restore() {
    const auto from = options_.checkpoint.empty() ? last_path_ : options_.checkpoint;
    if (options_.resume && std::filesystem::exists(from)) {
      state_ = read_checkpoint(from, bundle_, optimizer_, schedule_, averages());
    } else {
      require(!options_.resume || options_.checkpoint.empty(), "'{}' does not exist; nothing to resume", from.string());
      if (!options_.checkpoint.empty()) {
        infer::load_adapter(bundle_, options_.checkpoint);
        if (averages_) averages_.emplace(optimizer_.trained(), config_.ema_decay);
      }
    }
    const bool resumed = state_.epoch >= 0;
    add_run_record(options_.output_dir / "run.json",
                   run_record(config_, resumed ? from : options_.checkpoint, state_.epoch + 1, recomputes_));
    events_.emplace(options_.output_dir / "tensorboard", (state_.epoch + 1) * steps_per_epoch_);
    log_.emplace(options_.output_dir / "log.txt", state_.epoch);
  }

  // What the rows of a batch show, read ahead while the one before trains; from a bank only what cannot be read.
  std::future<infer::MediaBatch> read_ahead(const Batch& batch, int64_t epoch) const {
    const auto policy = config_.num_workers > 0 ? std::launch::async : std::launch::deferred;
    return std::async(policy, [this, batch, epoch] { return read(batch, epoch); });
  }

  infer::MediaBatch read(const Batch& batch, int64_t epoch) const {
    const std::vector<int64_t> samples = first_samples(batch);
    infer::MediaBatch shown{{}, std::vector<std::string>(samples.size())};
    if (bank_) {
      for (size_t i = 0; i < samples.size(); ++i) shown.problems[i] = bank_->problem(samples[i]);
    }
    if (bank_ || config_.black_image) return shown;
    std::vector<std::filesystem::path> files;
    std::vector<uint64_t> seeds;
    const eval::View view = eval::view_of_epoch(config_, epoch);
    for (const int64_t index : samples) {
      files.push_back(train_.samples()[static_cast<size_t>(index)].media);
      if (config_.augment && !view) seeds.push_back(draw_seed(config_.seed, epoch, index));
    }
    if (view) seeds = eval::view_seeds(config_, files, *view);
    return infer::read_media(config_, files, seeds);
  }

  // Puts another sample, and what it shows, in the place of the samples of each row that cannot be read. A clip may be
  // broken in some of the frames that are drawn only, so what counts is this reading alone, not those before a stop.
  void replace_bad(Batch& batch, infer::MediaBatch& shown, int64_t epoch) {
    for (size_t i = 0; i < batch.size(); ++i) {
      if (shown.problems[i].empty()) continue;
      for (const int64_t index : batch[i]) bad_.add(index, shown.problems[i]);
      replaced_ += static_cast<int64_t>(batch[i].size());
      PythonRandom random(draw_seed(config_.seed, epoch, batch[i].front()));
      while (true) {
        const int64_t other = random.randrange(train_.size());
        const infer::MediaBatch read_other = read({{other}}, epoch);
        if (read_other.problems[0].empty()) {
          batch[i] = {other};
          if (shown.media.defined()) shown.media[static_cast<int64_t>(i)].copy_(read_other.media[0]);
          break;
        }
        bad_.add(other, read_other.problems[0]);
      }
    }
  }

  at::Tensor features(const Batch& batch, const infer::MediaBatch& shown) const {
    if (bank_) return bank_->of(first_samples(batch));
    if (shown.media.defined()) return infer::media_features(bundle_, shown.media, true);
    const at::Tensor blank = infer::blank_medium(config_).unsqueeze(0);
    return infer::media_features(bundle_, blank).expand({static_cast<int64_t>(batch.size()), -1, -1});
  }

  // Of each row, [B].
  at::Tensor losses_of(const Batch& batch, const infer::MediaBatch& shown, const TextBatch& text) const {
    const nn::RecomputedBlocks recomputed(recomputes_);
    return bundle_.model.loss(features(batch, shown), text.ids, text.mask, text.labels, true, text.branches);
  }

  size_t accumulated() const { return static_cast<size_t>(config_.accumulate_batches); }

  // The samples whose gradients make up the step that batch i belongs to.
  int64_t samples_of_step(const std::vector<Batch>& batches, size_t i) const {
    const size_t first = i - i % accumulated();
    int64_t samples = 0;
    for (size_t k = first; k < std::min(first + accumulated(), batches.size()); ++k)
      samples += sample_count(batches[k]);
    return samples;
  }

  void require_finite(double value, const char* what, int64_t epoch, size_t batch) const {
    require(std::isfinite(value),
            "the {} became {} in epoch {}, batch {}; lower the learning rate; the last good checkpoint is {}", what,
            value, epoch + 1, batch + 1,
            std::filesystem::exists(last_path_) ? fmt::format("'{}'", last_path_.string()) : "none yet");
  }

  // Returns the gradient's length before it was clipped, where it is.
  std::optional<double> update(int64_t epoch, size_t batch) {
    std::optional<double> length;
    if (config_.clip_grad_norm > 0) {
      std::vector<at::Tensor> parameters;
      for (const Parameter& parameter : optimizer_.trained()) parameters.push_back(parameter.tensor);
      length = torch::nn::utils::clip_grad_norm_(parameters, config_.clip_grad_norm);
      require_finite(*length, "gradient", epoch, batch);
    }
    optimizer_.step();
    if (averages_) averages_->update();
    return length;
  }

  void write_step(int64_t step, double loss, std::optional<double> gradient_length) {
    std::vector<std::pair<std::string, double>> scalars{{"train/loss", loss}};
    for (const ParameterGroup& group : optimizer_.groups()) scalars.emplace_back("train/lr " + group.label, group.lr);
    if (gradient_length) scalars.emplace_back("train/grad_norm", *gradient_length);
    events_->add(step, scalars);
  }

  double train_epoch(int64_t epoch) {
    const auto start = Clock::now();
    schedule_.start_epoch(epoch, optimizer_.groups());
    const data::AnswerDraw drawn(train_, config_.seed, epoch);
    const bool draws = !infer::is_caption(config_.task);
    auto batches = batches_of(epoch);
    double sum = 0, step_loss = 0;
    int64_t seen = 0;
    replaced_ = 0;
    auto next = read_ahead(batches[0], epoch);
    for (size_t i = 0; i < batches.size(); ++i) {
      if (options_.interrupted && options_.interrupted()) {
        throw Interrupted(fmt::format("interrupted in epoch {} of {}", epoch + 1, epochs()));
      }
      // Dropout, where the semantics ask for it, must not depend on how often the run was stopped.
      nn::seed_dropout((config_.seed * 1'000'003 + static_cast<uint64_t>(epoch)) * 1'000'003 + i);
      infer::MediaBatch shown = next.get();
      if (i + 1 < batches.size()) next = read_ahead(batches[i + 1], epoch);
      replace_bad(batches[i], shown, epoch);
      std::vector<std::vector<data::Sample>> rows;
      for (const auto& row : batches[i]) {
        auto& samples = rows.emplace_back();
        for (const int64_t index : row) samples.push_back(draws ? drawn.get(index) : train_.get(index));
      }
      const TextBatch text = make_text_batch(bundle_, rows);
      const at::Tensor losses = losses_of(batches[i], shown, text);
      const int64_t samples = sample_count(batches[i]), step_samples = samples_of_step(batches, i);
      const at::Tensor loss = losses.sum() / step_samples * config_.lm_loss_weight;
      const double share = static_cast<double>(step_samples) / static_cast<double>(samples);
      const double value = loss.item<double>() * share;
      require_finite(value, "loss", epoch, i);
      const double lr = optimizer_.groups()[0].lr;
      if (i % accumulated() == 0) {
        optimizer_.zero_grad();
        step_loss = 0;
      }
      step_loss += value / share;
      loss.backward();
      if ((i + 1) % accumulated() == 0 || i + 1 == batches.size()) {
        const auto step = static_cast<int64_t>(i / accumulated());
        const int64_t step_of_run = epoch * steps_per_epoch_ + step;
        write_step(step_of_run, step_loss, update(epoch, i));
        schedule_.after_step(epoch, step, optimizer_.groups());
        const bool last = i + 1 == batches.size();
        if (config_.validate_every > 0 && (step + 1) % config_.validate_every == 0 && !last) {
          nlohmann::json line{{"epoch", epoch}, {"step", step + 1}};
          validate(epoch, step_of_run, line);
          log_->add(line);
        }
      }
      sum += value;
      seen += samples;
      const double elapsed = seconds_since(start);
      const double per_batch = elapsed / static_cast<double>(i + 1);
      const auto left =
          static_cast<double>(batches.size()) * static_cast<double>(epochs() - epoch) - static_cast<double>(i + 1);
      report({.phase = "train",
              .epoch = epoch,
              .done = static_cast<int64_t>(i + 1),
              .total = static_cast<int64_t>(batches.size()),
              .loss = sum / static_cast<double>(i + 1),
              .lr = lr,
              .samples_per_second = static_cast<double>(seen) / elapsed,
              .eta_s = per_batch * left});
    }
    return sum / static_cast<double>(batches.size());
  }

  // Scores the validation split after a step of the run, adds the scores to the line and keeps what is best. Returns
  // the score.
  double validate(int64_t epoch, int64_t step, nlohmann::json& line) {
    const WithAverages with_averages(averages());
    eval::EvalOptions options;
    options.tolerate_bad = true;
    options.cache = &*cache_;
    options.interrupted = options_.interrupted;
    options.progress = [&](int64_t done, int64_t total) {
      report({.phase = "validate", .epoch = epoch, .done = done, .total = total});
    };
    const auto evaluated = eval::evaluate(bundle_, valid_, options);
    const double score = eval::main_metric(evaluated);
    line["valid_score"] = score;
    std::vector<std::pair<std::string, double>> scalars{{"valid/score", score}};
    for (const auto& [name, value] : evaluated.metrics) {
      line["valid_" + name] = value;
      scalars.emplace_back("valid/" + name, value);
    }
    events_->add(step, scalars);
    // The published program takes epoch 0 for the best whatever its score.
    if (score > state_.best_valid || (epoch == 0 && config_.validate_every == 0)) keep_best(epoch, score);
    return score;
  }

  // Whether a line of the log is the validation of the checkpoint that TrainResult::best names.
  bool tells_of_best(const nlohmann::json& line) const {
    if (!line.contains("valid_score")) return false;
    if (!options_.save_best) return !line.contains("step") && line["epoch"] == state_.epoch;
    return line["epoch"] == state_.best_epoch && line["valid_score"] == state_.best_valid;
  }

  static std::map<std::string, double> valid_metrics(const nlohmann::json& line) {
    const std::string prefix = "valid_";
    std::map<std::string, double> metrics;
    for (const auto& [key, value] : line.items()) {
      if (key.starts_with(prefix) && key != "valid_score") metrics[key.substr(prefix.size())] = value.get<double>();
    }
    return metrics;
  }

  void keep_best(int64_t epoch, double score) {
    state_.best_valid = score;
    state_.best_epoch = epoch;
    if (options_.save_best) save(best_path_);
  }

  // With the averages as the model, where there are any.
  void save(const std::filesystem::path& path) {
    write_checkpoint(path, bundle_, optimizer_, schedule_, state_, averages());
  }

  // Best first, then last: a stop in between repeats the epoch and finds the same best again.
  void finish_epoch(int64_t epoch, double loss, double seconds) {
    nlohmann::json line{{"epoch", epoch},
                        {"train_loss", loss},
                        {"train_lr", optimizer_.groups()[0].lr},
                        {"train_bad_samples", replaced_},
                        {"seconds", seconds}};
    state_.epoch = epoch;
    if (valid_.size() > 0) {
      schedule_.after_validation(validate(epoch, (epoch + 1) * steps_per_epoch_ - 1, line));
    }
    const WithAverages with_averages(averages());
    if (valid_.size() == 0 && epoch == 0) keep_best(epoch, 0);
    save(last_path_);
    log_->add(line);
  }

  const infer::Bundle& bundle_;
  const infer::RunConfig& config_;
  const TrainOptions& options_;
  std::filesystem::path last_path_, best_path_;
  data::SampleList train_, valid_;
  std::vector<int64_t> media_;   // of train_
  int64_t steps_per_epoch_ = 0;  // updates of the parameters
  bool recomputes_ = false;      // blocks, in backward passes
  eval::BadSamples bad_;
  int64_t replaced_ = 0;  // samples of this epoch
  Optimizer optimizer_;
  Schedule schedule_;
  std::optional<Averages> averages_;
  RunState state_;
  std::optional<RunLog> log_;
  std::optional<EventFile> events_;
  std::optional<eval::FeatureCache> cache_;
  std::optional<FeatureBank> bank_;
  TrainResult result_;
};

}  // namespace

TrainResult train(const infer::Bundle& bundle, const TrainOptions& options) {
  return Run(bundle, options)();
}

TrainResult train(const infer::RunConfig& config, const TrainOptions& options) {
  // What only training reads is checked before models are loaded.
  make_update_rule(optimizer_settings(config));
  decay_named(config.schedule.sched);
  const infer::Bundle bundle = infer::load_bundle(config);
  return train(bundle, options);
}

}  // namespace epalm::train
