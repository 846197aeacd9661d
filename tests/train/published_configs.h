#pragma once

// The ten published configurations with their keys and values, in our own words. Paths of weights keep the file's name
// alone.
#include <string>
#include <vector>

namespace epalm::train {

struct PublishedConfig {
  std::string name;  // of the file, which tells the task
  std::string yaml;
};

// What a published configuration adds to the keys that all ten share.
struct PublishedKeys {
  int epochs, batch_train, batch_test;
  bool light = false;     // "pt_L": one connector, a prompt without MLP, higher rates
  bool captions = false;  // else questions
  std::string more = {};
};

inline std::string published_yaml(const PublishedKeys& keys) {
  const std::string lr = keys.light ? "2e-4" : "2e-5", epochs = std::to_string(keys.epochs);
  return "image_res: 224\nbatch_size_train: " + std::to_string(keys.batch_train) +
         "\nbatch_size_test: " + std::to_string(keys.batch_test) +
         "\nwarm_up: True\noptimizer: {opt: adamW, lr: " + lr +
         ", weight_decay: 0.02, prompt_lr: " + (keys.light ? "1e-3" : "1e-5") +
         "}\nschedular: {sched: cosine, scheduler_groups: 0, lr: " + lr + ", epochs: " + epochs +
         ", min_lr: " + (keys.light ? "1e-5" : "1e-6") +
         ", decay_rate: 1, warmup_lr: " + (keys.light ? "1e-4" : "1e-5") +
         ", warmup_epochs: 4, cooldown_epochs: 0}\n"
         "use_vis_prefix: True\nstart_layer_idx: 19\nend_layer_idx: 31\ninjected_hidden_states: 6\n"
         "lm_loss_weight: 0.1\nunfreeze_text_layer_norm: False\nunfreeze_vision_layer_norm: False\nnum_workers: 4\n"
         "replace_added_tokens: True\nuse_cache: False\nnum_beams: 3\ndo_sample: False\nprompt_tuning: True\n"
         "prompt_len: 10\n" +
         (keys.light ? "shared_connector: True\nmlp: False\n" : "") +
         (keys.captions ? "shift_labels: False\nappend_eos_token: True\n"
                        : "special_answer_token: '</a>'\nconnector_per_text_layer: False\ntext_step: 1\n") +
         keys.more;
}

inline std::vector<PublishedConfig> published_configs() {
  const auto splits = [](const std::string& train, const std::string& val, const std::string& test) {
    return "train_split: '" + train + "'\nval_split: '" + val + "'\ntest_split: '" + test + "'\n";
  };
  const auto clips = [](const std::string& modality, const std::string& data, const std::string& encoder,
                        const std::string& weights) {
    return "modality: '" + modality + "'\ndataset_name: '" + data + "'\nall_vis_tokens: False\nvision_model_name: '" +
           encoder + "'\npretrained_model: '/nowhere/" + weights + "'\n";
  };
  const std::string video = "sample_type: 'rand'\nnum_tries: 1\nas_images: False\n";
  const std::string k600 = "TimeSformer_divST_8x32_224_K600.pyth";
  const auto video_qa = [&](const std::string& data) {
    return PublishedKeys{26,
                         8,
                         64,
                         false,
                         false,
                         "k_test: 64\nnum_frames: 8\n" + video + clips("video", data, "timesformer", k600) +
                             splits(data + "_vqa_train", data + "_vqa_val", data + "_vqa_test")};
  };
  const std::string gqa = "k_test: 64\n" + splits("train", "valid", "test");
  return {{"ePALM_vqa.yaml", published_yaml({8, 64, 64, false, false, "k_test: 64\n"})},
          {"ePALM_pt_L_vqa.yaml",
           published_yaml(
               {35, 2, 16, true, false, "k_test: 64\n" + splits("train_standard", "karpathy_val", "karpathy_val")})},
          {"ePALM_gqa.yaml", published_yaml({8, 64, 128, false, false, gqa})},
          {"ePALM_pt_L_gqa.yaml", published_yaml({35, 8, 16, true, false, gqa})},
          {"ePALM_caption.yaml", published_yaml({8, 16, 64, false, true})},
          {"ePALM_pt_L_caption.yaml", published_yaml({35, 2, 16, true, true})},
          {"ePALM_video_qa_msrvtt.yaml", published_yaml(video_qa("msrvtt"))},
          {"ePALM_video_qa_msvd.yaml", published_yaml(video_qa("msvd"))},
          {"ePALM_video_caption_msrvtt.yaml",
           published_yaml({26, 16, 8, false, true,
                           "num_frames: 16\n" + video + clips("video", "msrvtt", "timesformer", k600) +
                               splits("msrvtt_caption_train7k", "msrvtt_caption_test", "msrvtt_caption_test")})},
          {"ePALM_audio_caption.yaml",
           published_yaml({30, 8, 64, false, true,
                           "melbins: 128\ntarget_length: 1024\nnum_tries: 8\nskip_norm: False\nnorm_mean: -4.2677393\n"
                           "norm_std: 4.5689974\nnoise: False\nfreqm_p: 24\ntimem_p: 96\n" +
                               clips("audio", "audiocaps", "ast", "audioset_10_10_0.4593.pth") +
                               splits("audiocaps_caption_train", "audiocaps_caption_val", "audiocaps_caption_test")})}};
}

}  // namespace epalm::train
