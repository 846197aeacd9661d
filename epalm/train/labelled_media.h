#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "epalm/base/python_random.h"
#include "epalm/encoders/load_encoder.h"
#include "epalm/world/annotators.h"
#include "epalm/world/labels.h"
#include "epalm/world/scene.h"

namespace epalm::train {

inline constexpr int64_t kUnknownLabel = -100;  // ignored by torch's cross entropy

struct LabelledBatch {
  at::Tensor media;   // as the encoder takes them
  at::Tensor labels;  // [B,heads] int64; where objects are strange (strange_objects.h) kUnknownLabel for some heads
};

// The classification tasks over the medium's scenes.
const std::vector<world::LabelHead>& heads_of(world::Medium medium);

// Random pictures, clips or recordings of the tiny world with the labels of their scenes, in the shape that an encoder
// of this config takes. Train pictures may show strange objects. They are made in memory: no codec touches them.
LabelledBatch draw_labelled(const encoders::EncoderConfig& encoder, world::Split split, int64_t size,
                            PythonRandom& random);

// What an encoder of this config sees or hears.
world::Medium medium_of(const encoders::EncoderConfig& encoder);

}  // namespace epalm::train
