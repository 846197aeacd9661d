#include "epalm/decode/generation.h"

#include <cmath>
#include <stdexcept>

#include "epalm/base/error.h"
#include "epalm/base/shapes.h"
#include "epalm/decode/beam_search.h"
#include "epalm/decode/sampling.h"

namespace epalm::decode {
namespace {

void check_options(const GenerationOptions& o) {
  require(o.max_length >= 1, "max_length: expected at least 1, got {}", o.max_length);
  require(o.num_beams >= 1 && o.num_beams <= 1024, "num_beams: expected 1 to 1024, got {}", o.num_beams);
  require(o.temperature > 0 && std::isfinite(o.temperature), "temperature: expected a number above 0, got {}",
          o.temperature);
  require(o.top_k >= 0, "top_k: expected 0 (off) or more, got {}", o.top_k);
  require(o.top_p > 0 && o.top_p <= 1, "top_p: expected a number above 0 and up to 1 (off), got {}", o.top_p);
  require(std::isfinite(o.length_penalty), "length_penalty: expected a finite number, got {}", o.length_penalty);
}

}  // namespace

Generated generate(const Step& step, const at::Tensor& ids, const at::Tensor& mask, const GenerationOptions& options,
                   const OnToken& on_token) {
  check_options(options);
  check_shape(ids, {kAny, kAny}, "generate: ids");
  check_shape(mask, {ids.size(0), ids.size(1)}, "generate: mask");
  if (ids.scalar_type() != at::kLong || mask.scalar_type() != at::kLong || ids.size(1) == 0) {
    throw std::logic_error("generate: expected int64 ids and mask with at least one token");
  }
  at::NoGradGuard no_grad;
  if (ids.size(0) == 0) return {ids, at::zeros({0}, at::kFloat)};
  return options.num_beams == 1 ? sample_search(step, ids, mask, options, on_token)
                                : beam_search(step, ids, mask, options, on_token);
}

}  // namespace epalm::decode
