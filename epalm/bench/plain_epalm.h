#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <string>
#include <vector>

#include "epalm/lm/opt_config.h"
#include "epalm/nn/weights.h"

// eP-ALM's language model step by step as the published program computes it, in libtorch's own operators: the plain
// path of the rows that measure training and generation. Pre-LN shapes without projections.
namespace epalm::bench {

// x Wᵀ + b by the weights' name without ".weight" and ".bias"; what a twin multiplies with.
using PlainLinear = std::function<at::Tensor(const std::string& name, const at::Tensor& x)>;

// at::linear on these weights: the BLAS that libtorch was built with, or what it has for bfloat16.
PlainLinear libtorch_linear(const nn::Weights& weights);
// nn::product, so oneDNN's float32 where there is oneDNN; dX only.
PlainLinear onednn_linear(const nn::Weights& weights);

// Logits [B,S,V] of all rows: perceptual row (slots[i] [B,1,D] before layer i, or undefined), prompts [N,D], text ids
// [B,T] without padding. Every row sees itself and those before it. In the dtype of the weights.
at::Tensor plain_logits(const lm::OptConfig& config, const nn::Weights& weights, const PlainLinear& linear,
                        const std::vector<at::Tensor>& slots, const at::Tensor& prompts, const at::Tensor& ids);

// Mean cross-entropy of every text token but the first, over logits of all rows.
at::Tensor plain_loss(const at::Tensor& logits, const at::Tensor& ids);

}  // namespace epalm::bench
