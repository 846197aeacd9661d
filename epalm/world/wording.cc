#include "epalm/world/wording.h"

#include "epalm/world/words.h"

namespace epalm::world {

std::string ordinal(size_t position) {
  return word_of(kOrdinals, static_cast<int>(position));
}

std::string listed(const std::vector<std::string>& parts) {
  std::string text = parts.front();
  for (size_t i = 1; i < parts.size(); ++i) text += (i + 1 == parts.size() ? " and " : ", ") + parts[i];
  return text;
}

std::string sentences(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : " ") + part + ".";
  return text;
}

std::string counted(int count, const std::string& thing) {
  return number_word(count) + " " + thing + (count == 1 ? "" : "s");
}

std::string numbered(const std::vector<std::string>& parts, const std::vector<std::string>& leads,
                     PythonRandom& random) {
  std::vector<std::string> numbered_parts;
  for (size_t i = 0; i < parts.size(); ++i) numbered_parts.push_back(ordinal(i) + " " + parts[i]);
  const std::string lead = coin(random) ? "" : random.choice(leads);
  switch (random.randrange(3)) {
    case 0:
      return lead + sentences(numbered_parts);
    case 1:
      return lead + listed(numbered_parts) + ".";
    default:
      return lead + chained(numbered_parts, {", "}, random) + ".";
  }
}

std::string chained(const std::vector<std::string>& parts, const std::vector<std::string>& joints,
                    PythonRandom& random) {
  const std::string& joint = random.choice(joints);
  std::string text = parts.front();
  for (size_t i = 1; i < parts.size(); ++i) text += joint + parts[i];
  return text;
}

}  // namespace epalm::world
