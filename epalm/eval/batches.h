#pragma once

#include <ATen/ATen.h>

#include <span>

#include "epalm/data/sample.h"
#include "epalm/infer/bundle.h"

namespace epalm::eval {

// Features [B,n,Dv] of the samples' pictures under the evaluation transform; neighbours that show one picture run the
// encoder once. blank: the mean colour instead of every picture.
at::Tensor sample_features(const infer::Bundle& bundle, std::span<const data::Sample> samples, bool blank);

}  // namespace epalm::eval
