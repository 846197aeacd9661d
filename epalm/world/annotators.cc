#include "epalm/world/annotators.h"

#include <algorithm>
#include <array>

#include "epalm/base/error.h"
#include "epalm/world/words.h"

namespace epalm::world {
namespace {

struct Entry {
  std::string answer;
  std::string synonym;  // empty: people have no other word
};

// Answers that could be taken for each other: a wrong one is drawn from the same list.
struct Sort {
  std::vector<Medium> media;
  std::vector<Entry> entries;
};

const std::vector<Sort>& sorts() {
  constexpr Medium kImage = Medium::kImage;
  constexpr Medium kVideo = Medium::kVideo;
  constexpr Medium kAudio = Medium::kAudio;
  static const std::vector<Sort> kSorts = {
      {{kImage, kVideo, kAudio}, {{"yes", ""}, {"no", ""}}},
      {{kImage, kVideo, kAudio}, {{"0", "zero"}, {"1", "one"}, {"2", "two"}, {"3", "three"}}},
      {{kImage, kVideo},
       {{"red", ""},
        {"green", ""},
        {"blue", ""},
        {"yellow", ""},
        {"purple", "violet"},
        {"orange", ""},
        {"white", ""},
        {"gray", "grey"}}},
      {{kImage, kVideo},
       {{"circle", "disc"},
        {"square", "box"},
        {"triangle", ""},
        {"star", ""},
        {"cross", "plus"},
        {"diamond", "rhombus"}}},
      {{kImage}, {{"small", "little"}, {"big", "large"}}},
      {{kImage},
       {{"top left", "upper left"},
        {"top right", "upper right"},
        {"bottom left", "lower left"},
        {"bottom right", "lower right"}}},
      {{kVideo},
       {{"moves left", "goes left"},
        {"moves right", "goes right"},
        {"moves up", "goes up"},
        {"moves down", "goes down"},
        {"grows", "gets bigger"},
        {"shrinks", "gets smaller"}}},
      {{kVideo, kAudio}, {{"first", ""}, {"second", ""}, {"third", ""}}},
      {{kAudio}, {{"beep", "tone"}, {"sweep", ""}, {"click", "tick"}, {"noise", "hiss"}, {"chord", ""}, {"trill", ""}}},
      {{kAudio}, {{"low", "deep"}, {"middle", ""}, {"high", ""}}},
      {{kAudio}, {{"quiet", "soft"}, {"loud", ""}}},
      {{kAudio}, {{"short", "brief"}, {"long", ""}}}};
  return kSorts;
}

// Every entry of the medium in its order.
template <typename Function>
void for_each_entry(Medium medium, Function function) {
  for (const Sort& sort : sorts()) {
    if (std::find(sort.media.begin(), sort.media.end(), medium) == sort.media.end()) continue;
    for (const Entry& entry : sort.entries) function(entry);
  }
}

// Made once for each medium.
template <typename T, typename Make>
const std::vector<T>& of_medium(Medium medium, Make make) {
  static const std::array<std::vector<T>, 3> kLists = {make(Medium::kImage), make(Medium::kVideo),
                                                       make(Medium::kAudio)};
  return kLists.at(static_cast<size_t>(medium));
}

// How many of the ten do not give the answer itself: none for 70 % of the questions, at most three.
int draw_dissenters(PythonRandom& random) {
  const int64_t roll = random.randrange(100);
  return roll < 70 ? 0 : roll < 90 ? 1 : roll < 97 ? 2 : 3;
}

}  // namespace

std::vector<std::string> annotators(const Question& question, PythonRandom& random) {
  for (const auto& [media, sort] : sorts()) {
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

const std::vector<std::string>& all_answers(Medium medium) {
  return of_medium<std::string>(medium, [](Medium m) {
    std::vector<std::string> answers;
    for_each_entry(m, [&](const Entry& entry) { answers.push_back(entry.answer); });
    for (const auto& [answer, synonym] : synonyms(m)) answers.push_back(synonym);
    return answers;
  });
}

const std::vector<std::pair<std::string, std::string>>& synonyms(Medium medium) {
  return of_medium<std::pair<std::string, std::string>>(medium, [](Medium m) {
    std::vector<std::pair<std::string, std::string>> pairs;
    for_each_entry(m, [&](const Entry& entry) {
      if (!entry.synonym.empty()) pairs.emplace_back(entry.answer, entry.synonym);
    });
    return pairs;
  });
}

}  // namespace epalm::world
