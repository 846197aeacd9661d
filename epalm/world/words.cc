#include "epalm/world/words.h"

#include <fmt/format.h>

#include <string_view>

namespace epalm::world {

std::string pick(PythonRandom& random, std::initializer_list<std::string> wordings) {
  return *(wordings.begin() + random.randrange(static_cast<int64_t>(wordings.size())));
}

bool coin(PythonRandom& random) {
  return random.randrange(2) == 0;
}

std::string colour_word(int colour) {
  return std::string(kColours.at(static_cast<size_t>(colour)));
}

std::string shape_word(int shape) {
  return std::string(kShapes.at(static_cast<size_t>(shape)));
}

std::string plural_word(int shape) {
  const std::string word = shape_word(shape);
  return word + (word.ends_with("ss") ? "es" : "s");
}

std::string size_word(int size) {
  return std::string(kSizes.at(static_cast<size_t>(size)));
}

std::string place_word(int place) {
  return std::string(kPlaces.at(static_cast<size_t>(place)));
}

std::string number_word(int number) {
  constexpr std::array<std::string_view, 4> kNumbers = {"zero", "one", "two", "three"};
  return std::string(kNumbers.at(static_cast<size_t>(number)));
}

std::string with_article(const std::string& phrase) {
  const bool vowel = std::string_view("aeiou").find(phrase.front()) != std::string_view::npos;
  return fmt::format("{} {}", vowel ? "an" : "a", phrase);
}

}  // namespace epalm::world
