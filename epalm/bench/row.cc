#include "epalm/bench/row.h"

namespace epalm::bench {

std::optional<bool> meets_target(const Row& row, const Measurement& measured) {
  if (!row.target) return std::nullopt;
  const auto& figure = row.target->kind == Target::Kind::kRatioAtLeast ? measured.ratio : measured.value;
  if (!figure) return std::nullopt;
  return row.target->kind == Target::Kind::kValueAtMost ? *figure <= row.target->bound : *figure >= row.target->bound;
}

}  // namespace epalm::bench
