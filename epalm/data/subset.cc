#include "epalm/data/subset.h"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <unordered_map>

#include "epalm/base/error.h"

namespace epalm::data {
namespace {

std::vector<int64_t> all_indices(int64_t size) {
  std::vector<int64_t> indices(static_cast<size_t>(size));
  std::iota(indices.begin(), indices.end(), 0);
  return indices;
}

std::vector<int64_t> first(std::vector<int64_t> indices, int64_t count) {
  indices.resize(static_cast<size_t>(std::min<int64_t>(count, static_cast<int64_t>(indices.size()))));
  return indices;
}

int64_t share(int64_t size, double fraction) {
  return static_cast<int64_t>(fraction * static_cast<double>(size));
}

// The first count / #types of each question type, type after type in order of first appearance.
std::vector<int64_t> balanced(const SampleList& samples, const std::vector<int64_t>& indices, int64_t count) {
  std::vector<std::vector<int64_t>> groups;
  std::unordered_map<std::string, size_t> group_of;
  for (const int64_t index : indices) {
    const auto [entry, is_new] =
        group_of.try_emplace(samples.samples()[static_cast<size_t>(index)].question_type, groups.size());
    if (is_new) groups.emplace_back();
    groups[entry->second].push_back(index);
  }
  std::vector<int64_t> chosen;
  const int64_t each = groups.empty() ? 0 : count / static_cast<int64_t>(groups.size());
  for (const auto& group : groups) {
    const auto part = first(group, each);
    chosen.insert(chosen.end(), part.begin(), part.end());
  }
  return chosen;
}

}  // namespace

SubsetRule SubsetRule::parse(std::string_view text, std::string_view key) {
  SubsetRule rule;
  const char* end = text.data() + text.size();
  int64_t count = 0;
  if (const auto [stop, error] = std::from_chars(text.data(), end, count); error == std::errc() && stop == end) {
    rule.kind = count > 0 ? Kind::kCount : Kind::kAll;
    rule.count = std::max<int64_t>(count, 0);
    return rule;
  }
  const auto [stop, error] = std::from_chars(text.data(), end, rule.fraction);
  require(error == std::errc() && stop == end && rule.fraction <= 1,
          "{}: expected a number of samples or a fraction up to 1.0, got \"{}\"", key, text);
  rule.kind = rule.fraction > 0 ? Kind::kFraction : Kind::kAll;
  return rule;
}

std::vector<int64_t> vqa_subset(const SampleList& samples, const SubsetRule& rule, uint64_t seed) {
  PythonRandom random(seed);
  if (rule.kind != SubsetRule::Kind::kCount) return plain_subset(samples.size(), rule, random);
  auto indices = all_indices(samples.size());
  random.shuffle(indices);
  if (rule.balance_types) indices = balanced(samples, indices, rule.count);
  return first(std::move(indices), rule.count);
}

std::vector<int64_t> plain_subset(int64_t size, const SubsetRule& rule, PythonRandom& random) {
  switch (rule.kind) {
    case SubsetRule::Kind::kAll:
      return all_indices(size);
    case SubsetRule::Kind::kCount:
      return first(all_indices(size), rule.count);
    case SubsetRule::Kind::kFraction:
      return random.sample_indices(size, share(size, rule.fraction));
  }
  return {};
}

}  // namespace epalm::data
