#include "epalm/world/questions.h"

#include <algorithm>

#include "epalm/world/asking.h"

namespace epalm::world {
namespace {

// Of the objects that alone have their value of the attribute.
const Object* draw_unique_object(PythonRandom& random, const Scene& scene, Attribute<Object> attribute) {
  const auto position = draw_unique(random, scene.objects, attribute);
  return position ? &scene.objects[*position] : nullptr;
}

MaybeQuestion ask_existence(const Scene& scene, PythonRandom& random) {
  const bool yes = coin(random);
  const Object& object = random.choice(scene.objects);
  const ValuePair pair = yes ? ValuePair{object.colour, object.shape}
                             : absent_pair(random, scene.objects, random.choice(scene.objects), &Object::colour,
                                           kColourCount, &Object::shape, kShapeCount);
  const std::string thing = with_article(colour_word(pair.first) + " " + shape_word(pair.second));
  return Question{pick(random, {"is there " + thing, "do you see " + thing}), yes_or_no(yes), kYesNo, "is there a"};
}

MaybeQuestion ask_if_colour(const Scene& scene, PythonRandom& random) {
  const Object* object = draw_unique_object(random, scene, &Object::shape);
  if (object == nullptr) return std::nullopt;
  const bool yes = coin(random);
  const int colour =
      yes ? object->colour : draw_other(random, scene.objects, &Object::colour, kColourCount, object->colour);
  const std::string thing = shape_word(object->shape);
  const std::string word = colour_word(colour);
  return Question{pick(random, {"is the " + thing + " " + word, "is the colour of the " + thing + " " + word}),
                  yes_or_no(yes), kYesNo, "is the"};
}

MaybeQuestion ask_count(const Scene& scene, PythonRandom& random) {
  return count_question(random, "shapes", "do you see", static_cast<int>(scene.objects.size()), "how many shapes");
}

MaybeQuestion ask_count_of_colour(const Scene& scene, PythonRandom& random) {
  const int any = random.choice(scene.objects).colour;
  const int colour = draw_absent_or_repeated(random, scene.objects, &Object::colour, kColourCount).value_or(any);
  return count_question(random, colour_word(colour) + " shapes", "do you see",
                        count_value(scene.objects, &Object::colour, colour), "how many of the colour");
}

MaybeQuestion ask_colour_of_shape(const Scene& scene, PythonRandom& random) {
  const Object* object = draw_unique_object(random, scene, &Object::shape);
  if (object == nullptr) return std::nullopt;
  const std::string thing = shape_word(object->shape);
  return Question{pick(random, {"what colour is the " + thing, "which colour is the " + thing,
                                "what is the colour of the " + thing}),
                  colour_word(object->colour), kOther, "what colour is the"};
}

MaybeQuestion ask_colour_at_place(const Scene& scene, PythonRandom& random) {
  const Object& object = random.choice(scene.objects);
  const std::string place = place_word(object.place);
  return Question{pick(random, {"what colour is in the " + place, "which colour is at the " + place}),
                  colour_word(object.colour), kOther, "what colour is in the"};
}

MaybeQuestion ask_shape_of_colour(const Scene& scene, PythonRandom& random) {
  const Object* object = draw_unique_object(random, scene, &Object::colour);
  if (object == nullptr) return std::nullopt;
  const std::string word = colour_word(object->colour);
  return Question{pick(random, {"what shape is " + word, "which shape is " + word}), shape_word(object->shape), kOther,
                  "what shape is"};
}

MaybeQuestion ask_shape_at_place(const Scene& scene, PythonRandom& random) {
  const Object& object = random.choice(scene.objects);
  const std::string place = place_word(object.place);
  return Question{pick(random, {"what shape is in the " + place, "which shape is at the " + place}),
                  shape_word(object.shape), kOther, "what shape is in the"};
}

MaybeQuestion ask_size_of_shape(const Scene& scene, PythonRandom& random) {
  const Object* object = draw_unique_object(random, scene, &Object::shape);
  if (object == nullptr) return std::nullopt;
  const std::string thing = shape_word(object->shape);
  return Question{pick(random, {"what size is the " + thing, "what is the size of the " + thing}),
                  size_word(object->size), kOther, "what size is the"};
}

MaybeQuestion ask_place_of_shape(const Scene& scene, PythonRandom& random) {
  const Object* object = draw_unique_object(random, scene, &Object::shape);
  if (object == nullptr) return std::nullopt;
  const std::string thing = shape_word(object->shape);
  return Question{pick(random, {"where is the " + thing, "in which corner is the " + thing}), place_word(object->place),
                  kOther, "where is the"};
}

MaybeQuestion ask_place_of_colour(const Scene& scene, PythonRandom& random) {
  const Object* object = draw_unique_object(random, scene, &Object::colour);
  if (object == nullptr) return std::nullopt;
  const std::string word = colour_word(object->colour);
  return Question{pick(random, {"where is the " + word + " shape", "in which corner is the " + word + " shape"}),
                  place_word(object->place), kOther, "where is the coloured"};
}

// Asked only where exactly one object lies on that side of the named one.
MaybeQuestion ask_what_is_beside(const Scene& scene, PythonRandom& random) {
  std::vector<Question> possible;
  const auto add = [&](const std::string& relation, const Object& named, const auto& is_beside) {
    const auto first = std::find_if(scene.objects.begin(), scene.objects.end(), is_beside);
    if (std::count_if(scene.objects.begin(), scene.objects.end(), is_beside) != 1) return;
    possible.push_back({"what is " + relation + " the " + shape_word(named.shape), shape_word(first->shape), kOther,
                        "what is beside the"});
  };
  for (const size_t position : unique_positions(scene.objects, &Object::shape)) {
    const Object& named = scene.objects[position];
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
  return ask_all<Scene>(scene, random,
                        {ask_existence, ask_if_colour, ask_count, ask_count_of_colour, ask_colour_of_shape,
                         ask_colour_at_place, ask_shape_of_colour, ask_shape_at_place, ask_size_of_shape,
                         ask_place_of_shape, ask_place_of_colour, ask_what_is_beside});
}

}  // namespace epalm::world
