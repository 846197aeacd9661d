#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace epalm::world {

// A hash of the bytes of values that must not change (Fowler, Noll and Vo, 64 bits); `hash` continues an earlier one.
template <typename Values>
uint64_t fnv1a(const Values& values, uint64_t hash = 14695981039346656037U) {
  for (const std::byte byte : std::as_bytes(std::span(values))) {
    hash = (hash ^ static_cast<uint64_t>(byte)) * 1099511628211U;
  }
  return hash;
}

}  // namespace epalm::world
