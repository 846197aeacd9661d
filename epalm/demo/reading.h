#pragma once

#include <optional>

#include "epalm/demo/demo.h"
#include "epalm/infer/bundle.h"

namespace epalm::demo {

// The language model on the questions of the task's test set, each after the true description of its scene: percent
// answered exactly. Nothing for captions.
std::optional<double> text_ceiling_on_test(const infer::Bundle& bundle, const DemoOptions& options);

}  // namespace epalm::demo
