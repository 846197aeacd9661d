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

// A pair that the scene lacks: an object's pair with one attribute altered. Held-out pairs only if held_out is set, and
// then any of them where no alteration gives one (a lone held-out object).
Pair absent_pair(const Scene& scene, PythonRandom& random, bool held_out) {
  std::vector<Pair> altered;
  const auto keep = [&](int colour, int shape) {
    if (!has_pair(scene, colour, shape) && is_held_out(colour, shape) == held_out) altered.push_back({colour, shape});
  };
  const Object& object = random.choice(scene.objects);
  if (coin(random)) {
    for (int colour = 0; colour < kColourCount; ++colour) keep(colour, object.shape);
  } else {
    for (int shape = 0; shape < kShapeCount; ++shape) keep(object.colour, shape);
  }
  if (altered.empty()) {
    for (int shape = 0; shape < kShapeCount; ++shape) {
      if (held_out) {
        keep(held_out_colour(shape), shape);
      } else {
        for (int colour = 0; colour < kColourCount; ++colour) keep(colour, shape);
      }
    }
  }
  return draw_tempting<Pair>(random, altered, [&](const Pair& p) {
    return count_colour(scene, p.colour) > 0 && count_shape(scene, p.shape) > 0;
  });
}

// Whether the question names a held-out pair is drawn before its polarity and so is independent of it.
MaybeQuestion ask_existence(const Scene& scene, PythonRandom& random) {
  const Objects held_out = objects_where(scene, [](const Object& o) { return is_held_out(o.colour, o.shape); });
  const Objects common = objects_where(scene, [](const Object& o) { return !is_held_out(o.colour, o.shape); });
  const bool name_held_out = common.empty() || (!held_out.empty() && coin(random));
  const bool yes = coin(random);
  Pair pair{};
  if (yes) {
    const Object& object = random.choice(name_held_out ? held_out : common);
    pair = {object.colour, object.shape};
  } else {
    pair = absent_pair(scene, random, name_held_out);
  }
  const std::string thing = with_article(colour_word(pair.colour) + " " + shape_word(pair.shape));
  return Question{pick(random, {"is there " + thing, "is " + thing + " in the picture", "do you see " + thing}),
                  yes_or_no(yes), kYesNo, "is there a"};
}

MaybeQuestion ask_if_colour(const Scene& scene, PythonRandom& random) {
  const Objects unique = unique_shapes(scene);
  Objects held_out;
  Objects common;
  for (const Object& object : unique) (is_held_out(object.colour, object.shape) ? held_out : common).push_back(object);
  // A "no" about a held-out pair needs an object whose own pair is common: without one the polarity would follow.
  if (common.empty()) return std::nullopt;
  const bool name_held_out = !held_out.empty() && coin(random);
  const bool yes = coin(random);
  const Object& object = random.choice(yes && name_held_out ? held_out : common);
  int colour = object.colour;
  if (!yes && name_held_out) {
    colour = held_out_colour(object.shape);
  } else if (!yes) {
    const std::vector<int> others = values_where(
        kColourCount, [&](int value) { return value != object.colour && !is_held_out(value, object.shape); });
    colour = draw_tempting<int>(random, others, [&](int value) { return count_colour(scene, value) > 0; });
  }
  const std::string thing = shape_word(object.shape);
  const std::string word = colour_word(colour);
  return Question{pick(random, {"is the " + thing + " " + word, "is the colour of the " + thing + " " + word,
                                "does the " + thing + " have the colour " + word}),
                  yes_or_no(yes), kYesNo, "is the colour"};
}

MaybeQuestion ask_if_size(const Scene& scene, PythonRandom& random) {
  const Objects unique = unique_shapes(scene);
  if (unique.empty()) return std::nullopt;
  const Object& object = random.choice(unique);
  const bool yes = coin(random);
  const std::string word = size_word(yes ? object.size : 1 - object.size);
  const std::string thing = shape_word(object.shape);
  return Question{pick(random, {"is the " + thing + " " + word, "is the size of the " + thing + " " + word}),
                  yes_or_no(yes), kYesNo, "is the size"};
}

// Two different objects that differ along the axis, one of each list.
std::optional<std::pair<Object, Object>> draw_apart(const Objects& first, const Objects& second, bool vertical,
                                                    PythonRandom& random) {
  std::vector<std::pair<Object, Object>> pairs;
  for (const Object& a : first) {
    for (const Object& b : second) {
      if (vertical ? is_top(a.place) != is_top(b.place) : is_left(a.place) != is_left(b.place))
        pairs.emplace_back(a, b);
    }
  }
  if (pairs.empty()) return std::nullopt;
  return random.choice(pairs);
}

// The side on which a lies, seen from b; the opposite one for a "no".
std::string relation_word(const Object& a, bool vertical, bool yes) {
  const bool first = vertical ? is_top(a.place) : is_left(a.place);
  if (vertical) return first == yes ? "above" : "below";
  return first == yes ? "left of" : "right of";
}

MaybeQuestion ask_relation_of_shapes(const Scene& scene, PythonRandom& random) {
  const bool vertical = coin(random);
  const Objects unique = unique_shapes(scene);
  const auto pair = draw_apart(unique, unique, vertical, random);
  if (!pair) return std::nullopt;
  const bool yes = coin(random);
  const std::string relation = relation_word(pair->first, vertical, yes);
  const std::string a = shape_word(pair->first.shape);
  const std::string b = shape_word(pair->second.shape);
  return Question{
      pick(random, {"is the " + a + " " + relation + " the " + b, "is there a " + a + " " + relation + " the " + b,
                    "does the " + a + " lie " + relation + " the " + b}),
      yes_or_no(yes), kYesNo, "is the shape beside"};
}

MaybeQuestion ask_relation_of_colour_and_shape(const Scene& scene, PythonRandom& random) {
  const bool vertical = coin(random);
  const auto pair = draw_apart(unique_colours(scene), unique_shapes(scene), vertical, random);
  if (!pair) return std::nullopt;
  const bool yes = coin(random);
  const std::string relation = relation_word(pair->first, vertical, yes);
  const std::string a = colour_word(pair->first.colour);
  const std::string b = shape_word(pair->second.shape);
  return Question{pick(random, {"is the " + a + " shape " + relation + " the " + b,
                                "does the " + a + " shape lie " + relation + " the " + b}),
                  yes_or_no(yes), kYesNo, "is the colour beside"};
}

Question count_question(PythonRandom& random, const std::string& things, int count, const std::string& type) {
  return {pick(random, {"how many " + things + " are there", "how many " + things + " are in the picture",
                        "how many " + things + " do you see"}),
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

MaybeQuestion ask_count_of_shape(const Scene& scene, PythonRandom& random) {
  const auto count = [&](int value) { return count_shape(scene, value); };
  const int any = random.choice(scene.objects).shape;
  const int shape = draw_counted(random, kShapeCount, count, any);
  return count_question(random, plural_word(shape), count(shape), "how many of the shape");
}

MaybeQuestion ask_count_of_size(const Scene& scene, PythonRandom& random) {
  const int size = static_cast<int>(random.randrange(kSizeCount));
  return count_question(random, size_word(size) + " shapes", count_size(scene, size), "how many of the size");
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

MaybeQuestion ask_colour_of_size(const Scene& scene, PythonRandom& random) {
  const Objects unique = objects_where(scene, [&](const Object& o) { return count_size(scene, o.size) == 1; });
  if (unique.empty()) return std::nullopt;
  const Object& object = random.choice(unique);
  const std::string thing = size_word(object.size) + " shape";
  return Question{pick(random, {"what colour is the " + thing, "which colour is the " + thing,
                                "what is the colour of the " + thing}),
                  colour_word(object.colour), kOther, "what colour is the small or big"};
}

MaybeQuestion ask_colour_at_place(const Scene& scene, PythonRandom& random) {
  const Object& object = random.choice(scene.objects);
  const std::string place = place_word(object.place);
  return Question{pick(random, {"what colour is the shape in the " + place, "which colour is the shape at the " + place,
                                "what colour is in the " + place}),
                  colour_word(object.colour), kOther, "what colour is in the"};
}

MaybeQuestion ask_shape_of_colour(const Scene& scene, PythonRandom& random) {
  const Objects unique = unique_colours(scene);
  if (unique.empty()) return std::nullopt;
  const Object& object = random.choice(unique);
  const std::string word = colour_word(object.colour);
  return Question{pick(random, {"what shape is " + word, "which shape is " + word, "what is the " + word + " shape"}),
                  shape_word(object.shape), kOther, "what shape is"};
}

MaybeQuestion ask_shape_at_place(const Scene& scene, PythonRandom& random) {
  const Object& object = random.choice(scene.objects);
  const std::string place = place_word(object.place);
  return Question{
      pick(random, {"what is in the " + place, "what shape is in the " + place, "which shape is at the " + place}),
      shape_word(object.shape), kOther, "what is in the"};
}

MaybeQuestion ask_size_of_shape(const Scene& scene, PythonRandom& random) {
  const Objects unique = unique_shapes(scene);
  if (unique.empty()) return std::nullopt;
  const Object& object = random.choice(unique);
  const std::string thing = shape_word(object.shape);
  return Question{pick(random, {"what size is the " + thing, "what is the size of the " + thing,
                                "is the " + thing + " small or big"}),
                  size_word(object.size), kOther, "what size is the"};
}

MaybeQuestion ask_place_of_shape(const Scene& scene, PythonRandom& random) {
  const Objects unique = unique_shapes(scene);
  if (unique.empty()) return std::nullopt;
  const Object& object = random.choice(unique);
  const std::string thing = shape_word(object.shape);
  return Question{pick(random, {"where is the " + thing, "in which corner is the " + thing,
                                "which corner is the " + thing + " in"}),
                  place_word(object.place), kOther, "where is the"};
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
  constexpr Kind kKinds[] = {ask_existence,
                             ask_if_colour,
                             ask_if_size,
                             ask_relation_of_shapes,
                             ask_relation_of_colour_and_shape,
                             ask_count,
                             ask_count_of_colour,
                             ask_count_of_shape,
                             ask_count_of_size,
                             ask_colour_of_shape,
                             ask_colour_of_size,
                             ask_colour_at_place,
                             ask_shape_of_colour,
                             ask_shape_at_place,
                             ask_size_of_shape,
                             ask_place_of_shape,
                             ask_what_is_beside};
  std::vector<Question> asked;
  for (const Kind kind : kKinds) {
    if (MaybeQuestion question = kind(scene, random)) asked.push_back(std::move(*question));
  }
  random.shuffle(asked);
  return asked;
}

}  // namespace epalm::world
