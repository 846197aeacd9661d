#include "epalm/decode/sampling.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/decode/fake_steps.h"

namespace epalm::decode {
namespace {

using testing::ElementsAre;

constexpr float kNever = -INFINITY;

std::vector<float> warped(std::vector<float> scores, const GenerationOptions& options, int64_t min_tokens = 1) {
  const at::Tensor out = warp_scores(at::tensor(scores).unsqueeze(0), options, min_tokens).contiguous();
  return {out.data_ptr<float>(), out.data_ptr<float>() + out.numel()};
}

TEST(WarpScores, ChangesNothingWhenEverythingIsOff) {
  EXPECT_THAT(warped({1, 3, 2}, {.top_k = 0}), ElementsAre(1, 3, 2));
}

TEST(WarpScores, DividesByTheTemperature) {
  EXPECT_THAT(warped({1, 3, 2}, {.temperature = 0.5, .top_k = 0}), ElementsAre(2, 6, 4));
}

TEST(WarpScores, KeepsTheTopKAndTheirTies) {
  EXPECT_THAT(warped({1, 3, 2, 2}, {.top_k = 2}), ElementsAre(kNever, 3, 2, 2));
  EXPECT_THAT(warped({1, 3, 2, 0}, {.top_k = 2}), ElementsAre(kNever, 3, 2, kNever));
  EXPECT_THAT(warped({1, 3, 2}, {.top_k = 50}), ElementsAre(1, 3, 2));
  EXPECT_THAT(warped({1, 3, 2}, {.top_k = 1}, 2), ElementsAre(kNever, 3, 2));
}

TEST(WarpScores, KeepsTheTokenThatCrossesTopP) {
  const std::vector<float> logs{std::log(.2F), std::log(.5F), std::log(.3F)};
  EXPECT_THAT(warped(logs, {.top_k = 0, .top_p = 0.4}), ElementsAre(kNever, logs[1], kNever));
  EXPECT_THAT(warped(logs, {.top_k = 0, .top_p = 0.6}), ElementsAre(kNever, logs[1], logs[2]));
  EXPECT_THAT(warped(logs, {.top_k = 0, .top_p = 0.9}), ElementsAre(logs[0], logs[1], logs[2]));
  EXPECT_THAT(warped(logs, {.top_k = 0, .top_p = 0.01}, 2), ElementsAre(kNever, logs[1], logs[2]));
}

// top_p is measured on what temperature and top-k left: of {.5,.3,.2} top_k 2 leaves {.625,.375}.
TEST(WarpScores, AppliesTopPAfterTopK) {
  const std::vector<float> logs{std::log(.2F), std::log(.5F), std::log(.3F)};
  EXPECT_THAT(warped(logs, {.top_k = 2, .top_p = 0.6}), ElementsAre(kNever, logs[1], kNever));
}

// Pearson's statistic of drawn tokens against `probability`.
double chi_square(const at::Tensor& drawn, const std::vector<double>& probability) {
  double statistic = 0;
  const double total = static_cast<double>(drawn.numel());
  for (size_t v = 0; v < probability.size(); ++v) {
    const double seen = static_cast<double>((drawn == static_cast<int64_t>(v)).sum().item<int64_t>());
    if (probability[v] == 0) {
      EXPECT_EQ(seen, 0) << "token " << v << " must never be drawn";
    } else {
      statistic += (seen - total * probability[v]) * (seen - total * probability[v]) / (total * probability[v]);
    }
  }
  return statistic;
}

// 40,000 draws of 4 tokens: the statistic follows chi-square with at most 3 degrees of freedom, which exceeds 30 with
// probability 1.4e-6; the seed is fixed, so the test either always or never passes.
TEST(Sampling, DrawsTokensAsOftenAsTheirProbabilitySays) {
  const Step step = constant_step({std::log(.4F), std::log(.3F), std::log(.2F), std::log(.1F)});
  const at::Tensor ids = at::zeros({4000, 1}, at::kLong);
  const auto drawn = [&](GenerationOptions options) {
    options.max_length = 11;
    options.do_sample = true;
    options.eos_id = -1;
    return generate(step, ids, at::ones_like(ids), options).ids.narrow(1, 1, 10);
  };
  EXPECT_LT(chi_square(drawn({.top_k = 0}), {.4, .3, .2, .1}), 30);
  EXPECT_LT(chi_square(drawn({.top_k = 2}), {4. / 7, 3. / 7, 0, 0}), 30);
  EXPECT_LT(chi_square(drawn({.top_k = 0, .top_p = 0.8}), {4. / 9, 3. / 9, 2. / 9, 0}), 30);
  // Temperature 0.5 squares the probabilities: .16, .09, .04, .01 of .30.
  EXPECT_LT(chi_square(drawn({.temperature = 0.5, .top_k = 0}), {16. / 30, 9. / 30, 4. / 30, 1. / 30}), 30);
}

TEST(Sampling, WithTopKOneIsGreedySearch) {
  const Step step = hashing_step(7, 21);
  const at::Tensor ids = int_rows({{2, 4}, {2, 3}});
  const Generated greedy = generate(step, ids, at::ones_like(ids), {.max_length = 10});
  const Generated drawn =
      generate(step, ids, at::ones_like(ids), {.max_length = 10, .do_sample = true, .temperature = 3, .top_k = 1});
  EXPECT_TRUE(greedy.ids.equal(drawn.ids));
  EXPECT_TRUE(greedy.scores.equal(drawn.scores));
}

TEST(Sampling, RepeatsWithTheSeed) {
  const at::Tensor ids = at::zeros({1, 1}, at::kLong);
  const auto drawn = [&](uint64_t seed) {
    return generate(constant_step(std::vector<float>(50, 0.0F)), ids, at::ones_like(ids),
                    {.max_length = 20, .do_sample = true, .seed = seed, .eos_id = -1})
        .ids;
  };
  EXPECT_TRUE(drawn(7).equal(drawn(7)));
  EXPECT_FALSE(drawn(7).equal(drawn(8)));
}

}  // namespace
}  // namespace epalm::decode
