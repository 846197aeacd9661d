#include "epalm/train/schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "epalm/base/error.h"

namespace epalm::train {
namespace {

using testing::ElementsAre;

std::vector<ParameterGroup> two_groups() {
  return {{"a", 1.0, 0, {}}, {"b", 3.0, 0, {}}};
}

std::vector<double> rates(const std::vector<ParameterGroup>& groups) {
  return {groups[0].lr, groups[1].lr};
}

const ScheduleSettings kWarm{.epochs = 4, .min_lr = 0.5, .warmup_lr = 0.0, .warmup_epochs = 2, .step_size = 10};

TEST(Schedule, RisesInEpochZeroAndFallsFromEpochOne) {
  auto groups = two_groups();
  const Schedule schedule(kWarm, kCausal, groups);
  EXPECT_THAT(rates(groups), ElementsAre(0, 0));
  schedule.start_epoch(0, groups);
  schedule.after_step(0, 0, groups);
  EXPECT_THAT(rates(groups), ElementsAre(0, 0));
  schedule.after_step(0, 9, groups);
  EXPECT_THAT(rates(groups), ElementsAre(0, 0));
  schedule.after_step(0, 10, groups);
  EXPECT_THAT(rates(groups), ElementsAre(0.5, 1.5));
  schedule.after_step(0, 20, groups);
  EXPECT_THAT(rates(groups), ElementsAre(1, 3));
  schedule.after_step(0, 30, groups);
  EXPECT_THAT(rates(groups), ElementsAre(1, 3));
  schedule.start_epoch(2, groups);
  // Half way: the mean of base and minimum; cos(pi/2) is 6e-17 in double arithmetic.
  EXPECT_NEAR(groups[0].lr, 0.75, 1e-15);
  EXPECT_NEAR(groups[1].lr, 1.75, 1e-15);
  schedule.after_step(2, 10, groups);
  EXPECT_NEAR(groups[0].lr, 0.75, 1e-15) << "only epoch 0 warms up";
  schedule.start_epoch(4, groups);
  EXPECT_THAT(rates(groups), ElementsAre(0.5, 0.5));
}

TEST(Schedule, UnderReferenceOnlyListedGroupsFollow) {
  ScheduleSettings settings = kWarm;
  auto groups = two_groups();
  const Schedule none(settings, kReference, groups);
  none.start_epoch(3, groups);
  EXPECT_THAT(rates(groups), ElementsAre(1, 3));

  settings.scheduler_groups = {1};
  const Schedule second(settings, kReference, groups);
  EXPECT_THAT(rates(groups), ElementsAre(1, 0));
  second.start_epoch(4, groups);
  EXPECT_THAT(rates(groups), ElementsAre(1, 0.5));
}

TEST(Schedule, WithoutWarmupStartsAtTheBaseRate) {
  auto groups = two_groups();
  const Schedule schedule({.epochs = 2}, kCausal, groups);
  EXPECT_THAT(rates(groups), ElementsAre(1, 3));
  schedule.start_epoch(0, groups);
  schedule.after_step(0, 0, groups);
  EXPECT_THAT(rates(groups), ElementsAre(1, 3));
}

TEST(Schedule, RestartsInLongerAndLowerCycles) {
  auto groups = two_groups();
  const Schedule schedule({.epochs = 2, .decay_rate = 0.5, .lr_cycle_mul = 2, .lr_cycle_limit = 2}, kCausal, groups);
  // Cycles of 2 and 4 epochs, the second half as high.
  EXPECT_THAT(schedule.rates(0), ElementsAre(1, 3));
  EXPECT_THAT(schedule.rates(2), ElementsAre(0.5, 1.5));
  EXPECT_NEAR(schedule.rates(4)[0], 0.25, 1e-15);
  EXPECT_THAT(schedule.rates(6), ElementsAre(0, 0));
}

TEST(Schedule, NoiseIsBoundedRepeatableAndLimitedToItsRange) {
  auto groups = two_groups();
  ScheduleSettings settings{.epochs = 10};
  const Schedule plain(settings, kCausal, groups);
  settings.lr_noise = std::pair(0.5, std::numeric_limits<double>::infinity());
  settings.lr_noise_pct = 0.3;
  const Schedule noisy(settings, kCausal, groups);
  EXPECT_EQ(noisy.rates(4), plain.rates(4));
  for (int64_t t = 5; t < 9; ++t) {
    const double factor = noisy.rates(t)[0] / plain.rates(t)[0];
    EXPECT_NE(factor, 1);
    EXPECT_LT(std::abs(factor - 1), 0.3);
    EXPECT_EQ(noisy.rates(t), noisy.rates(t));
    EXPECT_NEAR(noisy.rates(t)[1] / plain.rates(t)[1], factor, 1e-14) << "one draw for all groups, up to rounding";
  }
}

TEST(Schedule, ResumesWithTheBaseRatesOfTheRun) {
  auto groups = two_groups();
  const Schedule whole(kWarm, kCausal, groups);
  whole.start_epoch(2, groups);
  auto resumed_groups = groups;
  Schedule resumed(kWarm, kCausal, resumed_groups);
  resumed.set_base_rates(whole.base_rates());
  whole.start_epoch(3, groups);
  resumed.start_epoch(3, resumed_groups);
  EXPECT_EQ(rates(groups), rates(resumed_groups));
  EXPECT_THROW(resumed.set_base_rates({1}), Error);
}

TEST(Schedule, LinearFallsByTheSameEveryEpoch) {
  auto groups = two_groups();
  const Schedule schedule({.decay = Decay::kLinear, .epochs = 4, .min_lr = 0.5}, kCausal, groups);
  EXPECT_THAT(schedule.rates(0), ElementsAre(1, 3));
  EXPECT_THAT(schedule.rates(1), ElementsAre(0.875, 2.375));
  EXPECT_THAT(schedule.rates(4), ElementsAre(0.5, 0.5));
  EXPECT_THAT(schedule.rates(9), ElementsAre(0.5, 0.5));
}

TEST(Schedule, StepDecaysEverySoManyEpochs) {
  auto groups = two_groups();
  const Schedule schedule({.decay = Decay::kStep, .epochs = 9, .decay_rate = 0.5, .decay_epochs = 2}, kCausal, groups);
  EXPECT_THAT(schedule.rates(1), ElementsAre(1, 3));
  EXPECT_THAT(schedule.rates(2), ElementsAre(0.5, 1.5));
  EXPECT_THAT(schedule.rates(5), ElementsAre(0.25, 0.75));
}

TEST(Schedule, ConstantStaysAfterTheWarmup) {
  auto groups = two_groups();
  const Schedule schedule({.decay = Decay::kConstant, .epochs = 4, .warmup_epochs = 2}, kCausal, groups);
  EXPECT_THAT(schedule.rates(1), ElementsAre(0.5, 1.5));
  EXPECT_THAT(schedule.rates(2), ElementsAre(1, 3));
  EXPECT_THAT(schedule.rates(99), ElementsAre(1, 3));
}

const ScheduleSettings kPlateau{
    .decay = Decay::kPlateau, .epochs = 9, .min_lr = 0.4, .decay_rate = 0.5, .patience_epochs = 1};

TEST(Schedule, PlateauDecaysOnceTheScoreStopsGrowing) {
  auto groups = two_groups();
  Schedule schedule(kPlateau, kCausal, groups);
  const auto after = [&](double score) {
    schedule.after_validation(score);
    return schedule.rates(1);
  };
  EXPECT_THAT(after(10), ElementsAre(1, 3));
  EXPECT_THAT(after(10.0005), ElementsAre(1, 3)) << "grew by less than the threshold of 1e-4";
  EXPECT_THAT(after(9), ElementsAre(0.5, 1.5));
  EXPECT_THAT(after(11), ElementsAre(0.5, 1.5));
  EXPECT_THAT(after(11), ElementsAre(0.5, 1.5));
  EXPECT_THAT(after(11), ElementsAre(0.4, 0.75)) << "not below min_lr";
}

TEST(Schedule, PlateauResumesFromItsState) {
  auto groups = two_groups();
  Schedule whole(kPlateau, kCausal, groups);
  for (const double score : {5.0, 4.0, 4.0, 4.0}) whole.after_validation(score);
  auto resumed_groups = two_groups();
  Schedule resumed(kPlateau, kCausal, resumed_groups);
  resumed.set_plateau(whole.plateau());
  for (const double score : {4.0, 6.0, 5.0, 5.0}) {
    whole.after_validation(score);
    resumed.after_validation(score);
    EXPECT_EQ(whole.rates(3), resumed.rates(3));
  }
  EXPECT_THROW(resumed.set_plateau({.rates = {1}}), Error);
}

TEST(Schedule, NamesTheOnesItKnows) {
  EXPECT_EQ(decay_named("plateau"), Decay::kPlateau);
  try {
    decay_named("tanh");
    FAIL() << "expected an Error";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "schedular.sched: expected one of cosine, linear, step, plateau, constant; got 'tanh'");
  }
}

TEST(Schedule, RefusesSettingsOutOfRange) {
  auto groups = two_groups();
  EXPECT_THROW(Schedule({.epochs = 0}, kCausal, groups), Error);
  EXPECT_THROW(Schedule({.min_lr = -1}, kCausal, groups), Error);
  EXPECT_THROW(Schedule({.warmup_epochs = -1}, kCausal, groups), Error);
  EXPECT_THROW(Schedule({.step_size = 0}, kCausal, groups), Error);
  EXPECT_THROW(Schedule({.scheduler_groups = {2}}, kReference, groups), Error);
  EXPECT_THROW(Schedule({.lr_cycle_mul = 0.5}, kCausal, groups), Error);
  EXPECT_THROW(Schedule({.decay = Decay::kStep, .decay_rate = 1}, kCausal, groups), Error);
  EXPECT_THROW(Schedule({.decay_epochs = 0}, kCausal, groups), Error);
  EXPECT_THROW(Schedule({.patience_epochs = -1}, kCausal, groups), Error);
}

}  // namespace
}  // namespace epalm::train
