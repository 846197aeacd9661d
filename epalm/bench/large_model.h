#pragma once

#include <string>

#include "epalm/model/epalm_model.h"

namespace epalm::bench {

// The models that most rows measure.
inline constexpr const char *kLargeLm = "1.3b", *kLargeVit = "vit_base_patch16_224";
// A smaller published one, for rows that compute many times.
inline constexpr const char* kSmallLm = "125m";
// Injected states and soft tokens, as in the published configs.
inline constexpr int64_t kStates = 6, kPromptTokens = 10;

// eP-ALM with random weights, in the setting of the published configs: the CLS of the last six states through one
// connector into layers of the second half, a prompt of ten unless told otherwise; 0: none. The encoder is bfloat16.
// lm: of six layers at least.
model::EPalm large_model(const lm::OptConfig& lm, nn::Weights lm_weights, const std::string& vit_name,
                         int64_t prompt_tokens = kPromptTokens);

// Random numbers as the published models start with, the same at every call.
nn::Weights large_lm_weights(const lm::OptConfig& lm, nn::Precision precision);

// Features of so many media, random: no encoder is run. [media,6,Dv]
at::Tensor random_features(const model::EPalm& model, int64_t media);
// Texts without padding. [texts,tokens]
at::Tensor random_ids(const model::EPalm& model, int64_t texts, int64_t tokens);

// A bound on a ratio that is stated for CPUs with AMX: half of it on others.
double bound_here(double with_amx);

}  // namespace epalm::bench
