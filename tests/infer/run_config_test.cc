#include "epalm/infer/run_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "epalm/base/error.h"

namespace epalm::infer {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

std::filesystem::path file_with(const std::string& text, const std::string& name = "run_vqa.yaml") {
  const auto path = std::filesystem::path(testing::TempDir()) / name;
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

RunConfig read(const std::string& text, const std::vector<std::string>& overrides = {}) {
  return load_run_config(file_with(text), overrides);
}

std::string error_of(const std::string& text, const std::vector<std::string>& overrides = {},
                     const std::string& name = "run_vqa.yaml") {
  try {
    load_run_config(file_with(text, name), overrides);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

// The keys and spellings that published files use.
const std::string kPublished = R"(
image_res: 224
batch_size_train: 64
k_test: 64
warm_up: True
optimizer: {opt: adamW, lr: 2e-5, weight_decay: 0.02, prompt_lr: 1e-5}
schedular: {sched: cosine, scheduler_groups: 0 , lr: 2e-5, epochs: 8, min_lr: 1e-6, decay_rate: 1, warmup_lr: 1e-5, warmup_epochs: 4, cooldown_epochs: 0}
use_vis_prefix: True
start_layer_idx: 19
end_layer_idx: 31
injected_hidden_states: 6
lm_loss_weight: 0.1
unfreeze_text_layer_norm: False
train_split: 'train_standard'
special_answer_token: '</a>'
replace_added_tokens: True
use_cache: False
num_beams: 3
do_sample: False
# Prompt tuning
prompt_tuning: True
test_split: 'karpathy_val' # val_standard)";

TEST(RunConfig, ReadsPublishedFile) {
  const RunConfig config = read(kPublished);
  EXPECT_EQ(config.task, Task::kVqa);
  EXPECT_EQ(config.semantics, "reference");
  EXPECT_EQ(config.batch_size_train, 64);
  EXPECT_EQ(config.optimizer.lr, 2e-5);  // without a point it is still a number
  EXPECT_EQ(config.optimizer.prompt_lr, 1e-5);
  EXPECT_EQ(config.optimizer.connector_lr, std::nullopt);
  EXPECT_THAT(config.schedule.scheduler_groups, ElementsAre(0));
  EXPECT_EQ(config.schedule.warmup_epochs, 4);
  EXPECT_EQ(config.adapter.start_layer_idx, 19);
  EXPECT_EQ(config.adapter.end_layer_idx, 31);
  EXPECT_TRUE(config.adapter.prompt_tuning);
  EXPECT_TRUE(config.adapter.mlp);
  EXPECT_FALSE(config.do_sample);
  EXPECT_EQ(config.special_answer_token, "</a>");
  EXPECT_EQ(config.train_split, "train_standard");
  EXPECT_EQ(config.val_split, "karpathy_val");
  EXPECT_EQ(config.test_split, "karpathy_val");
}

TEST(RunConfig, SaysWhichPublishedKeysNothingReads) {
  EXPECT_THAT(unread_keys(file_with(kPublished)),
              ElementsAre("k_test", "warm_up", "schedular.lr", "schedular.cooldown_epochs", "use_vis_prefix",
                          "replace_added_tokens", "use_cache"));
}

TEST(RunConfig, ExplainsEveryKeyOfTheFileInItsOrderAndThenAllOthers) {
  const auto keys = explain_run_config(file_with(kPublished), {"num_beams=5", "pretrained_model=vit.npz"});
  const auto find = [&](const std::string& name) {
    const auto found = std::find_if(keys.begin(), keys.end(), [&](const auto& key) { return key.name == name; });
    return found == keys.end() ? ExplainedKey{} : *found;
  };
  EXPECT_EQ(keys.front().name, "image_res");
  for (const ExplainedKey& key : keys) EXPECT_FALSE(key.meaning.empty()) << key.name;
  EXPECT_EQ(find("num_beams").value, "5");
  EXPECT_TRUE(find("num_beams").given);
  EXPECT_EQ(find("optimizer.lr").value, "2e-05");
  EXPECT_FALSE(find("k_test").read);
  EXPECT_THAT(find("schedular.cooldown_epochs").meaning, HasSubstr("never read by the published program"));
  EXPECT_TRUE(find("top_k").read && !find("top_k").given);
  EXPECT_EQ(find("task").value, "\"vqa\"");
  EXPECT_THAT(find("pretrained_model").meaning, HasSubstr("encoder_weights"));
  EXPECT_EQ(find("encoder_weights").name, "") << "stands there under its other name";
  for (const KeyHelp& help : run_config_help()) {
    if (help.name == "encoder_weights" || help.name.starts_with("adapter_config")) continue;
    EXPECT_EQ(find(help.name).name, help.name);
  }
}

TEST(RunConfig, FileNameTellsTheTaskAndTheTaskTheSplits) {
  const RunConfig gqa = load_run_config(file_with("", "ePALM_pt_L_gqa.yaml"));
  EXPECT_EQ(gqa.task, Task::kGqa);
  EXPECT_EQ(gqa.test_split, "testdev");
  const RunConfig caption = load_run_config(file_with("", "ePALM_caption.yaml"));
  EXPECT_EQ(caption.task, Task::kCaption);
  EXPECT_EQ(caption.val_split, "val");
  EXPECT_EQ(load_run_config(file_with("task: gqa", "ePALM_caption.yaml")).task, Task::kGqa);
  EXPECT_EQ(load_run_config(file_with("", "mine.yaml"), {}, Task::kCaption).task, Task::kCaption);
  EXPECT_THAT(error_of("", {}, "mine.yaml"), AllOf(HasSubstr("mine.yaml"), HasSubstr("'vqa'")));
}

TEST(RunConfig, OverridesWinOverTheFile) {
  const RunConfig config =
      read("optimizer: {lr: 1e-3, prompt_lr: 2}\nnum_beams: 3",
           {"optimizer.lr=5e-4", "optimizer.prompt_lr=null", "text_model=models/a=b", "num-beams=2",
            "optimizer.opt_betas=[0.8, 0.9]", "schedular.epochs=7", "train_topk=1.0"});
  EXPECT_EQ(config.optimizer.lr, 5e-4);
  EXPECT_EQ(config.optimizer.prompt_lr, std::nullopt);
  EXPECT_EQ(config.text_model, "models/a=b");
  EXPECT_EQ(config.num_beams, 2);
  EXPECT_EQ(config.optimizer.opt_betas, (std::array{0.8, 0.9}));
  EXPECT_EQ(config.schedule.epochs, 7);
  EXPECT_EQ(config.train_topk, "1.0");  // a fraction; "1" would be one sample
}

TEST(RunConfig, PretrainedModelIsReadWhereEncoderWeightsAreAbsent) {
  EXPECT_EQ(read("pretrained_model: vit.npz").encoder_weights, "vit.npz");
  EXPECT_EQ(read("pretrained_model: vit.npz\nencoder_weights: mine").encoder_weights, "mine");
}

TEST(RunConfig, NullMeansAbsentAndQuotesMakeText) {
  EXPECT_EQ(read("num_beams: null\ntask: ~").num_beams, 1);
  EXPECT_EQ(read("tokenizer_name: '12'").tokenizer_name, "12");
  EXPECT_TRUE(read("balanced_data: yes").balanced_data);
}

TEST(RunConfig, JsonHoldsEveryKey) {
  RunConfig config = read(kPublished);
  config.optimizer.opt_betas = {0.5, 0.75};
  config.schedule.lr_noise = {0.25, 0.5};
  config.seed = 7;
  config.trainable.freeze_connector = true;
  config.adapter.use_adapters = true;
  config.adapter.adapter_config.mlp = {.adapter_type = "parallel", .downsample_factor = 8, .add_layernorm = true};
  config.adapter.adapter_config.attention = {.adapter_type = "normal"};
  const nlohmann::json json = to_json(config);
  EXPECT_EQ(json["schedular"]["epochs"], 8);
  EXPECT_EQ(json["seed"], 42);  // of the subset
  EXPECT_EQ(json["run_seed"], 7);
  EXPECT_EQ(to_json(run_config_from_json(json, "a checkpoint")), json);
  for (const KeyHelp& help : run_config_help()) {
    std::string path = "/" + help.name;
    std::replace(path.begin(), path.end(), '.', '/');
    EXPECT_TRUE(json.contains(nlohmann::json::json_pointer(path)) || help.default_value.empty()) << help.name;
    EXPECT_FALSE(help.meaning.empty()) << help.name;
  }
}

TEST(RunConfig, UnknownKeyNamesTheNearestOne) {
  EXPECT_THAT(error_of("image_res: 224\nnum_beam: 3"),
              AllOf(HasSubstr("run_vqa.yaml' line 2: num_beam"), HasSubstr("num_beams")));
  EXPECT_THAT(error_of("optimizer: {lr: 1, wait_decay: 0}"), HasSubstr("optimizer.weight_decay"));
  EXPECT_THAT(error_of("", {"optimiser.lr=1"}), AllOf(HasSubstr("'optimiser.lr=1'"), HasSubstr("optimizer")));
}

TEST(RunConfig, WrongTypeNamesLineKeyAndValue) {
  EXPECT_THAT(error_of("\nnum_beams: three"),
              AllOf(HasSubstr("line 2: num_beams"), HasSubstr("whole number"), HasSubstr("three")));
  EXPECT_THAT(error_of("num_beams: 2.5"), HasSubstr("whole number"));
  EXPECT_THAT(error_of("num_beams: 99999999999999999999"), HasSubstr("whole number"));
  EXPECT_THAT(error_of("seed: -1"), HasSubstr("seed"));
  EXPECT_THAT(error_of("optimizer: {lr: fast}"), AllOf(HasSubstr("optimizer.lr"), HasSubstr("a number")));
  EXPECT_THAT(error_of("optimizer: {lr: .nan}"), HasSubstr("a number"));
  EXPECT_THAT(error_of("optimizer: {lr: nan}"), HasSubstr("a number"));
  EXPECT_THAT(error_of("optimizer: 3"), HasSubstr("keys and values"));
  EXPECT_THAT(error_of("mlp: maybe"), HasSubstr("true or false"));
  EXPECT_THAT(error_of("text_model: [a]"), HasSubstr("a text"));
  EXPECT_THAT(error_of("task: video"), HasSubstr("'video_qa'"));
  EXPECT_THAT(error_of("optimizer: {opt_betas: [0.9]}"), HasSubstr("two numbers"));
}

TEST(RunConfig, OutOfRangeNamesLineAndKey) {
  EXPECT_THAT(error_of("\n\nbatch_size_train: 0"), HasSubstr("line 3: batch_size_train"));
  EXPECT_THAT(error_of("\nprompt_tuning: true\nprompt_len: 0"), HasSubstr("line 3: prompt_len"));
  EXPECT_THAT(error_of("optimizer: {lr: -1}"), HasSubstr("optimizer.lr"));
  EXPECT_THAT(error_of("optimizer: {opt_betas: [0.9, 1]}"), HasSubstr("opt_betas"));
  EXPECT_THAT(error_of("semantics: strict"), HasSubstr("'reference' or 'causal'"));
  EXPECT_THAT(error_of("train_topk: many"), AllOf(HasSubstr("line 1"), HasSubstr("train_topk")));
  EXPECT_THAT(error_of("schedular: {decay_epochs: 0}"), HasSubstr("schedular.decay_epochs"));
  EXPECT_THAT(error_of("cache_features: true"), HasSubstr("augment: false"));
  EXPECT_THAT(error_of("cache_features: true"), HasSubstr("feature_views"));
  EXPECT_EQ(error_of("cache_features: true\naugment: false"), "no error");
  EXPECT_THAT(error_of("recompute: all"), HasSubstr("'none', 'block' or 'auto'"));
  EXPECT_EQ(error_of("cache_features: true\nfeature_views: 2"), "no error");
  EXPECT_THAT(error_of("feature_views: -1"), HasSubstr("0 to 1000"));
  EXPECT_THAT(error_of("\nfeature_views: 1\naugment: false"), AllOf(HasSubstr("line 2"), HasSubstr("augment: true")));
  EXPECT_THAT(error_of("pack_samples: 0"), HasSubstr("1 to 1024"));
  EXPECT_THAT(error_of("pack_samples: 2"), HasSubstr("semantics: causal"));
  EXPECT_EQ(error_of("pack_samples: 2\nsemantics: causal"), "no error");
}

// As in the published files for videos and sounds.
const std::string kPublishedVideo = R"(
modality: 'video'
dataset_name: 'msrvtt'
train_split: 'msrvtt_caption_train7k'
num_frames: 16
sample_type: 'rand'
num_tries: 1
as_images: False
all_vis_tokens: False
vision_model_name: 'timesformer')";
const std::string kPublishedAudio = R"(
modality: 'audio'
melbins: 128
target_length: 1024
num_tries: 8
skip_norm: False
norm_mean: -4.2677393
norm_std: 4.5689974
noise: False
freqm_p: 24
timem_p: 96
vision_model_name: 'ast')";

TEST(RunConfig, ReadsPublishedFilesForVideosAndSounds) {
  const RunConfig video = load_run_config(file_with(kPublishedVideo, "ePALM_video_caption_msrvtt.yaml"));
  EXPECT_EQ(video.task, Task::kVideoCaption);
  EXPECT_EQ(video.num_frames, 16);
  EXPECT_EQ(video.sample_type, "rand");
  EXPECT_FALSE(video.as_images);
  EXPECT_EQ(video.val_split, "val");
  const auto audio_file = file_with(kPublishedAudio, "ePALM_audio_caption.yaml");
  const RunConfig audio = load_run_config(audio_file);
  EXPECT_EQ(audio.task, Task::kAudioCaption);
  EXPECT_FALSE(audio.skip_norm);
  EXPECT_EQ(audio.norm_std, 4.5689974);
  EXPECT_EQ(audio.freqm_p, 24);
  EXPECT_EQ(audio.timem_p, 96);
  EXPECT_EQ(audio.num_tries, 8);
  EXPECT_THAT(unread_keys(audio_file), ElementsAre());
}

TEST(RunConfig, KeepsThePublishedDefaultsOfVideosAndSounds) {
  const RunConfig config = read("");
  EXPECT_EQ(config.num_frames, 4);
  EXPECT_EQ(config.sample_type, "rand");
  EXPECT_EQ(config.melbins, 128);
  EXPECT_EQ(config.target_length, 1024);
  EXPECT_TRUE(config.skip_norm);
  EXPECT_FALSE(config.noise);
  EXPECT_EQ(config.freqm_p, 48);
  EXPECT_EQ(config.timem_p, 192);
  EXPECT_EQ(config.on_bad_sample, "");
}

TEST(RunConfig, ModalityAndTaskTellTheTaskTogether) {
  EXPECT_EQ(load_run_config(file_with("modality: audio", "my_caption.yaml")).task, Task::kAudioCaption);
  EXPECT_EQ(read("task: vqa\nmodality: video").task, Task::kVideoQa);
  EXPECT_EQ(read("task: video_qa\nmodality: video").task, Task::kVideoQa);
  EXPECT_EQ(read("modality: image\nvision_model_name: timesformer").task, Task::kVqa);
  EXPECT_THAT(error_of("task: video_qa\nmodality: audio"),
              AllOf(HasSubstr("line 2: modality"), HasSubstr("contradicts the task video_qa")));
  EXPECT_THAT(error_of("modality: smell"), AllOf(HasSubstr("modality"), HasSubstr("'audio'")));
}

TEST(RunConfig, RefusesWhatNoVideoOrSoundCanBe) {
  EXPECT_THAT(error_of("num_frames: 0"), HasSubstr("line 1: num_frames"));
  EXPECT_THAT(error_of("\nsample_type: last"), AllOf(HasSubstr("line 2"), HasSubstr("last")));
  EXPECT_EQ(error_of("sample_type: fps2"), "no error");
  EXPECT_THAT(error_of("melbins: -1"), HasSubstr("melbins"));
  EXPECT_THAT(error_of("target_length: 0"), HasSubstr("target_length"));
  EXPECT_THAT(error_of("norm_std: 0"), HasSubstr("norm_std"));
  EXPECT_THAT(error_of("freqm_p: -1"), HasSubstr("freqm_p"));
  EXPECT_THAT(error_of("timem_p: -1"), HasSubstr("timem_p"));
  EXPECT_THAT(error_of("num_tries: 0"), HasSubstr("num_tries"));
  EXPECT_THAT(error_of("on_bad_sample: skip"), AllOf(HasSubstr("on_bad_sample"), HasSubstr("'replace' or 'stop'")));
  EXPECT_THAT(error_of("cache_features: true\naugment: false\nunfreeze_vision_model: true"),
              HasSubstr("frozen encoder"));
  EXPECT_THAT(error_of("feature_cache: kept\nunfreeze_vision_layer_norm: true"),
              AllOf(HasSubstr("feature_cache"), HasSubstr("frozen encoder")));
  EXPECT_THAT(error_of("feature_cache_precision: int8"), HasSubstr("'fp32', 'bf16' or 'fp16'"));
  EXPECT_THAT(error_of("feature_cache_gb: 0"), HasSubstr("feature_cache_gb"));
  EXPECT_THAT(error_of("packed_cache_gb: -1"), HasSubstr("packed_cache_gb"));
}

TEST(RunConfig, RefusesPrecisionsThatAPartCannotHave) {
  EXPECT_EQ(error_of("encoder_precision: int8"), "no error");
  EXPECT_THAT(error_of("precision: int8\nencoder_precision: int4"),
              AllOf(HasSubstr("line 2: encoder_precision"), HasSubstr("'fp32', 'bf16' or 'int8'")));
  EXPECT_THAT(error_of("encoder_precision: int8\nunfreeze_vision_model: true"),
              AllOf(HasSubstr("unfreeze_vision_model"), HasSubstr("fp32 or bf16")));
  EXPECT_THAT(error_of("precision: int4\nunfreeze_text_model: true"),
              AllOf(HasSubstr("unfreeze_text_model"), HasSubstr("fp32 or bf16")));
}

TEST(RunConfig, RefusesPublishedValuesThatAreNotBuilt) {
  EXPECT_THAT(error_of("task_prompt: a picture of"), HasSubstr("task_prompt"));
  EXPECT_THAT(error_of("mask_p: 0.5"), HasSubstr("mask_p: only 0 is built, got 0.5"));
  EXPECT_EQ(error_of("mask_p: 0.0"), "no error");
  EXPECT_EQ(error_of("use_adapters: false\nconnector_type: linear\ntask_prompt: null\ndeep: False"), "no error");
}

TEST(RunConfig, BottleneckAdaptersStandTwoLevelsDeep) {
  const RunConfig config = read(
      "use_adapters: true\nadapter_config:\n  mlp: {adapter_type: normal, downsample_factor: 8}\n  attention: null",
      {"adapter_config.mlp.add_layernorm=true", "adapter_config.mlp.downsample_factor=2"});
  ASSERT_TRUE(config.adapter.adapter_config.mlp.has_value());
  EXPECT_EQ(config.adapter.adapter_config.mlp->adapter_type, "normal");
  EXPECT_EQ(config.adapter.adapter_config.mlp->downsample_factor, 2);
  EXPECT_TRUE(config.adapter.adapter_config.mlp->add_layernorm);
  EXPECT_FALSE(config.adapter.adapter_config.attention.has_value());
  EXPECT_EQ(read("", {"use_adapters=true", "adapter_config.attention.adapter_type=parallel"})
                .adapter.adapter_config.attention->adapter_type,
            "parallel");
  EXPECT_FALSE(read("").adapter.use_adapters);
}

TEST(RunConfig, DamagedBottleneckAdaptersNameLineAndKey) {
  EXPECT_THAT(error_of("\nuse_adapters: true"), AllOf(HasSubstr("line 2"), HasSubstr("adapter_config")));
  const std::string head = "use_adapters: true\nadapter_config:\n  mlp:\n";
  EXPECT_THAT(error_of(head + "    adapter_type: serial"),
              AllOf(HasSubstr("line 4"), HasSubstr("adapter_config.mlp.adapter_type"), HasSubstr("'serial'")));
  EXPECT_THAT(error_of(head + "    downsample_factor: 4"), HasSubstr("adapter_config.mlp.adapter_type"));
  EXPECT_THAT(error_of(head + "    {adapter_type: normal, downsample: 4}"),
              AllOf(HasSubstr("adapter_config.mlp.downsample: unknown key"), HasSubstr("downsample_factor")));
  EXPECT_THAT(error_of(head + "    {adapter_type: normal, downsample_factor: 0}"), HasSubstr("at least 1, got 0"));
  EXPECT_THAT(error_of("adapter_config: {mlp: normal}"), AllOf(HasSubstr("adapter_config.mlp"), HasSubstr("keys")));
  EXPECT_THAT(error_of("adapter_config: 3"), HasSubstr("keys and values"));
  EXPECT_THAT(error_of("adapter_config: {fc1: {}}"), HasSubstr("unknown key"));
  EXPECT_THAT(error_of("", {"adapter_config.mlp.adapter_type.x=1"}), HasSubstr("adapter_config.mlp.adapter_type"));
}

TEST(RunConfig, DamagedFilesAreErrors) {
  EXPECT_THAT(error_of("a: [1"), HasSubstr("run_vqa.yaml"));
  EXPECT_THAT(error_of("- 1"), HasSubstr("mapping"));
  EXPECT_THAT(error_of("num_beams: 1\nnum_beams: 2"), AllOf(HasSubstr("line 2"), HasSubstr("twice")));
  EXPECT_THAT(error_of("[1, 2]: 3"), HasSubstr("expected a word"));
  EXPECT_THAT(error_of(std::string(2 << 20, ' ')), HasSubstr("too many"));
  EXPECT_NE(error_of("text_model: " + std::string(5000, '[')), "no error");
  std::string bomb = "k_test: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 7; ++i) {
    bomb += fmt::format("warm_up{0}: &a{0} [", i);
    for (int j = 0; j < 10; ++j) bomb += fmt::format("{}*a{}", j ? ", " : "", i - 1);
    bomb += "]\n";
  }
  EXPECT_THAT(error_of(bomb), HasSubstr("too large"));
  EXPECT_THROW(load_run_config("no_such_folder/x_vqa.yaml"), Error);
}

TEST(RunConfig, DamagedOverridesAreErrors) {
  EXPECT_THAT(error_of("", {"num_beams"}), HasSubstr("key=value"));
  EXPECT_THAT(error_of("", {"num_beams.x=1"}), HasSubstr("num_beams"));
  EXPECT_THAT(error_of("num_beams: 1", {"num_beams.x=1"}), HasSubstr("no section"));
  EXPECT_THAT(error_of("", {"a.b.c=1"}), HasSubstr("unknown key"));
}

}  // namespace
}  // namespace epalm::infer
