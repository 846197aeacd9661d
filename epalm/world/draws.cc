#include "epalm/world/draws.h"

namespace epalm::world {

int draw(PythonRandom& random, int count) {
  return static_cast<int>(random.randrange(count));
}

int between(PythonRandom& random, int low, int high) {
  return static_cast<int>(random.randint(low, high));
}

bool chance(PythonRandom& random, int percent) {
  return draw(random, 100) < percent;
}

int draw_count(PythonRandom& random) {
  const int roll = draw(random, 100);
  return roll < 30 ? 1 : roll < 70 ? 2 : 3;
}

Background draw_background(PythonRandom& random) {
  Background background;
  const int tone = between(random, 12, 78);
  for (int& channel : background.rgb) channel = tone + between(random, -12, 12);
  background.slope_x = between(random, -24, 24);
  background.slope_y = between(random, -24, 24);
  background.blotches = between(random, 0, 14);
  background.noise = between(random, 2, 12);
  return background;
}

std::vector<int> draw_values(PythonRandom& random, int count, int kinds, bool repeat) {
  std::vector<int> values;
  for (const int64_t value : random.sample_indices(kinds, count)) values.push_back(static_cast<int>(value));
  if (!repeat) return values;
  const int always = between(random, 1, count - 1);
  for (int i = 1; i < count; ++i) {
    if (i == always || draw(random, 3) < 2) values[static_cast<size_t>(i)] = values[0];
  }
  return values;
}

}  // namespace epalm::world
