#include "epalm/base/python_random.h"

#include <gtest/gtest.h>

#include "epalm/base/error.h"

namespace epalm {
namespace {

// random.seed(42); [random.random() for _ in range(3)] in CPython.
TEST(PythonRandom, GivesPythonsNumbersForSeed42) {
  PythonRandom random(42);
  EXPECT_EQ(random.random(), 0.6394267984578837);
  EXPECT_EQ(random.random(), 0.025010755222666936);
  EXPECT_EQ(random.random(), 0.27502931836911926);
}

TEST(PythonRandom, ContinuesFromItsState) {
  PythonRandom first(7);
  for (int i = 0; i < 1000; ++i) first.random();
  PythonRandom second(0);
  second.set_state(first.state());
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(first.getrandbits(64), second.getrandbits(64));
}

TEST(PythonRandom, RefusesADamagedState) {
  PythonRandom random(0);
  EXPECT_THROW(random.set_state("1 2 3"), Error);
}

TEST(PythonRandom, SamplesWithoutRepetition) {
  PythonRandom random(3);
  auto sample = random.sample_indices(1000, 1000);
  std::sort(sample.begin(), sample.end());
  for (int64_t i = 0; i < 1000; ++i) ASSERT_EQ(sample[static_cast<size_t>(i)], i);
  EXPECT_THROW(random.sample_indices(3, 4), Error);
}

}  // namespace
}  // namespace epalm
