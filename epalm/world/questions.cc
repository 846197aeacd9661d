#include "epalm/world/questions.h"

#include <functional>
#include <optional>

#include "epalm/world/words.h"

namespace epalm::world {
namespace {

constexpr const char* kYesNo = "yes/no";
constexpr const char* kNumber = "number";
constexpr const char* kOther = "other";

using MaybeQuestion = std::optional<Question>;
using Objects = std::vector<Object>;
using Test = std::function<bool(const Object&)>;

std::string yes_or_no(bool yes) {
  return yes ? "yes" : "no";
}

Objects objects_where(const Scene& scene, const Test& test) {
  Objects found;
  for (const Object& object : scene.objects) {
    if (test(object)) found.push_back(object);
  }
  return found;
}

Objects unique_shapes(const Scene& scene) {
  return objects_where(scene, [&](const Object& o) { return count_shape(scene, o.shape) == 1; });
}

Objects unique_colours(const Scene& scene) {
  return objects_where(scene, [&](const Object& o) { return count_colour(scene, o.colour) == 1; });
}

std::vector<int> values_where(int count, const std::function<bool(int)>& test) {
  std::vector<int> values;
  for (int value = 0; value < count; ++value) {
    if (test(value)) values.push_back(value);
  }
  return values;
}

struct Pair {
  int colour;
  int shape;
};

// Half of the time only the candidates that borrow from another object, where there are any: a "no" to a pair whose
// colour and shape both occur can only be found by looking which colour belongs to which shape.
template <typename T>
T draw_tempting(PythonRandom& random, const std::vector<T>& candidates, const std::function<bool(const T&)>& tempts) {
  std::vector<T> tempting;
  for (const T& candidate : candidates) {
    if (tempts(candidate)) tempting.push_back(candidate);
  }
  return coin(random) && !tempting.empty() ? random.choice(tempting) : random.choice(candidates);
}

// A pair that the scene lacks: an object's pair with one attribute altered.
Pair absent_pair(const Scene& scene, PythonRandom& random) {
  std::vector<Pair> altered;
  const auto keep = [&](int colour, int shape) {
    if (!has_pair(scene, colour, shape)) altered.push_back({colour, shape});
  };
  const Object& object = random.choice(scene.objects);
  if (coin(random)) {
    for (int colour = 0; colour < kColourCount; ++colour) keep(colour, object.shape);
  } else {
    for (int shape = 0; shape < kShapeCount; ++shape) keep(object.colour, shape);
  }
  return draw_tempting<Pair>(random, altered, [&](const Pair& p) {
    return count_colour(scene, p.colour) > 0 && count_shape(scene, p.shape) > 0;
  });
}

MaybeQuestion ask_existence(const Scene& scene, PythonRandom& random) {
  const bool yes = coin(random);
  const Object& object = random.choice(scene.objects);
  const Pair pair = yes ? Pair{object.colour, object.shape} : absent_pair(scene, random);
  const std::string thing = with_article(colour_word(pair.colour) + " " + shape_word(pair.shape));
  return Question{pick(random, {"is there " + thing, "do you see " + thing}), yes_or_no(yes), kYesNo, "is there a"};
}

MaybeQuestion ask_if_colour(const Scene& scene, PythonRandom& random) {
  const Objects unique = unique_shapes(scene);
  if (unique.empty()) return std::nullopt;
  const Object& object = random.choice(unique);
  const bool yes = coin(random);
  int colour = object.colour;
  if (!yes) {
    const std::vector<int> others = values_where(kColourCount, [&](int value) { return value != object.colour; });
    colour = draw_tempting<int>(random, others, [&](int value) { return count_colour(scene, value) > 0; });
  }
  const std::string thing = shape_word(object.shape);
  const std::string word = colour_word(colour);
  return Question{pick(random, {"is the " + thing + " " + word, "is the colour of the " + thing + " " + word}),
                  yes_or_no(yes), kYesNo, "is the"};
}

Question count_question(PythonRandom& random, const std::string& things, int count, const std::string& type) {
  return {pick(random, {"how many " + things + " are there", "how many " + things + " do you see"}),
          std::to_string(count), kNumber, type};
}

// A value that is absent (35 %), repeated (where one is, most of the rest) or taken from any object.
int draw_counted(PythonRandom& random, int kinds, const std::function<int(int)>& count, int any) {
  const int64_t roll = random.randrange(100);
  const std::vector<int> repeated = values_where(kinds, [&](int value) { return count(value) > 1; });
  if (roll < 35) return random.choice(values_where(kinds, [&](int value) { return count(value) == 0; }));
  if (roll < 85 && !repeated.empty()) return random.choice(repeated);
  return any;
}

MaybeQuestion ask_count(const Scene& scene, PythonRandom& random) {
  return count_question(random, "shapes", static_cast<int>(scene.objects.size()), "how many shapes");
}

MaybeQuestion ask_count_of_colour(const Scene& scene, PythonRandom& random) {
  const auto count = [&](int value) { return count_colour(scene, value); };
  const int any = random.choice(scene.objects).colour;
  const int colour = draw_counted(random, kColourCount, count, any);
  return count_question(random, colour_word(colour) + " shapes", count(colour), "how many of the colour");
}

MaybeQuestion ask_colour_of_shape(const Scene& scene, PythonRandom& random) {
  const Objects unique = unique_shapes(scene);
  if (unique.empty()) return std::nullopt;
  const Object& object = random.choice(unique);
  const std::string thing = shape_word(object.shape);
  return Question{pick(random, {"what colour is the " + thing, "which colour is the " + thing,
                                "what is the colour of the " + thing}),
                  colour_word(object.colour), kOther, "what colour is the"};
}

MaybeQuestion ask_colour_at_place(const Scene& scene, PythonRandom& random) {
  const Object& object = random.choice(scene.objects);
  const std::string place = place_word(object.place);
  return Question{pick(random, {"what colour is in the " + place, "which colour is at the " + place}),
                  colour_word(object.colour), kOther, "what colour is in the"};
}

MaybeQuestion ask_shape_of_colour(const Scene& scene, PythonRandom& random) {
  const Objects unique = unique_colours(scene);
  if (unique.empty()) return std::nullopt;
  const Object& object = random.choice(unique);
  const std::string word = colour_word(object.colour);
  return Question{pick(random, {"what shape is " + word, "which shape is " + word}), shape_word(object.shape), kOther,
                  "what shape is"};
}

MaybeQuestion ask_shape_at_place(const Scene& scene, PythonRandom& random) {
  const Object& object = random.choice(scene.objects);
  const std::string place = place_word(object.place);
  return Question{pick(random, {"what shape is in the " + place, "which shape is at the " + place}),
                  shape_word(object.shape), kOther, "what shape is in the"};
}

MaybeQuestion ask_size_of_shape(const Scene& scene, PythonRandom& random) {
  const Objects unique = unique_shapes(scene);
  if (unique.empty()) return std::nullopt;
  const Object& object = random.choice(unique);
  const std::string thing = shape_word(object.shape);
  return Question{pick(random, {"what size is the " + thing, "what is the size of the " + thing}),
                  size_word(object.size), kOther, "what size is the"};
}

MaybeQuestion ask_place_of_shape(const Scene& scene, PythonRandom& random) {
  const Objects unique = unique_shapes(scene);
  if (unique.empty()) return std::nullopt;
  const Object& object = random.choice(unique);
  const std::string thing = shape_word(object.shape);
  return Question{pick(random, {"where is the " + thing, "in which corner is the " + thing}), place_word(object.place),
                  kOther, "where is the"};
}

MaybeQuestion ask_place_of_colour(const Scene& scene, PythonRandom& random) {
  const Objects unique = unique_colours(scene);
  if (unique.empty()) return std::nullopt;
  const Object& object = random.choice(unique);
  const std::string word = colour_word(object.colour);
  return Question{pick(random, {"where is the " + word + " shape", "in which corner is the " + word + " shape"}),
                  place_word(object.place), kOther, "where is the coloured"};
}

// Asked only where exactly one object lies on that side of the named one.
MaybeQuestion ask_what_is_beside(const Scene& scene, PythonRandom& random) {
  std::vector<Question> possible;
  const auto add = [&](const std::string& relation, const Object& named, const Test& beside) {
    const Objects found = objects_where(scene, beside);
    if (found.size() != 1) return;
    possible.push_back({"what is " + relation + " the " + shape_word(named.shape), shape_word(found[0].shape), kOther,
                        "what is beside the"});
  };
  for (const Object& named : unique_shapes(scene)) {
    const bool top = is_top(named.place);
    const bool left = is_left(named.place);
    add(top ? "below" : "above", named, [&](const Object& o) { return is_top(o.place) != top; });
    add(left ? "right of" : "left of", named, [&](const Object& o) { return is_left(o.place) != left; });
  }
  if (possible.empty()) return std::nullopt;
  Question question = random.choice(possible);
  if (coin(random)) question.text.replace(0, std::string("what").size(), "which shape");
  return question;
}

}  // namespace

std::vector<Question> questions(const Scene& scene, PythonRandom& random) {
  using Kind = MaybeQuestion (*)(const Scene&, PythonRandom&);
  constexpr Kind kKinds[] = {ask_existence,       ask_if_colour,       ask_count,           ask_count_of_colour,
                             ask_colour_of_shape, ask_colour_at_place, ask_shape_of_colour, ask_shape_at_place,
                             ask_size_of_shape,   ask_place_of_shape,  ask_place_of_colour, ask_what_is_beside};
  std::vector<Question> asked;
  for (const Kind kind : kKinds) {
    if (MaybeQuestion question = kind(scene, random)) asked.push_back(std::move(*question));
  }
  random.shuffle(asked);
  return asked;
}

}  // namespace epalm::world
