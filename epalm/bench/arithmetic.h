#pragma once

#include <vector>

#include "epalm/encoders/ast_config.h"
#include "epalm/encoders/timesformer_config.h"
#include "epalm/encoders/vit_config.h"
#include "epalm/lm/opt_config.h"
#include "epalm/nn/weights.h"

// How much a model has to compute, in operations of products: a multiplication and an addition are two.
namespace epalm::bench {

// The language model's layers and its head: forwards over so many rows, of which `predicting` meet the vocabulary. The
// attention between rows, little in short texts, is not counted.
double opt_flop(const lm::OptConfig& config, double rows, double predicting);

// Rows that a layer is given, and how many of them somebody reads behind it: the others are keys and values alone.
struct LayerRows {
  double all, read;
};

// A training step through a frozen language model: as much again for the gradients of inputs, in the head and in the
// last `reached` layers.
double training_flop(const lm::OptConfig& config, const std::vector<LayerRows>& rows_of_layers, double predicting,
                     int64_t reached);

// What this CPU multiplies with the matrices of a language model: those in 8 or 4 bits as integers where some rows meet
// them, and in 8 bits many rows too where that is sooner (nn/int8_products.h).
nn::Precision precision_of_products(const nn::Weights& lm_weights, bool many_rows);

// Forward passes over so many media, attention included.
double vit_flop(const encoders::VitConfig& config, double pictures);
double timesformer_flop(const encoders::TimesformerConfig& config, double clips);  // divided attention
double ast_flop(const encoders::AstConfig& config, double sounds);

}  // namespace epalm::bench
