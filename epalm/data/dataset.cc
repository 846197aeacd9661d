#include "epalm/data/dataset.h"

namespace epalm::data {
namespace {

// SplitMix64's finaliser: neighbouring inputs give unrelated seeds.
uint64_t mixed(uint64_t x) {
  x += 0x9E3779B97F4A7C15;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
  return x ^ (x >> 31);
}

}  // namespace

std::string drawn_answer(const metrics::AnswerScores& label, NumpyRandom& random) {
  double total = 0;
  for (const auto& [answer, score] : label) total += score;
  if (!(total > 0)) return "";
  std::vector<double> probabilities;
  for (const auto& [answer, score] : label) probabilities.push_back(score / total);
  return label[random.draw(probabilities)].first;
}

Sample AnswerDraw::get(int64_t index) const {
  Sample sample = base_.get(index);
  NumpyRandom random(
      static_cast<uint32_t>(mixed(mixed(mixed(seed_) + static_cast<uint64_t>(epoch_)) + static_cast<uint64_t>(index))));
  sample.answer = drawn_answer(sample.label, random);
  return sample;
}

}  // namespace epalm::data
