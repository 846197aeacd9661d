#pragma once

#include <string>
#include <utility>
#include <vector>

#include "epalm/encoders/load_encoder.h"
#include "epalm/train/pretrain.h"
#include "epalm/world/scene.h"

namespace epalm::train {

// The linear heads of an encoder's training, kept as the probe of its last CLS: weight [classes of all heads, Dv].
struct LabelProbe {
  at::Tensor weight, bias;
};

// Trains every weight of the encoder on class labels alone (heads_of its medium, over its last CLS); it never meets a
// word. config: the one that the encoder was made with.
LabelProbe pretrain_encoder(const encoders::Encoder& encoder, const encoders::EncoderConfig& config,
                            const PretrainOptions& options, const OnPretrainProgress& progress);

struct ProbeAccuracy {
  double all = 0;                                       // percent over all heads
  std::vector<std::pair<std::string, double>> by_kind;  // "place shape", "colour place", "count shape" …
};

// How much of a scene the CLS gives away linearly: the second ceiling (TINY_WORLD.md).
ProbeAccuracy probe_accuracy(const encoders::Encoder& encoder, const encoders::EncoderConfig& config,
                             const LabelProbe& probe, world::Split split, int64_t scenes, uint64_t seed);

}  // namespace epalm::train
