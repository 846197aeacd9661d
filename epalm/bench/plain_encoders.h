#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "epalm/encoders/ast_config.h"
#include "epalm/encoders/timesformer_config.h"
#include "epalm/encoders/vit_config.h"

// The encoders step by step as the published programs compute them, in libtorch's own operators and nothing of ours:
// the plain path of the rows that measure encoders. Evaluation only, in float32 on weights of float32. Each gives the
// normalised state of the last block.
namespace epalm::bench {

// Random weights, seeded with 1, without the zeros that training starts from: with these whole parts would compute
// nothing.
nn::Weights random_weights_without_zeros(std::vector<nn::WeightSpec> table, double std);

// timm's vision_transformer.py. pixels [B,3,S,S] -> [B,1+P,Dv]
at::Tensor plain_vit(const encoders::VitConfig& config, const nn::Weights& weights, const at::Tensor& pixels);

// TimeSformer's vit.py with divided attention. clip [B,3,F,S,S] of the config's frames and size -> [B,1+P·F,Dv]
at::Tensor plain_timesformer(const encoders::TimesformerConfig& config, const nn::Weights& weights,
                             const at::Tensor& clip);

// AST's ast_models.py. spectrograms [B,T,bins] -> [B,2+P,Dv]
at::Tensor plain_ast(const encoders::AstConfig& config, const nn::Weights& weights, const at::Tensor& spectrograms);

}  // namespace epalm::bench
