#include "epalm/world/asking.h"

namespace epalm::world {

std::string yes_or_no(bool yes) {
  return yes ? "yes" : "no";
}

std::vector<int> values_where(int count, const std::function<bool(int)>& test) {
  std::vector<int> values;
  for (int value = 0; value < count; ++value) {
    if (test(value)) values.push_back(value);
  }
  return values;
}

}  // namespace epalm::world
