#include "epalm/world/asking.h"

namespace epalm::world {

std::string yes_or_no(bool yes) {
  return yes ? "yes" : "no";
}

Question count_question(PythonRandom& random, const std::string& things, const std::string& perceived, int count,
                        const std::string& type) {
  return {pick(random, {"how many " + things + " are there", "how many " + things + " " + perceived}),
          std::to_string(count), kNumber, type};
}

std::vector<int> values_where(int count, const std::function<bool(int)>& test) {
  std::vector<int> values;
  for (int value = 0; value < count; ++value) {
    if (test(value)) values.push_back(value);
  }
  return values;
}

}  // namespace epalm::world
