#include "epalm/world/annotators.h"

#include <algorithm>

#include "epalm/base/error.h"
#include "epalm/world/words.h"

namespace epalm::world {
namespace {

struct Entry {
  std::string answer;
  std::string synonym;  // empty: people have no other word
};

// Answers that could be taken for each other: a wrong one is drawn from the same list.
using Sort = std::vector<Entry>;

const std::vector<Sort>& sorts() {
  static const std::vector<Sort> kSorts = {{{"yes", ""}, {"no", ""}},
                                           {{"0", "zero"}, {"1", "one"}, {"2", "two"}, {"3", "three"}},
                                           {{"red", ""},
                                            {"green", ""},
                                            {"blue", ""},
                                            {"yellow", ""},
                                            {"purple", "violet"},
                                            {"orange", ""},
                                            {"white", ""},
                                            {"gray", "grey"}},
                                           {{"circle", "disc"},
                                            {"square", "box"},
                                            {"triangle", ""},
                                            {"star", ""},
                                            {"cross", "plus"},
                                            {"diamond", "rhombus"}},
                                           {{"small", "little"}, {"big", "large"}},
                                           {{"top left", "upper left"},
                                            {"top right", "upper right"},
                                            {"bottom left", "lower left"},
                                            {"bottom right", "lower right"}}};
  return kSorts;
}

// How many of the ten do not give the answer itself: none for 70 % of the questions, at most three.
int draw_dissenters(PythonRandom& random) {
  const int64_t roll = random.randrange(100);
  return roll < 70 ? 0 : roll < 90 ? 1 : roll < 97 ? 2 : 3;
}

}  // namespace

std::vector<std::string> annotators(const Question& question, PythonRandom& random) {
  for (const Sort& sort : sorts()) {
    const auto entry =
        std::find_if(sort.begin(), sort.end(), [&](const Entry& e) { return e.answer == question.answer; });
    if (entry == sort.end()) continue;
    std::vector<std::string> answers(kAnnotators, question.answer);
    const int dissenters = draw_dissenters(random);
    for (int i = 0; i < dissenters; ++i) {
      std::string& answer = answers[static_cast<size_t>(i)];
      const bool wrong = random.randrange(4) == 0;
      if (wrong) {
        const auto own = static_cast<int64_t>(entry - sort.begin());
        const int64_t other = random.randrange(static_cast<int64_t>(sort.size()) - 1);
        answer = sort[static_cast<size_t>(other < own ? other : other + 1)].answer;
      } else if (!entry->synonym.empty()) {
        answer = entry->synonym;
      }
    }
    random.shuffle(answers);
    return answers;
  }
  fail("annotators: expected an answer of the tiny world, got `{}`", question.answer);
}

const std::vector<std::string>& all_answers() {
  static const std::vector<std::string> kAnswers = [] {
    std::vector<std::string> answers;
    for (const Sort& sort : sorts()) {
      for (const Entry& entry : sort) answers.push_back(entry.answer);
    }
    for (const auto& [answer, synonym] : synonyms()) answers.push_back(synonym);
    return answers;
  }();
  return kAnswers;
}

const std::vector<std::pair<std::string, std::string>>& synonyms() {
  static const std::vector<std::pair<std::string, std::string>> kSynonyms = [] {
    std::vector<std::pair<std::string, std::string>> pairs;
    for (const Sort& sort : sorts()) {
      for (const Entry& entry : sort) {
        if (!entry.synonym.empty()) pairs.emplace_back(entry.answer, entry.synonym);
      }
    }
    return pairs;
  }();
  return kSynonyms;
}

}  // namespace epalm::world
