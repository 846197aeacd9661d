#include "epalm/reproduce/methods.h"

#include <fmt/format.h>

#include <algorithm>

namespace epalm::reproduce {
namespace {

using Strings = std::vector<std::string>;

Strings operator+(Strings first, const Strings& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

const Strings kNoPrompt{"prompt_tuning=false"};
const Strings kPrompt{"prompt_tuning=true", "mlp=false"};

// A connector for each of several states.
Strings connectors(const Setting& setting) {
  return {"encoder_tokens=cls", "shared_connector=false",
          fmt::format("injected_hidden_states={}", several_states(setting))};
}

// The CLS of the last state, or all its tokens, before layer 0 alone.
Strings before_layer_0(const char* tokens) {
  return {fmt::format("encoder_tokens={}", tokens),
          "injected_hidden_states=1",
          "shared_connector=true",
          "start_layer_idx=0",
          "end_layer_idx=1",
          "text_step=1",
          "select_higher_step=false"};
}

// Half the base rate, as published: the layers behind the prompt's rows are trained with it too.
std::string mlp_rate(const Setting& setting) {
  return fmt::format("optimizer.prompt_lr={}", setting.base.optimizer.lr / 2);
}

Row variant(const char* name, const char* label, const char* what, std::function<Keys(const Setting&)> keys) {
  return {name, "epalm", label, what, true, std::move(keys)};
}

Row baseline(const char* name, const char* label, const char* what, std::function<Keys(const Setting&)> keys) {
  return {name, "baselines", label, what, false, std::move(keys)};
}

}  // namespace

int64_t several_states(const Setting& setting) {
  return std::clamp<int64_t>(setting.encoder_depth / 2, 1, std::max<int64_t>(1, setting.injected_layers()));
}

std::vector<std::string> final_variant_keys() {
  return Strings{"encoder_tokens=cls", "shared_connector=true"} + kPrompt;
}

std::vector<Row> method_rows() {
  return {
      variant("epalm", "eP-ALM", "a connector for each of several states, and a prompt that passes through an MLP",
              [](const Setting& setting) {
                return connectors(setting) + Strings{"prompt_tuning=true", "mlp=true", mlp_rate(setting)};
              }),
      variant("epalm_lin", "eP-ALM_lin", "a connector for each of several states, no prompt",
              [](const Setting& setting) { return connectors(setting) + kNoPrompt; }),
      variant("epalm_pt", "eP-ALM_pt", "a connector for each of several states, and a prompt without MLP",
              [](const Setting& setting) { return connectors(setting) + kPrompt; }),
      variant(kFinalVariant, "eP-ALM_pt-L", "one shared connector and a prompt without MLP: what the demo trains",
              [](const Setting&) { return final_variant_keys(); }),
      baseline("promptfuse", "PromptFuse-style",
               "only the prompt is trained; the last CLS passes through a connector left as it starts, before layer 0",
               [](const Setting&) { return before_layer_0("cls") + kPrompt + Strings{"freeze_connector=true"}; }),
      baseline("limber", "LimBEr-style", "the last CLS through a trained connector before layer 0, no prompt",
               [](const Setting&) { return before_layer_0("cls") + kNoPrompt; }),
      baseline("limber_all", "LimBEr-style, all tokens",
               "every token of the encoder's last state through a trained connector before layer 0, no prompt",
               [](const Setting&) { return before_layer_0("all") + kNoPrompt; }),
      baseline("magma", "MAGMA-style",
               "bottleneck adapters behind attention and MLP of every layer, and a trained connector before layer 0",
               [](const Setting& setting) {
                 return before_layer_0("cls") + kNoPrompt +
                        Strings{"use_adapters=true",
                                "adapter_config.mlp.adapter_type=normal",
                                "adapter_config.mlp.downsample_factor=4",
                                "adapter_config.attention.adapter_type=normal",
                                "adapter_config.attention.downsample_factor=8",
                                fmt::format("optimizer.adapter_lr={}", setting.base.optimizer.lr / 5)};
               }),
      baseline("frozen", "Frozen-style",
               "the whole encoder is trained, with a connector before layer 0; the language model stays frozen",
               [](const Setting& setting) {
                 return before_layer_0("cls") + kNoPrompt +
                        Strings{"unfreeze_vision_model=true", "cache_features=false", "optimizer.customized_lr=true",
                                fmt::format("optimizer.vis_lr={}", setting.base.optimizer.lr / 50)};
               }),
      baseline("text", "text only", "no medium at all, a trained prompt: what the questions alone are worth",
               [](const Setting&) {
                 return before_layer_0("cls") + kPrompt +
                        Strings{"end_layer_idx=0", "black_image=true", "freeze_connector=true"};
               }),
  };
}

}  // namespace epalm::reproduce
