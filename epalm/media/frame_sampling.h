#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "epalm/base/numpy_random.h"
#include "epalm/base/python_random.h"

// Which frames of a video stand for it (SPEC.md §7.2): pure functions on counts. `total` >= 1 frames, `count` >= 1
// wanted; Error otherwise. Except for sample_by_rate, a video is cut into min(count, total) intervals, each gives one
// index, and a shorter video is padded with its last index, so that always `count` indices in ascending order come
// back.
namespace epalm::media {

// The middle of each interval: what evaluation under causal semantics uses.
std::vector<int64_t> sample_middle(int64_t total, int64_t count);

// `offset` frames after the start of each interval, which must stay inside the video.
std::vector<int64_t> sample_fixed_start(int64_t total, int64_t count, int64_t offset);

// One frame of each interval, its last one excepted, as published. Where that leaves an interval empty: distinct frames
// of the whole video in ascending order, drawn from `numpy_random`. Equal to the published draws for equal seeds.
std::vector<int64_t> sample_random(int64_t total, int64_t count, PythonRandom& random, NumpyRandom& numpy_random);

// `rate` frames for each second of a video of `fps` frames a second, the first at half a step; the first max_count of
// them where that is above 0. Not padded; empty for a video shorter than half a step.
std::vector<int64_t> sample_by_rate(int64_t total, double fps, double rate, int64_t max_count = 0);

// The samplers as data: `rand`, `middle` and `fps<X>` are the values of sample_type in the configurations.
struct FrameRule {
  enum class Kind { kRandom, kMiddle, kFixedStart, kByRate };
  Kind kind = Kind::kMiddle;
  int64_t offset = 0;  // of kFixedStart
  double rate = 0;     // of kByRate, frames a second
  bool operator==(const FrameRule&) const = default;
};

// `rand`, `middle`, `fix_start<offset>` (0 where left out) or `fps<X>`; Error for anything else.
FrameRule frame_rule_named(std::string_view name);

// count: of frames, for kByRate the most of them. fps: of the video, read for kByRate only.
std::vector<int64_t> sample_frames(const FrameRule& rule, int64_t total, int64_t count, double fps,
                                   PythonRandom& random, NumpyRandom& numpy_random);

}  // namespace epalm::media
