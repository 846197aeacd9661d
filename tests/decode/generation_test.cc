#include "epalm/decode/generation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "epalm/base/error.h"
#include "tests/decode/fake_steps.h"

namespace epalm::decode {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr int64_t kEos = 2, kPad = 1;

TEST(Greedy, EndsAtEosAndPadsFinishedRowsWhileTheirMaskGrows) {
  const Step script = scripted_step(8, 2, {{5, kEos}, {6, 7, 3, kEos}});
  std::vector<at::Tensor> masks;
  std::vector<at::Tensor> seen;
  const Step step = [&](const at::Tensor& ids, const at::Tensor& mask, const std::vector<int64_t>& source) {
    masks.push_back(mask);
    seen.push_back(ids);
    return script(ids, mask, source);
  };
  const Generated out = generate(step, int_rows({{2, 4}, {2, 1}}), int_rows({{1, 1}, {1, 0}}), {.max_length = 30});
  EXPECT_THAT(row_of(out.ids, 0), ElementsAre(2, 4, 5, kEos, kPad, kPad));
  EXPECT_THAT(row_of(out.ids, 1), ElementsAre(2, 1, 6, 7, 3, kEos));
  ASSERT_EQ(masks.size(), 4U);
  EXPECT_THAT(row_of(masks.back(), 0), ElementsAre(1, 1, 1, 1, 1));
  EXPECT_THAT(row_of(masks.back(), 1), ElementsAre(1, 0, 1, 1, 1));
  EXPECT_THAT(row_of(seen.back(), 0), ElementsAre(2, 4, 5, kEos, kPad));
}

TEST(Greedy, CountsTheInputInMaxLength) {
  const Generated out =
      generate(constant_step({0, 0, 0, 1}), int_rows({{2, 3, 3}}), int_rows({{1, 1, 1}}), {.max_length = 5});
  EXPECT_THAT(row_of(out.ids, 0), ElementsAre(2, 3, 3, 3, 3));
}

TEST(Greedy, GeneratesOneTokenFromAnInputThatIsTooLong) {
  const Generated out =
      generate(constant_step({0, 0, 0, 1}), int_rows({{2, 3, 3}}), int_rows({{1, 1, 1}}), {.max_length = 2});
  EXPECT_THAT(row_of(out.ids, 0), ElementsAre(2, 3, 3, 3));
}

TEST(Greedy, IgnoresAnEosInsideTheInput) {
  const Generated out =
      generate(constant_step({0, 0, 0, 1}), int_rows({{2, kEos}}), int_rows({{1, 1}}), {.max_length = 4});
  EXPECT_THAT(row_of(out.ids, 0), ElementsAre(2, kEos, 3, 3));
}

TEST(Greedy, ScoresTheLogProbabilityOverTheLengthWithoutEos) {
  // Two tokens of equal logits: every generated token has log-probability -ln 2; ids 0 wins the tie.
  const Generated out =
      generate(constant_step({0, 0}), int_rows({{0}}), int_rows({{1}}), {.max_length = 4, .eos_id = -1});
  EXPECT_FLOAT_EQ(out.scores[0].item<float>(), static_cast<float>(-3 * std::log(2.0) / 4));
  const Generated ended = generate(constant_step({0, 0}), int_rows({{1}}), int_rows({{1}}), {.eos_id = 0});
  EXPECT_FLOAT_EQ(ended.scores[0].item<float>(), static_cast<float>(-std::log(2.0) / 1));
}

TEST(Generate, DroppingFinishedRowsChangesNoToken) {
  for (const int64_t beams : {1, 3}) {
    int64_t rows_kept = 0, rows_dropped = 0;
    const Step model = hashing_step(5, 11);
    const auto counted = [&](int64_t& rows) {
      return [&](const at::Tensor& ids, const at::Tensor& mask, const std::vector<int64_t>& source) {
        rows += ids.size(0);
        return model(ids, mask, source);
      };
    };
    const at::Tensor ids = int_rows({{2, 4, 3}, {2, 0, 1}, {2, 3, 3}, {2, 1, 1}});
    const at::Tensor mask = int_rows({{1, 1, 1}, {1, 1, 0}, {1, 1, 1}, {1, 0, 0}});
    GenerationOptions options{.max_length = 12, .num_beams = beams};
    const Generated kept = generate(counted(rows_kept), ids, mask, options);
    options.drop_finished = true;
    const Generated dropped = generate(counted(rows_dropped), ids, mask, options);
    EXPECT_TRUE(kept.ids.equal(dropped.ids)) << beams << " beams";
    EXPECT_TRUE(kept.scores.equal(dropped.scores)) << beams << " beams";
    EXPECT_LT(rows_dropped, rows_kept) << beams << " beams";
  }
}

TEST(Generate, ABatchEqualsItsSamplesAlone) {
  for (const int64_t beams : {1, 2, 4}) {
    const at::Tensor ids = int_rows({{2, 4, 3}, {2, 0, 4}, {2, 3, 3}});
    const GenerationOptions options{.max_length = 9, .num_beams = beams};
    const Step step = hashing_step(6, 3);
    const Generated batch = generate(step, ids, at::ones_like(ids), options);
    for (int64_t b = 0; b < ids.size(0); ++b) {
      const at::Tensor one = ids.narrow(0, b, 1);
      const Generated alone = generate(step, one, at::ones_like(one), options);
      const int64_t width = alone.ids.size(1);
      EXPECT_TRUE(batch.ids[b].narrow(0, 0, width).equal(alone.ids[0])) << "sample " << b << ", beams " << beams;
      EXPECT_TRUE((batch.ids[b].narrow(0, width, batch.ids.size(1) - width) == kPad).all().item<bool>());
      EXPECT_EQ(batch.scores[b].item<float>(), alone.scores[0].item<float>());
    }
  }
}

TEST(Generate, StreamsEveryTokenAndStopsWhenAskedTo) {
  const Step step = scripted_step(8, 1, {{5, 6, kEos}, {7, 7, 7, 7}});
  const at::Tensor ids = int_rows({{2}, {2}});
  std::vector<std::pair<int64_t, int64_t>> calls;
  const Generated all = generate(step, ids, at::ones_like(ids), {.max_length = 5}, [&](int64_t sample, int64_t token) {
    calls.emplace_back(sample, token);
    return true;
  });
  EXPECT_THAT(calls, ElementsAre(std::pair(0, 5), std::pair(1, 7), std::pair(0, 6), std::pair(1, 7), std::pair(0, kEos),
                                 std::pair(1, 7), std::pair(1, 7)));
  calls.clear();
  const Generated some = generate(step, ids, at::ones_like(ids), {.max_length = 5}, [&](int64_t sample, int64_t token) {
    calls.emplace_back(sample, token);
    return calls.size() < 3;
  });
  EXPECT_EQ(calls.size(), 3U);
  EXPECT_TRUE(some.ids.equal(all.ids.narrow(1, 0, 3)));
}

TEST(Generate, WithBeamsStreamsTheResultAtTheEnd) {
  const Step step = scripted_step(8, 1, {{5, 6, kEos}, {7, 7, 7, 7}});
  const at::Tensor ids = int_rows({{2}, {2}});
  std::vector<std::vector<int64_t>> streamed(2);
  generate(step, ids, at::ones_like(ids), {.max_length = 5, .num_beams = 2}, [&](int64_t sample, int64_t token) {
    streamed[sample].push_back(token);
    return true;
  });
  EXPECT_THAT(streamed[0], ElementsAre(5, 6, kEos));
  EXPECT_THAT(streamed[1], ElementsAre(7, 7, 7, 7));
}

TEST(Generate, RefusesLogitsThatAreNotNumbers) {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    for (const int64_t beams : {1, 2}) {
      for (const bool sample : {false, true}) {
        try {
          generate(constant_step({0, bad, 1, 0}), int_rows({{2}}), int_rows({{1}}),
                   {.num_beams = beams, .do_sample = sample});
          FAIL() << "expected an Error";
        } catch (const Error& error) {
          EXPECT_THAT(error.what(), HasSubstr("finite"));
        }
      }
    }
  }
}

TEST(Generate, RefusesOptionsOutOfRange) {
  const auto with = [](const GenerationOptions& options) {
    return [options] { generate(constant_step({0, 1}), int_rows({{0}}), int_rows({{1}}), options); };
  };
  EXPECT_THROW(with({.max_length = 0})(), Error);
  EXPECT_THROW(with({.num_beams = 0})(), Error);
  EXPECT_THROW(with({.temperature = 0})(), Error);
  EXPECT_THROW(with({.top_k = -1})(), Error);
  EXPECT_THROW(with({.top_p = 0})(), Error);
  EXPECT_THROW(with({.top_p = 1.5})(), Error);
  EXPECT_THROW(with({.length_penalty = std::numeric_limits<double>::infinity()})(), Error);
}

TEST(Generate, GivesNothingForAnEmptyBatch) {
  const at::Tensor none = at::zeros({0, 3}, at::kLong);
  EXPECT_EQ(generate(constant_step({0, 1}), none, none, {}).ids.size(0), 0);
}

}  // namespace
}  // namespace epalm::decode
