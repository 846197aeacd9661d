#include "epalm/infer/run_config.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "epalm/base/error.h"
#include "epalm/data/subset.h"
#include "epalm/infer/config_source.h"
#include "epalm/media/frame_sampling.h"

namespace epalm::infer {
namespace {

using nlohmann::json;

// Keys under a key.
template <typename T>
concept Section = std::same_as<T, OptimizerKeys> || std::same_as<T, ScheduleKeys> ||
    std::same_as<T, adapter::BottleneckPlaces> || std::same_as<T, adapter::BottleneckConfig>;
template <typename T>
concept OptionalSection = requires(T field) {
  *field;
}
&&Section<typename T::value_type>;

// Published keys that change nothing here, and why.
struct UnreadKey {
  std::string name;
  const char* why;
};
constexpr const char* kNeverRead = "never read by the published program, nor here";
const std::vector<UnreadKey> kUnread{
    {"warm_up", kNeverRead},
    {"use_vis_prefix", "never read by the published program: the perceptual token is always put in front"},
    {"replace_added_tokens", "never read by the published program: the token is always replaced in later layers"},
    {"connector_per_text_layer", kNeverRead},
    {"all_vis_tokens", kNeverRead},
    {"k_test", kNeverRead},
    {"dataset_name", "never read by the published program: data_dir and the splits tell the data set"},
    {"shift_labels", "read only by the published float32 GQA program; labels are always shifted once here"},
    {"use_cache", "must be false for the published program, which crashes otherwise; changes no answer here"},
    {"connector_config", kNeverRead},
    {"nb_prompts", "of deep prompts, with which the published program crashes"}};
// Says which media a task named vqa or caption is about; otherwise the task does.
constexpr const char* kModality = "modality";
const std::vector<UnreadKey> kUnreadOfSchedule{
    {"lr", "never read by the published program: the rates are those of optimizer"},
    {"cooldown_epochs", "never read by the published program, whose runs end after epochs"},
    {"lr_noise_std", "has no effect in the published program, whose noise always has the deviation 1"}};
// Published keys of which one value is built.
const std::vector<std::pair<std::string, json>> kFixed{
    {"connector_type", "linear"}, {"deep", false}, {"task_prompt", ""}, {"mask_p", 0}};
// Other spellings of keys, used where the key itself is absent.
const std::vector<std::pair<std::string, std::string>> kAliases{{"pretrained_model", "encoder_weights"},
                                                                {"vision_model", "vision_model_name"}};

bool contains(const std::vector<std::string>& list, const std::string& item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

std::vector<std::string> names(const std::vector<UnreadKey>& keys) {
  std::vector<std::string> names;
  for (const UnreadKey& key : keys) names.push_back(key.name);
  return names;
}

// In the last part of a path that names one: 'ePALM_pt_L_vqa.yaml', 'runs/caption/checkpoint_best.pth'.
std::optional<Task> task_in_path(const std::filesystem::path& path) {
  const auto in_name = task_in(path.filename().string());
  return in_name ? in_name : task_in(path.parent_path().filename().string());
}

template <typename... Args>
[[noreturn]] void fail_at(const ConfigSource& source, const std::string& key, fmt::format_string<Args...> format,
                          Args&&... args) {
  fail("{}: {}: {}", source.place(key), key, fmt::format(format, std::forward<Args>(args)...));
}

// One typed value. Its name nested, its text for errors.
struct Value {
  const ConfigSource& source;
  std::string key;
  const json& value;

  [[noreturn]] void wrong(std::string_view expected) const {
    std::string got = value.dump(-1, ' ', false, json::error_handler_t::replace);
    if (got.size() > 60) got = got.substr(0, 60) + "…";
    fail_at(source, key, "expected {}, got {}", expected, got);
  }
};

void convert(const Value& from, bool& field) {
  static const std::vector<std::string> kYes{"yes", "Yes", "YES", "on", "On", "ON"},
      kNo{"no", "No", "NO", "off", "Off", "OFF"};
  const std::string text = from.value.is_string() ? from.value.get<std::string>() : "";
  if (!from.value.is_boolean() && !contains(kYes, text) && !contains(kNo, text)) from.wrong("true or false");
  field = from.value.is_boolean() ? from.value.get<bool>() : contains(kYes, text);
}

template <typename Integer>
requires std::integral<Integer>
void convert(const Value& from, Integer& field) {
  const bool whole = from.value.is_number_integer();
  const bool fits = whole && (from.value.is_number_unsigned() ? std::in_range<Integer>(from.value.get<uint64_t>())
                                                              : std::in_range<Integer>(from.value.get<int64_t>()));
  if (!fits) from.wrong(std::is_unsigned_v<Integer> ? "a whole number of at least 0" : "a whole number");
  field = from.value.get<Integer>();
}

void convert(const Value& from, double& field) {
  if (!from.value.is_number()) from.wrong("a number");
  field = from.value.get<double>();
}

void convert(const Value& from, std::string& field) {
  if (!from.value.is_string() && !from.value.is_number()) from.wrong("a text");
  field = from.value.is_string() ? from.value.get<std::string>() : from.value.dump();
}

// 'a', 'b' or 'c'
template <typename Values, typename Name>
std::string names_of(const Values& values, Name name) {
  std::string list;
  for (size_t i = 0; i < values.size(); ++i) {
    list += fmt::format("{}'{}'", i == 0 ? "" : i + 1 == values.size() ? " or " : ", ", name(values[i]));
  }
  return list;
}

void convert(const Value& from, Task& field) {
  const auto task = from.value.is_string() ? task_named(from.value.get<std::string>()) : std::nullopt;
  if (!task) from.wrong("one of " + names_of(kTasks, task_name));
  field = *task;
}

template <Section Keys>
void convert(const Value& from, Keys& keys);

template <typename T>
void convert(const Value& from, std::optional<T>& field) {
  convert(from, field.emplace());
}

void convert(const Value& from, std::array<double, 2>& field) {
  if (!from.value.is_array() || from.value.size() != 2) from.wrong("a list of two numbers");
  for (size_t i = 0; i < 2; ++i) convert(Value{from.source, from.key, from.value[i]}, field[i]);
}

template <typename T>
void convert(const Value& from, std::vector<T>& field) {
  field.clear();
  const json list = from.value.is_array() ? from.value : json::array({from.value});
  for (const json& item : list) convert(Value{from.source, from.key, item}, field.emplace_back());
}

// Fills `keys` from an object; every key of the object must be known.
template <typename Keys>
void read_object(const ConfigSource& source, const std::string& prefix, const json& object, Keys& keys,
                 std::vector<std::string> also_known) {
  fields(keys, [&]<typename Field>(const char* name, Field& field, const char*) {
    also_known.emplace_back(name);
    const auto found = object.find(name);
    if (found == object.end() || found->is_null()) return;
    convert(Value{source, prefix + name, *found}, field);
  });
  for (const auto& [name, value] : object.items()) {
    if (!contains(also_known, name)) {
      fail_at(source, prefix + name, "unknown key; the nearest known one is {}{}", prefix, nearest(name, also_known));
    }
  }
}

template <Section Keys>
void convert(const Value& from, Keys& keys) {
  if (!from.value.is_object()) from.wrong("keys and values");
  read_object(from.source, from.key + ".", from.value, keys,
              std::same_as<Keys, ScheduleKeys> ? names(kUnreadOfSchedule) : std::vector<std::string>{});
}

// What the published code could do and this one cannot yet.
void check_built(const ConfigSource& source) {
  for (const auto& [key, only] : kFixed) {
    const auto found = source.values.find(key);
    if (found == source.values.end() || found->is_null() || *found == only) continue;
    fail_at(source, key, "only {} is built, got {}", only.dump(), found->dump());
  }
}

// The task that the keys and the file's name tell together.
Task task_for(const ConfigSource& source, std::optional<Task> task) {
  const auto given = [&](const char* key) { return source.values.contains(key) && !source.values[key].is_null(); };
  if (given("task")) {
    convert(Value{source, "task", source.values["task"]}, task.emplace());
  } else if (!task) {
    task = task_in_path(source.origin);
    require(task.has_value(), "'{}': task is missing and the file's name does not tell it; add task=NAME, one of {}",
            source.origin, names_of(kTasks, task_name));
  }
  if (!given(kModality)) return *task;
  const Value value{source, kModality, source.values[kModality]};
  for (const Modality modality : kModalities) {
    if (value.value != modality_name(modality)) continue;
    if (modality == modality_of(*task)) return *task;
    if (*task == Task::kVqa || *task == Task::kCaption) return task_of(modality, is_caption(*task));
    fail_at(source, kModality, "'{}' contradicts the task {}, which is about {}; leave one of them out",
            modality_name(modality), task_name(*task), modality_name(modality_of(*task)));
  }
  value.wrong(names_of(kModalities, modality_name));
}

void check_ranges(const ConfigSource& source, const RunConfig& config) {
  const auto check = [&](bool holds, const char* key, std::string_view expected) {
    if (!holds) fail_at(source, key, "expected {}", expected);
  };
  const auto at_least = [&](const char* key, auto value, auto least) {
    if (!(value >= least)) fail_at(source, key, "expected at least {}, got {}", least, value);
  };
  check(config.semantics == "reference" || config.semantics == "causal", "semantics", "'reference' or 'causal'");
  const std::set<std::string> precisions{"auto", "fp32", "bf16", "int8", "int4"},
      encoder_precisions{"", "fp32", "bf16", "int8"};
  check(precisions.contains(config.precision), "precision", "'auto', 'fp32', 'bf16', 'int8' or 'int4'");
  check(encoder_precisions.contains(config.encoder_precision), "encoder_precision",
        "'fp32', 'bf16' or 'int8': an encoder in int4 is slower and coarser than in int8");
  check(!(config.trainable.unfreeze_text_model && (config.precision == "int8" || config.precision == "int4")),
        "unfreeze_text_model", "precision fp32 or bf16 beside it, because numbers of few bits cannot be trained");
  check(!(config.trainable.unfreeze_vision_model && config.encoder_precision == "int8"), "unfreeze_vision_model",
        "encoder_precision fp32 or bf16 beside it, because numbers of few bits cannot be trained");
  check(config.packed_cache_gb >= 0.001 && config.packed_cache_gb <= 1'000'000, "packed_cache_gb",
        "0.001 to 1000000 GB");
  check(config.image_res >= 1 && config.image_res <= 4096, "image_res", "1 to 4096 pixels");
  check(config.num_frames >= 1 && config.num_frames <= 4096, "num_frames", "1 to 4096 frames");
  check(config.melbins >= 1 && config.melbins <= 4096, "melbins", "1 to 4096 bins");
  check(config.target_length >= 1 && config.target_length <= 65'536, "target_length", "1 to 65536 frames");
  check(config.norm_std > 0, "norm_std", "more than 0");
  check(config.freqm_p >= 0 && config.freqm_p <= 4096, "freqm_p", "0 to 4096 bins");
  check(config.timem_p >= 0 && config.timem_p <= 65'536, "timem_p", "0 to 65536 frames");
  check(config.num_tries >= 1 && config.num_tries <= 1000, "num_tries", "1 to 1000");
  check(config.on_bad_sample.empty() || config.on_bad_sample == "replace" || config.on_bad_sample == "stop",
        "on_bad_sample", "'replace' or 'stop'");
  check(config.num_workers >= 0 && config.num_workers <= 256, "num_workers", "0 to 256");
  check(config.batch_size_train >= 1 && config.batch_size_train <= 65'536, "batch_size_train", "1 to 65536");
  check(config.batch_size_test >= 1 && config.batch_size_test <= 65'536, "batch_size_test", "1 to 65536");
  at_least("lm_loss_weight", config.lm_loss_weight, 0.0);
  check(config.pack_samples >= 1 && config.pack_samples <= 1024, "pack_samples", "1 to 1024");
  check(config.pack_samples == 1 || config.semantics == "causal", "pack_samples",
        "semantics: causal beside it, because texts of a batch change each other under reference");
  check(config.recompute == "auto" || config.recompute == "none" || config.recompute == "block", "recompute",
        "'none', 'block' or 'auto'");
  check(config.accumulate_batches >= 1 && config.accumulate_batches <= 65'536, "accumulate_batches", "1 to 65536");
  at_least("clip_grad_norm", config.clip_grad_norm, 0.0);
  check(config.ema_decay >= 0 && config.ema_decay < 1, "ema_decay", "0 to below 1");
  at_least("validate_every", config.validate_every, 0);
  at_least("early_stopping", config.early_stopping, 0);
  check(config.num_beams >= 1 && config.num_beams <= 1024, "num_beams", "1 to 1024");
  at_least("max_length", config.max_length, 1);
  at_least("top_k", config.top_k, 0);
  check(config.top_p > 0 && config.top_p <= 1, "top_p", "more than 0, at most 1");
  check(config.temperature > 0, "temperature", "more than 0");
  check(config.feature_views >= 0 && config.feature_views <= 1000, "feature_views", "0 to 1000");
  check(config.feature_views == 0 || config.augment, "feature_views",
        "augment: true beside it, because media that are not augmented have one version only");
  check(!config.cache_features || !config.augment || config.feature_views > 0, "cache_features",
        "augment: false or feature_views beside it, because augmented media differ every time");
  check(!config.cache_features ||
            !(config.trainable.unfreeze_vision_model || config.trainable.unfreeze_vision_layer_norm),
        "cache_features", "a frozen encoder beside it, because a trained one changes its features");
  check(config.feature_cache.empty() ||
            !(config.trainable.unfreeze_vision_model || config.trainable.unfreeze_vision_layer_norm),
        "feature_cache", "a frozen encoder beside it, because a trained one changes its features");
  const std::string& kept = config.feature_cache_precision;
  check(kept == "fp32" || kept == "bf16" || kept == "fp16", "feature_cache_precision", "'fp32', 'bf16' or 'fp16'");
  check(config.feature_cache_gb >= 0.001 && config.feature_cache_gb <= 1'000'000, "feature_cache_gb",
        "0.001 to 1000000 GB");
  try {
    media::frame_rule_named(config.sample_type);
  } catch (const Error& error) {
    fail("{}: {}", source.place("sample_type"), error.what());
  }
  for (const auto& [key, text] :
       {std::pair("train_topk", config.train_topk), std::pair("valid_topk", config.valid_topk)}) {
    try {
      data::SubsetRule::parse(text, key);
    } catch (const Error& error) {
      fail("{}: {}", source.place(key), error.what());
    }
  }
  try {
    adapter::validate(config.adapter);
  } catch (const Error& error) {
    const std::string_view text = error.what();
    fail("{}: {}", source.place(std::string(text.substr(0, text.find_first_of(": ")))), text);
  }

  const OptimizerKeys& optimizer = config.optimizer;
  at_least("optimizer.lr", optimizer.lr, 0.0);
  at_least("optimizer.weight_decay", optimizer.weight_decay, 0.0);
  at_least("optimizer.prompt_lr", optimizer.prompt_lr.value_or(0), 0.0);
  at_least("optimizer.connector_lr", optimizer.connector_lr.value_or(0), 0.0);
  at_least("optimizer.vis_lr", optimizer.vis_lr.value_or(0), 0.0);
  at_least("optimizer.text_lr", optimizer.text_lr.value_or(0), 0.0);
  at_least("optimizer.adapter_lr", optimizer.adapter_lr.value_or(0), 0.0);
  at_least("optimizer.opt_eps", optimizer.opt_eps.value_or(0), 0.0);
  at_least("optimizer.momentum", optimizer.momentum, 0.0);
  for (const double beta : optimizer.opt_betas.value_or(std::array{0.0, 0.0})) {
    check(beta >= 0 && beta < 1, "optimizer.opt_betas", "numbers from 0 to below 1");
  }

  const ScheduleKeys& schedule = config.schedule;
  at_least("schedular.epochs", schedule.epochs, 1);
  at_least("schedular.min_lr", schedule.min_lr, 0.0);
  at_least("schedular.decay_rate", schedule.decay_rate, 0.0);
  at_least("schedular.warmup_lr", schedule.warmup_lr, 0.0);
  at_least("schedular.warmup_epochs", schedule.warmup_epochs, 0);
  at_least("schedular.step_size", schedule.step_size, 1);
  at_least("schedular.decay_epochs", schedule.decay_epochs, 1);
  at_least("schedular.patience_epochs", schedule.patience_epochs, 0);
  at_least("schedular.lr_cycle_mul", schedule.lr_cycle_mul, 1.0);
  at_least("schedular.lr_cycle_limit", schedule.lr_cycle_limit, 0);
  check(schedule.lr_noise.size() <= 2, "schedular.lr_noise", "one number or two");
  for (const int64_t group : schedule.scheduler_groups) at_least("schedular.scheduler_groups", group, 0);
}

// What an absent split means to the published code.
void fill_splits(RunConfig& config) {
  using Names = std::array<const char*, 3>;
  const Names names = config.task == Task::kVqa   ? Names{"karpathy_train", "karpathy_val", "karpathy_test"}
                      : config.task == Task::kGqa ? Names{"train", "valid", "testdev"}
                                                  : Names{"train", "val", "test"};
  const std::array splits{&config.train_split, &config.val_split, &config.test_split};
  for (size_t i = 0; i < 3; ++i) {
    if (splits[i]->empty()) *splits[i] = names[i];
  }
}

RunConfig read(ConfigSource source, std::optional<Task> task) {
  require(source.values.is_object(), "'{}': expected a configuration of keys and values", source.origin);
  for (const auto& [alias, key] : kAliases) {
    const auto found = source.values.find(alias);
    if (found == source.values.end() || source.values.contains(key)) continue;
    source.values[key] = *found;
    if (source.places.contains(alias)) source.places[key] = source.place(alias);
  }
  std::vector<std::string> also_known = names(kUnread);
  also_known.emplace_back(kModality);
  for (const auto& [key, only] : kFixed) also_known.push_back(key);
  for (const auto& [alias, key] : kAliases) also_known.push_back(alias);

  RunConfig config;
  read_object(source, "", source.values, config, also_known);
  check_built(source);
  config.task = task_for(source, task);
  fill_splits(config);
  check_ranges(source, config);
  return config;
}

template <typename Keys>
json object_of(const Keys& keys);

template <typename Field>
json json_of(const Field& field) {
  if constexpr (Section<Field>) {
    return object_of(field);
  } else if constexpr (std::same_as<Field, Task>) {
    return task_name(field);
  } else {
    return field;
  }
}

template <typename Keys>
json object_of(const Keys& keys) {
  json object = json::object();
  fields(keys, [&]<typename Field>(const char* name, const Field& field, const char*) {
    if constexpr (requires { field.has_value(); }) {
      if (field) object[name] = json_of(*field);
    } else {
      object[name] = json_of(field);
    }
  });
  return object;
}

template <typename Keys>
void add_help(const Keys& keys, const std::string& prefix, std::vector<KeyHelp>& help) {
  const json defaults = object_of(keys);
  fields(keys, [&]<typename Field>(const char* name, const Field& field, const char* meaning) {
    if constexpr (Section<Field>) {
      add_help(field, prefix + name + ".", help);
    } else if constexpr (OptionalSection<Field>) {
      add_help(typename Field::value_type{}, prefix + name + ".", help);
    } else {
      help.push_back({prefix + name, defaults.contains(name) ? defaults[name].dump() : "", meaning});
    }
  });
}

// The meaning of every key that a file may hold.
std::map<std::string, ExplainedKey> meanings() {
  std::map<std::string, ExplainedKey> meanings;
  const auto add = [&](const std::string& name, const std::string& meaning, bool read) {
    meanings[name] = {.name = name, .meaning = meaning, .read = read};
  };
  for (const KeyHelp& key : run_config_help()) add(key.name, key.meaning, true);
  for (const UnreadKey& key : kUnread) add(key.name, key.why, false);
  for (const UnreadKey& key : kUnreadOfSchedule) add("schedular." + key.name, key.why, false);
  for (const auto& [key, only] : kFixed) add(key, fmt::format("only {} is built", only.dump()), true);
  for (const auto& [alias, key] : kAliases) add(alias, fmt::format("read as {} where that is absent", key), true);
  add(kModality, "image, video or audio: the media of a task named vqa or caption; never read by the published program",
      true);
  return meanings;
}

// Calls visit(name, value) for a value, or for everything in it where it is a section.
template <typename Visit>
void visit_leaves(const std::string& name, const json& value, const Visit& visit) {
  if (!value.is_object()) return visit(name, value);
  for (const auto& [part, inner] : value.items()) visit_leaves(name + "." + part, inner, visit);
}

}  // namespace

RunConfig load_run_config(const std::filesystem::path& yaml, const std::vector<std::string>& overrides,
                          std::optional<Task> task) {
  ConfigSource source = read_yaml_source(yaml);
  apply_overrides(source, overrides);
  return read(std::move(source), task);
}

RunConfig run_config_from_json(const json& json, const std::string& origin, const std::vector<std::string>& overrides,
                               std::optional<Task> task) {
  ConfigSource source{.origin = origin, .values = json};
  require(source.values.is_object(), "'{}': expected a configuration of keys and values", origin);
  apply_overrides(source, overrides);
  return read(std::move(source), task);
}

json to_json(const RunConfig& config) {
  return object_of(config);
}

std::vector<std::string> unread_keys(const std::filesystem::path& yaml) {
  std::vector<std::string> unread;
  const ConfigSource source = read_yaml_source(yaml);
  for (const std::string& key : source.keys) {
    if (contains(names(kUnread), key)) unread.push_back(key);
    if (key != "schedular" || !source.values[key].is_object()) continue;
    for (const std::string& part : names(kUnreadOfSchedule)) {
      if (source.values[key].contains(part)) unread.push_back(key + "." + part);
    }
  }
  return unread;
}

std::vector<KeyHelp> run_config_help() {
  std::vector<KeyHelp> help;
  add_help(RunConfig{}, "", help);
  return help;
}

std::vector<ExplainedKey> explain_run_config(const std::filesystem::path& yaml,
                                             const std::vector<std::string>& overrides) {
  ConfigSource source = read_yaml_source(yaml);
  apply_overrides(source, overrides);
  const json all = to_json(read(source, {}));
  for (const auto& [key, value] : source.values.items()) {
    if (!contains(source.keys, key)) source.keys.push_back(key);
  }
  const auto known = meanings();
  std::vector<ExplainedKey> keys;
  std::vector<std::string> given;
  const auto add = [&](const std::string& name, const json& value, bool is_given) {
    ExplainedKey key = known.contains(name) ? known.at(name) : ExplainedKey{.name = name, .meaning = "left out"};
    key.value = value.is_null() ? "" : value.dump(-1, ' ', false, json::error_handler_t::replace);
    key.given = is_given;
    keys.push_back(std::move(key));
  };
  for (const std::string& top : source.keys) {
    visit_leaves(top, source.values[top], [&](const std::string& name, const json& value) {
      add(name, value, true);
      given.push_back(name);
      for (const auto& [alias, key] : kAliases) {
        if (name == alias) given.push_back(key);
      }
    });
  }
  std::map<std::string, json> values;
  for (const auto& [top, value] : all.items()) {
    visit_leaves(top, value, [&](const std::string& name, const json& leaf) { values[name] = leaf; });
  }
  for (const KeyHelp& help : run_config_help()) {
    const bool of_absent_section = help.name.starts_with("adapter_config.") && !values.contains(help.name);
    if (!contains(given, help.name) && !of_absent_section) add(help.name, values[help.name], false);
  }
  return keys;
}

}  // namespace epalm::infer
