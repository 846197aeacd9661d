#include "epalm/media/frame_sampling.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "epalm/base/error.h"

namespace epalm::media {
namespace {

constexpr int64_t kMaxSamples = 1 << 20;  // beyond any model; bounds what a rate can ask for

struct Interval {
  int64_t first = 0;
  int64_t last = 0;
};

void check_counts(int64_t total, int64_t count) {
  require(total >= 1, "frame sampling: expected a video of at least one frame, got {}", total);
  require(count >= 1 && count <= kMaxSamples, "frame sampling: expected 1 to {} frames wanted, got {}", kMaxSamples,
          count);
}

// Bounds as int(numpy.linspace(0, total, n + 1)).
std::vector<Interval> intervals_of(int64_t total, int64_t count) {
  check_counts(total, count);
  const int64_t n = std::min(count, total);
  const double step = static_cast<double>(total) / static_cast<double>(n);
  const auto edge = [&](int64_t i) { return i == n ? total : static_cast<int64_t>(static_cast<double>(i) * step); };
  std::vector<Interval> intervals;
  for (int64_t i = 0; i < n; ++i) intervals.push_back({edge(i), edge(i + 1) - 1});
  return intervals;
}

std::vector<int64_t> padded(std::vector<int64_t> indices, int64_t count) {
  indices.resize(static_cast<size_t>(count), indices.back());
  return indices;
}

double number_after(std::string_view prefix, std::string_view name) {
  const std::string_view digits = name.substr(prefix.size());
  double value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  require(error == std::errc() && end == digits.data() + digits.size() && std::isfinite(value),
          "frame sampling '{}': expected a number after '{}'", name, prefix);
  return value;
}

}  // namespace

std::vector<int64_t> sample_middle(int64_t total, int64_t count) {
  std::vector<int64_t> indices;
  for (const auto& [first, last] : intervals_of(total, count)) indices.push_back((first + last) / 2);
  return padded(std::move(indices), count);
}

std::vector<int64_t> sample_fixed_start(int64_t total, int64_t count, int64_t offset) {
  std::vector<int64_t> indices;
  for (const auto& [first, last] : intervals_of(total, count)) indices.push_back(first + offset);
  require(offset >= 0 && indices.back() < total,
          "frame sampling: the fixed start {} leaves the video of {} frames; expected at most {}", offset, total,
          total - 1 - (indices.back() - offset));
  return padded(std::move(indices), count);
}

std::vector<int64_t> sample_random(int64_t total, int64_t count, PythonRandom& random, NumpyRandom& numpy_random) {
  std::vector<int64_t> indices;
  for (const auto& [first, last] : intervals_of(total, count)) {
    if (first == last) {
      indices = numpy_random.permutation(total);
      indices.resize(static_cast<size_t>(std::min(count, total)));
      std::sort(indices.begin(), indices.end());
      break;
    }
    indices.push_back(first + random.randrange(last - first));
  }
  return padded(std::move(indices), count);
}

std::vector<int64_t> sample_by_rate(int64_t total, double fps, double rate, int64_t max_count) {
  check_counts(total, 1);
  require(std::isfinite(fps) && fps > 0 && std::isfinite(rate) && rate > 0,
          "frame sampling: expected rates above 0, got {} frames a second of a video of {}", rate, fps);
  const double duration_s = static_cast<double>(total) / fps;
  const double step_s = 1 / rate;
  // numpy.arange(start, stop, step): as many values as fit, with the difference of the first two as the step.
  const double start = step_s / 2;
  const double size = std::ceil((duration_s + step_s / 2 - start) / step_s);
  require(size <= static_cast<double>(kMaxSamples),
          "frame sampling: {} frames a second of a video of {} s are more than {} frames; lower the rate", rate,
          duration_s, kMaxSamples);
  const double difference = (start + step_s) - start;
  std::vector<int64_t> indices;
  for (int64_t i = 0; i < static_cast<int64_t>(size); ++i) {
    if (max_count > 0 && static_cast<int64_t>(indices.size()) == max_count) break;
    const double second = start + static_cast<double>(i) * difference;
    const auto index = static_cast<int64_t>(std::nearbyint(second * fps));  // halves to even
    if (index < total) indices.push_back(index);
  }
  return indices;
}

FrameRule frame_rule_named(std::string_view name) {
  if (name == "rand") return {FrameRule::Kind::kRandom};
  if (name == "middle") return {FrameRule::Kind::kMiddle};
  if (name == "fix_start") return {FrameRule::Kind::kFixedStart};
  if (name.starts_with("fix_start")) {
    const double offset = number_after("fix_start", name);
    require(offset >= 0 && offset < 1e15 && offset == std::floor(offset),
            "frame sampling '{}': expected a whole number of frames from 0", name);
    return {FrameRule::Kind::kFixedStart, static_cast<int64_t>(offset)};
  }
  if (name.starts_with("fps")) {
    const double rate = number_after("fps", name);
    require(rate > 0, "frame sampling '{}': expected a rate above 0", name);
    return {FrameRule::Kind::kByRate, 0, rate};
  }
  fail("frame sampling: expected 'rand', 'middle', 'fix_start<frames>' or 'fps<rate>', got '{}'", name);
}

std::vector<int64_t> sample_frames(const FrameRule& rule, int64_t total, int64_t count, double fps,
                                   PythonRandom& random, NumpyRandom& numpy_random) {
  switch (rule.kind) {
    case FrameRule::Kind::kRandom:
      return sample_random(total, count, random, numpy_random);
    case FrameRule::Kind::kMiddle:
      return sample_middle(total, count);
    case FrameRule::Kind::kFixedStart:
      return sample_fixed_start(total, count, rule.offset);
    case FrameRule::Kind::kByRate:
      return sample_by_rate(total, fps, rule.rate, count);
  }
  EPALM_ASSERT(false);
  return {};
}

}  // namespace epalm::media
