#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "epalm/adapter/adapter_config.h"
#include "epalm/infer/task.h"
#include "epalm/model/trainable.h"

namespace epalm::infer {

// The `optimizer` part of a configuration.
struct OptimizerKeys {
  std::string opt = "adamW";  // see train/update_rule.h; any case
  double lr = 2e-5;
  double weight_decay = 0.02;
  std::optional<double> prompt_lr, connector_lr, vis_lr, text_lr, adapter_lr;  // absent: lr
  bool customized_lr = false;
  std::optional<double> opt_eps;
  std::optional<std::array<double, 2>> opt_betas;
  double momentum = 0.9;
};

// The `schedular` part (the published spelling).
struct ScheduleKeys {
  std::string sched = "cosine";           // see train/schedule.h
  std::vector<int64_t> scheduler_groups;  // a single number in a file is a list of one
  int64_t epochs = 1;
  double min_lr = 0, decay_rate = 1, warmup_lr = 0;
  int64_t warmup_epochs = 0;
  int64_t step_size = 100;
  int64_t decay_epochs = 30, patience_epochs = 10;
  double lr_cycle_mul = 1;
  int64_t lr_cycle_limit = 1;
  std::vector<double> lr_noise;  // empty: none; one number: from there on; two: from, to
  double lr_noise_pct = 0.67;
  int64_t seed = 42;  // of that noise
};

// One run of training or evaluation. fields() below gives every key its meaning.
struct RunConfig {
  Task task = Task::kVqa;
  std::string semantics = "reference";  // of published files; those trained here say causal
  std::string text_model = "facebook/opt-350m";
  std::string vision_model = "vit_base_patch16_224";
  std::string encoder_weights;
  std::string tokenizer_name;
  std::string precision = "auto";
  std::string encoder_precision;
  std::string packed_cache;
  double packed_cache_gb = 20;
  int64_t image_res = 224;
  int64_t num_frames = 4;
  std::string sample_type = "rand";
  bool as_images = false;
  bool space_only_for_images = false;
  int64_t melbins = 128, target_length = 1024;
  bool skip_norm = true;
  double norm_mean = -4.2677393, norm_std = 4.5689974;  // of AudioSet
  int64_t freqm_p = 48, timem_p = 192;
  bool noise = false;

  std::string data_dir;
  std::string train_split, val_split, test_split;  // filled by task where a file is silent
  std::string train_topk = "-1", valid_topk = "-1";
  bool balanced_data = false;
  bool black_image = false;
  uint64_t subset_seed = 42;
  int num_workers = 4;
  int64_t num_tries = 1;
  std::string on_bad_sample;
  bool cache_features = false;
  int64_t feature_views = 0;
  std::string feature_cache;
  std::string feature_cache_precision = "fp32";
  double feature_cache_gb = 10;

  int64_t batch_size_train = 8, batch_size_test = 16;
  double lm_loss_weight = 1;
  int64_t accumulate_batches = 1;
  int64_t pack_samples = 1;
  std::string recompute = "auto";
  double clip_grad_norm = 0;
  double ema_decay = 0;
  int64_t validate_every = 0;
  int64_t early_stopping = 0;
  bool augment = true;
  bool append_eos_token = false;
  bool loss_only_on_answers = false;
  std::string special_answer_token, special_eo_answer_token;
  uint64_t seed = 42;

  int64_t num_beams = 1;
  bool do_sample = true;
  int64_t max_length = 30;
  int64_t top_k = 50;
  double top_p = 1, temperature = 1;
  bool kv_cache = true;

  adapter::AdapterConfig adapter;
  model::TrainableParts trainable;
  OptimizerKeys optimizer;
  ScheduleKeys schedule;
};

// Calls visit(name, field, what it means) for every key: the one list behind YAML, JSON and help.
template <typename Keys, typename Visitor>
requires std::same_as<std::remove_const_t<Keys>, OptimizerKeys>
void fields(Keys& keys, Visitor&& visit) {
  visit("opt", keys.opt, "adamW, adam, sgd (Nesterov), momentum, rmsprop, adagrad, nadam or adafactor, in any case");
  visit("lr", keys.lr, "base learning rate");
  visit("weight_decay", keys.weight_decay, "decoupled decay per step, times the learning rate");
  visit("prompt_lr", keys.prompt_lr, "learning rate of the prompt");
  visit("connector_lr", keys.connector_lr, "learning rate of the connectors, with customized_lr");
  visit("vis_lr", keys.vis_lr, "learning rate of the encoder, with customized_lr");
  visit("text_lr", keys.text_lr, "learning rate of the LM, with customized_lr");
  visit("adapter_lr", keys.adapter_lr, "learning rate of bottleneck adapters");
  visit("customized_lr", keys.customized_lr, "one parameter group per part of the model");
  visit("opt_eps", keys.opt_eps,
        "added to the root of the second moment; absent: 1e-8, adagrad 1e-10, adafactor 1e-30");
  visit("opt_betas", keys.opt_betas, "decay of the two moments; absent: 0.9 and 0.999, adafactor: no first moment");
  visit("momentum", keys.momentum, "share of the last update that sgd, momentum and rmsprop keep");
}

template <typename Keys, typename Visitor>
requires std::same_as<std::remove_const_t<Keys>, ScheduleKeys>
void fields(Keys& keys, Visitor&& visit) {
  visit("sched", keys.sched, "cosine, linear, step, plateau (of the validation score) or constant");
  visit("scheduler_groups", keys.scheduler_groups, "groups that follow the schedule under reference semantics");
  visit("epochs", keys.epochs, "epochs of training; cosine and linear fall to min_lr in them");
  visit("min_lr", keys.min_lr, "last learning rate of cosine and linear, lowest of plateau");
  visit("decay_rate", keys.decay_rate,
        "factor of each decay of step and plateau; height of each cosine cycle relative to the one before");
  visit("warmup_lr", keys.warmup_lr, "first learning rate");
  visit("warmup_epochs", keys.warmup_epochs, "length of the warmup, in units of step_size updates of the first epoch");
  visit("step_size", keys.step_size, "updates in one unit of warmup");
  visit("decay_epochs", keys.decay_epochs, "step: epochs between decays, warmup_epochs counted");
  visit("patience_epochs", keys.patience_epochs, "plateau: epochs without a better score before a decay");
  visit("lr_cycle_mul", keys.lr_cycle_mul, "length of each cosine cycle relative to the one before");
  visit("lr_cycle_limit", keys.lr_cycle_limit, "cosine cycles; 0: without end");
  visit("lr_noise", keys.lr_noise,
        "where in the run the rates get noise, as fractions of epochs: from, or from and to");
  visit("lr_noise_pct", keys.lr_noise_pct, "bound of that noise");
  visit("seed", keys.seed, "seed of that noise");
}

template <typename Config, typename Visitor>
requires std::same_as<std::remove_const_t<Config>, RunConfig>
void fields(Config& config, Visitor&& visit) {
  visit("task", config.task,
        "vqa, gqa, video_qa, audio_qa, caption, video_caption or audio_caption; absent: seen in the file's name and in "
        "modality");
  visit("semantics", config.semantics,
        "reference: the published numbers, quirks included; causal: what the method means");
  visit("text_model", config.text_model, "folder of the OPT model, or its name on the hub, such as facebook/opt-350m");
  visit("vision_model_name", config.vision_model, "timm name of a ViT, timesformer, or ast");
  visit("encoder_weights", config.encoder_weights, "weight file or folder of the encoder; absent: pretrained_model");
  visit("tokenizer_name", config.tokenizer_name, "folder of the tokenizer, or a name on the hub; empty: text_model");
  visit("precision", config.precision,
        "fp32, bf16, int8 or int4, of the language model's frozen matrices; auto: the finest that fits into memory");
  visit("encoder_precision", config.encoder_precision,
        "fp32, bf16 or int8, of the encoder's; empty: fp32 beside fp32, by memory beside auto, else bf16");
  visit("packed_cache", config.packed_cache,
        "folder that keeps the frozen models in their precision, as they lie in memory, for a faster start of later "
        "runs; empty: nothing is kept");
  visit("packed_cache_gb", config.packed_cache_gb, "GB that it may take; what was used longest ago leaves");
  visit("image_res", config.image_res, "side of the square picture or frame that the encoder sees, in pixels");
  visit("num_frames", config.num_frames, "frames of a video that the encoder sees");
  visit("sample_type", config.sample_type,
        "frames that training takes, one of each of num_frames intervals: rand, middle or fix_start<N> (N after its "
        "start); or fps<X>, X a second, the last repeated up to num_frames. Evaluation takes middle, under reference "
        "semantics sample_type");
  visit("as_images", config.as_images,
        "an encoder of pictures sees the frames one by one, and its states are averaged");
  visit("space_only_for_images", config.space_only_for_images,
        "a video encoder sees a picture once, not num_frames times");
  visit("melbins", config.melbins, "mel bins of the spectrogram that the encoder hears");
  visit("target_length", config.target_length, "its length in frames of 10 ms; what is longer is cut");
  visit("skip_norm", config.skip_norm, "leave the spectrogram as it is, not (x - norm_mean) / (2 norm_std)");
  visit("norm_mean", config.norm_mean, "mean of the training set's spectrograms");
  visit("norm_std", config.norm_std, "their standard deviation");
  visit("freqm_p", config.freqm_p, "augmented training blanks up to so many neighbouring mel bins; 0: none");
  visit("timem_p", config.timem_p, "the same for frames of the spectrogram");
  visit("noise", config.noise, "augmented training adds noise and moves the sound by up to 10 frames");
  visit("data_dir", config.data_dir, "folder of the data set");
  visit("train_split", config.train_split, "comma list of splits to train on, or of own .jsonl files in data_dir");
  visit("val_split", config.val_split, "comma list of splits scored after every epoch");
  visit("test_split", config.test_split, "comma list of splits scored at the end");
  visit("train_topk", config.train_topk, "samples to train on: a count, a fraction with a point, or -1 for all");
  visit("valid_topk", config.valid_topk, "the same for val_split");
  visit("balanced_data", config.balanced_data, "with a count: equally many of each question type");
  visit("black_image", config.black_image, "show blank media only: zeros after the transform");
  visit("seed", config.subset_seed, "chooses the subset of train_topk");
  visit("num_workers", config.num_workers, "threads that read media; 0: the one that trains");
  visit("num_tries", config.num_tries, "how often a file is read before it counts as broken");
  visit("on_bad_sample", config.on_bad_sample,
        "a file that cannot be read: replace (by another sample in training; in evaluation its answer is wrong) or "
        "stop; absent: training replaces, evaluation stops. More than 5 % of them always stop");
  visit("cache_features", config.cache_features,
        "run the encoder once for each medium; needs augment: false, or feature_views");
  visit("feature_views", config.feature_views,
        "augmented training shows each medium in so many versions, one an epoch by turns, whose features can be kept; "
        "0: in a new one each time");
  visit("feature_cache", config.feature_cache,
        "folder that keeps what the encoder made of media for later runs: in evaluation, and in training with augment: "
        "false or feature_views; empty: nothing is kept");
  visit("feature_cache_precision", config.feature_cache_precision, "fp32, bf16 or fp16, of the numbers kept there");
  visit("feature_cache_gb", config.feature_cache_gb, "GB that it may take; once it is full, nothing more is kept");
  visit("batch_size_train", config.batch_size_train, "samples per step");
  visit("batch_size_test", config.batch_size_test, "samples per batch of evaluation");
  visit("lm_loss_weight", config.lm_loss_weight, "factor of the loss");
  visit("pack_samples", config.pack_samples,
        "samples of one medium that share its tokens and the prompt in training; a batch has batch_size_train of them "
        "where media have so many; needs semantics: causal");
  visit("recompute", config.recompute,
        "block: each layer of the language model, and of an encoder that trains, keeps its input alone and is computed "
        "anew in the backward pass; none: it keeps what that needs; auto: block where the language model would keep "
        "more than half of the free memory");
  visit("accumulate_batches", config.accumulate_batches, "batches whose gradients make up one step");
  visit("clip_grad_norm", config.clip_grad_norm,
        "longest gradient, in its Euclidean norm over all that trains; 0: any");
  visit("ema_decay", config.ema_decay,
        "validate and save averages of what trains, of which each step keeps this share; 0: none");
  visit("validate_every", config.validate_every, "steps between validations within an epoch; 0: only after it");
  visit("early_stopping", config.early_stopping,
        "epochs without a better validation score that end the run; 0: none do");
  visit("augment", config.augment, "training media are cropped, flipped, distorted or masked at random");
  visit("append_eos_token", config.append_eos_token, "captions end with the end token in training");
  visit("loss_only_on_answers", config.loss_only_on_answers, "the question's tokens carry no loss");
  visit("special_answer_token", config.special_answer_token, "stands before the answer; empty: the end token does");
  visit("special_eo_answer_token", config.special_eo_answer_token, "ends the answer; empty: the end token does");
  visit("run_seed", config.seed, "start of the adapter, order of the samples, augmentation, sampling");
  visit("num_beams", config.num_beams, "hypotheses kept while generating; 1: no beam search");
  visit("do_sample", config.do_sample, "draw tokens instead of taking the most probable");
  visit("max_length", config.max_length, "tokens of question and answer together");
  visit("top_k", config.top_k, "draw from the k most probable tokens; 0: from all");
  visit("top_p", config.top_p, "draw from the most probable tokens that make up this share");
  visit("temperature", config.temperature, "above 1: flatter distributions; below: steeper");
  visit("kv_cache", config.kv_cache, "keep what earlier tokens computed while generating; false: compute all anew");
  adapter::fields(config.adapter, visit);
  model::fields(config.trainable, visit);
  visit("optimizer", config.optimizer, "rule of the updates");
  visit("schedular", config.schedule, "learning rates over time");
}

// Reads a YAML file (1.2, with `yes` and `no` also understood; `2e-5` is a number, `null` means absent). overrides are
// `key=value`, nested as `optimizer.lr=1e-3`, and win over the file. Without `task` among the keys the file's name
// tells it. Throws Error naming the file, the line and the key: an unknown key (with the nearest known one), a wrong
// type, a value out of range, and whatever else the published code knows but this one cannot do.
RunConfig load_run_config(const std::filesystem::path& yaml, const std::vector<std::string>& overrides = {},
                          std::optional<Task> task = {});

// The same keys from JSON, such as the config inside a checkpoint. origin names it in errors and, where no key does,
// tells the task.
RunConfig run_config_from_json(const nlohmann::json& json, const std::string& origin,
                               const std::vector<std::string>& overrides = {}, std::optional<Task> task = {});
// Every key; from_json(to_json(c)) is c.
nlohmann::json to_json(const RunConfig& config);

// The published keys of the file that nothing here reads (warm_up, use_vis_prefix, k_test, …), in file order.
std::vector<std::string> unread_keys(const std::filesystem::path& yaml);

struct KeyHelp {
  std::string name;           // nested as optimizer.lr
  std::string default_value;  // as JSON; "" where absent
  std::string meaning;
};
std::vector<KeyHelp> run_config_help();

struct ExplainedKey {
  std::string name{};     // nested as optimizer.lr
  std::string value{};    // as JSON; "" where absent
  std::string meaning{};  // one line; of a key that changes nothing, why
  bool given = false;     // in the file or an override; else the value is a default
  bool read = true;       // false: changes nothing
};
// Every key of the file in its order, then those of the overrides, then all others.
std::vector<ExplainedKey> explain_run_config(const std::filesystem::path& yaml,
                                             const std::vector<std::string>& overrides = {});

}  // namespace epalm::infer
