#include "epalm/demo/forecast.h"

#include <gtest/gtest.h>

namespace epalm::demo {
namespace {

TEST(Forecast, BeginsWithWhatIsExpected) {
  Forecast forecast;
  EXPECT_EQ(forecast.remaining_s(), 0);
  forecast.expect("a", 100);
  forecast.expect("b", 50);
  EXPECT_EQ(forecast.remaining_s(), 150);
}

TEST(Forecast, SharesAreWeighedByWhatIsExpected) {
  Forecast forecast;
  EXPECT_EQ(forecast.share(), 1);
  forecast.expect("a", 100);
  forecast.expect("b", 300);
  EXPECT_EQ(forecast.expected_s("b"), 300);
  EXPECT_EQ(forecast.expected_s("c"), 0);
  forecast.finish("a");
  forecast.advance("b", 0.5, 10);
  EXPECT_EQ(forecast.share(), 0.625);
}

TEST(Forecast, LearnsHowSlowTheMachineIs) {
  Forecast forecast;
  forecast.expect("a", 1000);
  forecast.expect("b", 1000);
  forecast.advance("a", 0, 0);
  forecast.advance("a", 1, 3000);  // three times as long
  // 1000 expected seconds at 3 for 1, the first 15 of the measurement being trusted to be 1 for 1.
  EXPECT_NEAR(forecast.remaining_s(), 1000 * 3015.0 / 1015.0, 1e-9);
}

TEST(Forecast, AFinishedStageKeepsWhatItTaught) {
  Forecast forecast;
  forecast.expect("a", 1000);
  forecast.expect("b", 1000);
  forecast.advance("a", 0, 0);
  forecast.advance("a", 0.9, 3000);
  forecast.finish("a");
  EXPECT_NEAR(forecast.remaining_s(), 1000 * 3015.0 / 1015.0, 1e-9);
}

TEST(Forecast, WhatIsThereAlreadyTellsNothingAboutTheMachine) {
  Forecast forecast;
  for (const char* stage : {"done", "half", "open"}) forecast.expect(stage, 1000);
  forecast.finish("done");
  forecast.advance("half", 0.5, 0);
  EXPECT_EQ(forecast.remaining_s(), 1500);
  forecast.advance("half", 0.6, 100);
  EXPECT_NEAR(forecast.remaining_s(), 1400, 1e-9);  // 1 - 0.6 is not exact
}

TEST(Forecast, NeverGoesBackAndIgnoresTheUnexpected) {
  Forecast forecast;
  forecast.expect("a", 10);
  forecast.advance("a", 0, 0);
  forecast.advance("a", 2, 10);
  EXPECT_EQ(forecast.remaining_s(), 0);
  forecast.advance("a", 0.5, 11);
  forecast.advance("b", 0.5, 11);
  forecast.finish("b");
  EXPECT_EQ(forecast.remaining_s(), 0);
}

}  // namespace
}  // namespace epalm::demo
