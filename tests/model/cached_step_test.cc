#include "epalm/model/cached_step.h"

#include <gtest/gtest.h>

#include "tests/model/tiny_model.h"

namespace epalm::model {
namespace {

struct Case {
  const char* name;
  int64_t start, end;  // layers with injected tokens
  Semantics semantics;
};

void PrintTo(const Case& value, std::ostream* out) {
  *out << value.name;
}

class CachedSteps : public testing::TestWithParam<Case> {};

struct Rows {
  at::Tensor ids, mask;
  std::vector<int64_t> samples;
};

// The rows `parents`, each with a token more.
Rows grown(const Rows& rows, const std::vector<int64_t>& parents, const std::vector<int64_t>& tokens) {
  const at::Tensor index = at::tensor(parents);
  const at::Tensor ones = at::ones({index.size(0), 1}, at::kLong);
  Rows result{at::cat({rows.ids.index_select(0, index), at::tensor(tokens).unsqueeze(1)}, 1),
              at::cat({rows.mask.index_select(0, index), ones}, 1),
              {}};
  for (const int64_t parent : parents) result.samples.push_back(rows.samples[static_cast<size_t>(parent)]);
  return result;
}

// Two questions of different length for three media, two rows each, as beams begin.
Rows two_rows_of_three_samples() {
  const at::Tensor ids = at::tensor({3, 5, 6, 3, 7, 1, 3, 5, 6}, at::kLong).view({3, 3});
  const at::Tensor mask = at::tensor({1, 1, 1, 1, 1, 0, 1, 1, 1}, at::kLong).view({3, 3});
  return {ids.repeat_interleave(2, 0), mask.repeat_interleave(2, 0), {0, 0, 1, 1, 2, 2}};
}

// Beams part, change places, are all taken from one, and leave; then come rows that continue nothing.
TEST_P(CachedSteps, GivesTheLogitsOfTheWholePass) {
  const at::NoGradGuard no_grad;
  const EPalm model = tiny_model(injecting(GetParam().start, GetParam().end), GetParam().semantics);
  const at::Tensor features = model.features(image(3));
  CachedStep step(model, features, 9);
  const auto check = [&](const Rows& rows) {
    const at::Tensor plain =
        model.next_token_logits(features.index_select(0, at::tensor(rows.samples)), rows.ids, rows.mask);
    EXPECT_LT(difference(step(rows.ids, rows.mask, rows.samples), plain), kTolerance) << rows.ids;
  };
  Rows rows = two_rows_of_three_samples();
  check(rows);
  rows = grown(rows, {0, 1, 2, 3, 4, 5}, {8, 9, 8, 10, 11, 8});
  check(rows);
  rows = grown(rows, {1, 0, 2, 2, 5, 4}, {4, 4, 12, 13, 9, 9});
  check(rows);
  rows = grown(rows, {0, 1, 5, 4}, {14, 15, 16, 14});
  check(rows);
  check(rows);  // nothing new: every row is one that the cache already holds whole
  rows.ids = rows.ids.clone();
  rows.ids[2][1] = 17;
  check(grown(rows, {2, 1}, {3, 3}));
}

TEST(CachedStep, ReadsTextAloneWithoutFeatures) {
  const at::NoGradGuard no_grad;
  const EPalm model = tiny_model(injecting(1, kLayers), kReference);
  CachedStep step(model, {}, 9);
  Rows rows = two_rows_of_three_samples();
  for (int64_t token = 8; token < 11; ++token) {
    const at::Tensor plain = model.next_token_logits({}, rows.ids, rows.mask);
    EXPECT_LT(difference(step(rows.ids, rows.mask, rows.samples), plain), kTolerance) << rows.ids;
    rows = grown(rows, {0, 1, 2, 3, 4, 5}, {token, 9, 8, 10, token, 8});
  }
}

INSTANTIATE_TEST_SUITE_P(, CachedSteps,
                         testing::Values(Case{"Causal", 1, 3, kCausal}, Case{"CausalFromTheStart", 0, kLayers, kCausal},
                                         Case{"ReferenceToTheEnd", 1, kLayers, kReference},
                                         Case{"ReferenceAllButTheLast", 1, kLayers - 1, kReference},
                                         Case{"ReferenceWithoutReuse", 1, 2, kReference}),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace epalm::model
