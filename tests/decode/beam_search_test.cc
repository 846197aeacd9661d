#include "epalm/decode/beam_search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "tests/decode/fake_steps.h"

namespace epalm::decode {
namespace {

using testing::ElementsAre;

constexpr int64_t kEos = 2;

TEST(BeamSearch, WithOneBeamFindsWhatGreedySearchFinds) {
  for (uint64_t salt = 0; salt < 20; ++salt) {
    const Step step = hashing_step(5, salt);
    const at::Tensor ids = int_rows({{2, 4}, {2, 3}});
    const GenerationOptions options{.max_length = 8};
    const Generated greedy = generate(step, ids, at::ones_like(ids), options);
    const Generated beam = beam_search(step, ids, at::ones_like(ids), options, {});
    EXPECT_TRUE(greedy.scores.equal(beam.scores));
    for (int64_t b = 0; b < 2; ++b) {
      const int64_t common = std::min(greedy.ids.size(1), beam.ids.size(1));
      EXPECT_TRUE(greedy.ids[b].narrow(0, 0, common).equal(beam.ids[b].narrow(0, 0, common))) << "salt " << salt;
    }
  }
}

// Best normalised log-probability over every sequence of the fake model, by enumeration.
struct Exhaustive {
  const Step& step;
  int64_t vocabulary, max_length;
  double length_penalty;
  double best = -INFINITY;
  std::vector<int64_t> ids;

  void visit(const std::vector<int64_t>& prefix, double log_probability) {
    if (static_cast<int64_t>(prefix.size()) == max_length) return offer(prefix, prefix.size(), log_probability);
    const at::Tensor row = int_rows({prefix});
    const at::Tensor next = step(row, at::ones_like(row), {0}).to(at::kDouble).log_softmax(-1)[0];
    for (int64_t v = 0; v < vocabulary; ++v) {
      std::vector<int64_t> longer = prefix;
      longer.push_back(v);
      const double sum = log_probability + next[v].item<double>();
      if (v == kEos) {
        offer(longer, prefix.size(), sum);
      } else {
        visit(longer, sum);
      }
    }
  }

  void offer(const std::vector<int64_t>& sequence, size_t length, double log_probability) {
    const double score = log_probability / std::pow(static_cast<double>(length), length_penalty);
    if (score > best) {
      best = score;
      ids = sequence;
    }
  }
};

// With at least V^new beams no sequence is ever dropped, so the search must find the best of all.
TEST(BeamSearch, FindsTheBestOfAllSequencesWhenTheBeamsHoldThemAll) {
  constexpr int64_t kVocabulary = 4, kNew = 3;
  std::map<size_t, int> lengths;
  for (uint64_t salt = 0; salt < 12; ++salt) {
    const double penalty = salt % 3 == 0 ? 0.0 : salt % 3 == 1 ? 1.0 : 2.5;
    const Step step = hashing_step(kVocabulary, salt, 4.0F);
    const std::vector<int64_t> input{2, 3};
    Exhaustive all{step, kVocabulary, static_cast<int64_t>(input.size()) + kNew, penalty, -INFINITY, {}};
    all.visit(input, 0);
    const at::Tensor ids = int_rows({input});
    const Generated out = generate(step, ids, at::ones_like(ids),
                                   {.max_length = all.max_length, .num_beams = 64, .length_penalty = penalty});
    std::vector<int64_t> found = row_of(out.ids, 0);
    EXPECT_EQ(found, all.ids) << "salt " << salt;
    // Three float32 log-probabilities of magnitude below 8 are summed: error below 3 * 8 * 2^-23, plus softmax rounding
    // of the same order, before the division by at least 1.
    EXPECT_NEAR(out.scores[0].item<double>(), all.best, 1e-5);
    ++lengths[all.ids.size()];
  }
  EXPECT_GT(lengths.size(), 1U) << "the cases should include sequences ended early";
}

// Vocabulary {0, pad 1, eos 2, 3}; a negative length penalty makes the one-token hypothesis "eos at once" win wherever
// it is counted: ranked second (of k = 2) it is, ranked third it is not.
TEST(BeamSearch, IgnoresAnEosRankedBelowTheBeams) {
  const at::Tensor ids = int_rows({{0}});
  const GenerationOptions options{.max_length = 2, .num_beams = 2, .length_penalty = -5};
  const Generated second = generate(constant_step({5, -20, 4, 3}), ids, at::ones_like(ids), options);
  EXPECT_THAT(row_of(second.ids, 0), ElementsAre(0, kEos));
  const Generated third = generate(constant_step({5, -20, 3, 4}), ids, at::ones_like(ids), options);
  EXPECT_THAT(row_of(third.ids, 0), ElementsAre(0, 0));
}

// One new token; eos leads with probability p, so the hypothesis [0] scores ln(p)/1 and the open beams ln(q)/2 each.
TEST(BeamSearch, CountsLengthsWithInputAndWithoutEos) {
  const at::Tensor ids = int_rows({{0}});
  // p = 0.5, q = 0.3, r = 0.2: ln(.5) = -.693 < ln(.3)/2 = -.602, so the longer sequence wins although eos is likelier.
  const Step step = constant_step({std::log(.3F), -40, std::log(.5F), std::log(.2F)});
  const GenerationOptions options{.max_length = 2, .num_beams = 2};
  const Generated out = generate(step, ids, at::ones_like(ids), options);
  EXPECT_THAT(row_of(out.ids, 0), ElementsAre(0, 0));
  EXPECT_FLOAT_EQ(out.scores[0].item<float>(), std::log(.3F) / 2);
  GenerationOptions unpenalised = options;
  unpenalised.length_penalty = 0;
  EXPECT_THAT(row_of(generate(step, ids, at::ones_like(ids), unpenalised).ids, 0), ElementsAre(0, kEos));
}

TEST(BeamSearch, PadsToTheLongestPlusOneWithinMaxLength) {
  // Sample 0 ends after one token, sample 1 after three.
  const Step step = scripted_step(8, 1, {{5, kEos}, {5, 6, 7, kEos}});
  const at::Tensor ids = int_rows({{0}, {0}});
  const Generated roomy = generate(step, ids, at::ones_like(ids), {.max_length = 9, .num_beams = 2});
  EXPECT_THAT(row_of(roomy.ids, 0), ElementsAre(0, 5, kEos, 1, 1));
  EXPECT_THAT(row_of(roomy.ids, 1), ElementsAre(0, 5, 6, 7, kEos));
  const Generated tight = generate(step, ids, at::ones_like(ids), {.max_length = 4, .num_beams = 2});
  EXPECT_THAT(row_of(tight.ids, 1), ElementsAre(0, 5, 6, 7));
}

TEST(BeamSearch, GeneratesOneTokenFromAnInputThatIsTooLong) {
  const at::Tensor ids = int_rows({{0, 3, 3}});
  const Generated out =
      generate(constant_step({0, -9, -9, 2}), ids, at::ones_like(ids), {.max_length = 3, .num_beams = 2});
  EXPECT_THAT(row_of(out.ids, 0), ElementsAre(0, 3, 3, 3));
}

TEST(BeamSearch, NamesTheSampleOfEveryRow) {
  const Step model = hashing_step(6, 5);
  const Step step = [&](const at::Tensor& ids, const at::Tensor& mask, const std::vector<int64_t>& source) {
    EXPECT_THAT(source, ElementsAre(0, 0, 0, 1, 1, 1));
    for (int64_t n = 0; n < 6; ++n)
      EXPECT_EQ(ids[n][1].item<int64_t>(), 3 + source[n]) << "rows stay with their sample";
    return model(ids, mask, source);
  };
  const at::Tensor ids = int_rows({{2, 3}, {2, 4}});
  generate(step, ids, at::ones_like(ids), {.max_length = 6, .num_beams = 3});
}

TEST(BeamSample, RepeatsWithTheSeedAndVariesWithoutIt) {
  const Step step = hashing_step(40, 9, 0.5F);
  const at::Tensor ids = int_rows({{2, 4}, {2, 3}});
  GenerationOptions options{.max_length = 8, .num_beams = 3, .do_sample = true, .seed = 1};
  const Generated first = generate(step, ids, at::ones_like(ids), options);
  EXPECT_TRUE(first.ids.equal(generate(step, ids, at::ones_like(ids), options).ids));
  bool varies = false;
  for (options.seed = 2; options.seed < 6; ++options.seed) {
    const Generated other = generate(step, ids, at::ones_like(ids), options);
    varies = varies || other.ids.size(1) != first.ids.size(1) || !other.ids.equal(first.ids);
  }
  EXPECT_TRUE(varies);
}

// Two tokens stay per beam even for top_k 1, as 2k different continuations of k beams are drawn.
TEST(BeamSample, KeepsEnoughContinuationsUnderTheNarrowestFilters) {
  const at::Tensor ids = int_rows({{0, 0}});
  const Generated out = generate(constant_step({3, 0, -50, 2}), ids, at::ones_like(ids),
                                 {.max_length = 6, .num_beams = 3, .do_sample = true, .top_k = 1, .top_p = 0.01});
  EXPECT_TRUE(((out.ids == 0) | (out.ids == 3)).all().item<bool>());
}

}  // namespace
}  // namespace epalm::decode
