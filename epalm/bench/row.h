#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "epalm/nn/weights.h"

namespace epalm::bench {

// What must hold of a row on an idle machine.
struct Target {
  enum class Kind { kRatioAtLeast, kValueAtLeast, kValueAtMost };
  Kind kind = Kind::kRatioAtLeast;
  double bound = 0;
};

// What a row's work needs of the machine, whatever it does it with: its share of the machine's peak follows from this.
struct Work {
  double flop = 0;                                     // of products; a multiplication and an addition are two
  double bytes = 0;                                    // that come from memory at least once
  nn::Precision precision = nn::Precision::kBFloat16;  // of the products: float32, bfloat16 or int8
  double seconds = 0;                                  // that it took
};

// What a row found. value and twin are in the row's unit.
struct Measurement {
  std::optional<double> value{};  // none: it could not be measured here, and `note` says why
  std::optional<double> twin{};   // the plain path, in the same run
  std::optional<double> ratio{};  // how many times better than the twin
  // The same against the plain path with oneDNN's float32 products: so that nobody takes a better BLAS for a better
  // design.
  std::optional<double> strong{};
  std::optional<double> peak_rss_gb{};       // 10^9 bytes; none: that of the row's whole process
  std::optional<double> twin_peak_rss_gb{};  // of the plain path, where it was measured apart
  std::optional<Work> work{};                // none: neither products nor memory bound the row
  std::string note{};                        // on what was it measured
};

// One figure of `epalm bench`.
struct Row {
  std::string name;  // group.figure, as "media.fbank"
  std::string what;  // what is measured and what the plain path is, without a full stop
  std::string unit;
  std::string precision{};  // of the arithmetic, as "fp32"; empty where there is none to choose
  std::optional<Target> target{};
  // Runs in a process of its own. scratch: an empty folder, removed afterwards. May throw Error.
  std::function<Measurement(const std::filesystem::path& scratch)> measure;
};

// Whether the target holds; none without a target or without what it is about.
std::optional<bool> meets_target(const Row& row, const Measurement& measured);

}  // namespace epalm::bench
