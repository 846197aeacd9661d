#pragma once

#include <string>
#include <vector>

#include "epalm/encoders/vit.h"
#include "epalm/train/pretrain.h"
#include "epalm/world/scene.h"

namespace epalm::train {

// Trains every weight of `vit` on class labels alone (world::label_heads over its last CLS); it never meets a word. The
// linear heads belong to the training and are returned, weight [classes of all heads, Dv] and bias, as the probe of the
// CLS.
struct LabelProbe {
  at::Tensor weight, bias;
};
LabelProbe pretrain_encoder(const encoders::Vit& vit, const PretrainOptions& options,
                            const OnPretrainProgress& progress);

struct ProbeAccuracy {
  double all = 0;                                       // percent over all heads
  std::vector<std::pair<std::string, double>> by_kind;  // "place shape", "colour place", "count shape" …
};

// How much of a scene the CLS gives away linearly: the second ceiling (TINY_WORLD.md).
ProbeAccuracy probe_accuracy(const encoders::Vit& vit, const LabelProbe& probe, world::Split split, int64_t scenes,
                             uint64_t seed);

}  // namespace epalm::train
