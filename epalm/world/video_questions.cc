#include "epalm/world/video_questions.h"

#include "epalm/world/asking.h"
#include "epalm/world/video_describe.h"
#include "epalm/world/wording.h"

namespace epalm::world {
namespace {

MaybeQuestion ask_existence(const VideoScene& scene, PythonRandom& random) {
  const bool yes = coin(random);
  const Event& event = random.choice(scene.events);
  const ValuePair pair =
      yes ? ValuePair{event.colour, event.shape}
          : absent_pair(random, scene.events, event, &Event::colour, kColourCount, &Event::shape, kShapeCount);
  const std::string thing = with_article(colour_word(pair.first) + " " + shape_word(pair.second));
  return Question{pick(random, {"is there " + thing, "do you see " + thing}), yes_or_no(yes), kYesNo, "is there a"};
}

MaybeQuestion ask_if_action(const VideoScene& scene, PythonRandom& random) {
  const auto position = draw_unique(random, scene.events, &Event::shape);
  if (!position) return std::nullopt;
  const Event& event = scene.events[*position];
  const bool yes = coin(random);
  const int action = yes ? event.action : draw_other(random, scene.events, &Event::action, kActionCount, event.action);
  const std::string text = "the " + shape_word(event.shape) + " " + bare_action_words(action);
  return Question{pick(random, {"does " + text, "do you see " + text}), yes_or_no(yes), kYesNo, "does the"};
}

MaybeQuestion ask_count(const VideoScene& scene, PythonRandom& random) {
  return count_question(random, "shapes", "do you see", static_cast<int>(scene.events.size()), "how many shapes");
}

MaybeQuestion ask_count_of_colour(const VideoScene& scene, PythonRandom& random) {
  const int colour = draw_counted(random, scene.events, &Event::colour, kColourCount);
  return count_question(random, colour_word(colour) + " shapes", "do you see",
                        count_value(scene.events, &Event::colour, colour), "how many of the colour");
}

MaybeQuestion ask_colour_of_shape(const VideoScene& scene, PythonRandom& random) {
  const auto position = draw_unique(random, scene.events, &Event::shape);
  if (!position) return std::nullopt;
  const Event& event = scene.events[*position];
  const std::string thing = shape_word(event.shape);
  return Question{pick(random, {"what colour is the " + thing, "which colour is the " + thing}),
                  colour_word(event.colour), kOther, "what colour is the"};
}

MaybeQuestion ask_shape_of_colour(const VideoScene& scene, PythonRandom& random) {
  const auto position = draw_unique(random, scene.events, &Event::colour);
  if (!position) return std::nullopt;
  const Event& event = scene.events[*position];
  const std::string colour = colour_word(event.colour);
  return Question{pick(random, {"what shape is " + colour, "which shape is " + colour}), shape_word(event.shape),
                  kOther, "what shape is"};
}

Question action_question(PythonRandom& random, const std::string& thing, int action, const std::string& type) {
  return {pick(random, {"what does the " + thing + " do", "what happens to the " + thing}), action_words(action),
          kOther, type};
}

MaybeQuestion ask_action_of_shape(const VideoScene& scene, PythonRandom& random) {
  const auto position = draw_unique(random, scene.events, &Event::shape);
  if (!position) return std::nullopt;
  const Event& event = scene.events[*position];
  return action_question(random, shape_word(event.shape), event.action, "what does the shape do");
}

MaybeQuestion ask_action_of_colour(const VideoScene& scene, PythonRandom& random) {
  const auto position = draw_unique(random, scene.events, &Event::colour);
  if (!position) return std::nullopt;
  const Event& event = scene.events[*position];
  return action_question(random, colour_word(event.colour) + " shape", event.action, "what does the coloured do");
}

MaybeQuestion ask_shape_of_action(const VideoScene& scene, PythonRandom& random) {
  const auto position = draw_unique(random, scene.events, &Event::action);
  if (!position) return std::nullopt;
  const Event& event = scene.events[*position];
  const std::string action = action_words(event.action);
  return Question{pick(random, {"what shape " + action, "which shape " + action}), shape_word(event.shape), kOther,
                  "what shape moves"};
}

MaybeQuestion ask_colour_by_order(const VideoScene& scene, PythonRandom& random) {
  const size_t position = draw_position(random, scene.events);
  return Question{pick(random, {"what colour is ", "which colour is "}) + ordinal(position),
                  colour_word(scene.events[position].colour), kOther, "what colour is first"};
}

MaybeQuestion ask_shape_by_order(const VideoScene& scene, PythonRandom& random) {
  const size_t position = draw_position(random, scene.events);
  return Question{pick(random, {"what shape is ", "which shape is "}) + ordinal(position),
                  shape_word(scene.events[position].shape), kOther, "what shape is first"};
}

MaybeQuestion ask_action_by_order(const VideoScene& scene, PythonRandom& random) {
  const size_t position = draw_position(random, scene.events);
  return Question{
      pick(random, {"what happens " + ordinal(position), "what does the " + ordinal(position) + " shape do"}),
      action_words(scene.events[position].action), kOther, "what happens first"};
}

// Alone, every shape is first.
MaybeQuestion ask_order(const VideoScene& scene, PythonRandom& random) {
  const auto position = draw_unique(random, scene.events, &Event::shape);
  if (scene.events.size() == 1 || !position) return std::nullopt;
  const std::string thing = shape_word(scene.events[*position].shape);
  return Question{pick(random, {"when does the " + thing + " come", "when do you see the " + thing}),
                  ordinal(*position), kOther, "when does the"};
}

MaybeQuestion ask_neighbour(const VideoScene& scene, PythonRandom& random) {
  const auto found = draw_neighbours(random, scene.events, &Event::shape);
  if (!found) return std::nullopt;
  const std::string where = " comes " + found->side + " the " + shape_word(scene.events[found->named].shape);
  return Question{pick(random, {"what" + where, "which shape" + where}), shape_word(scene.events[found->answer].shape),
                  kOther, "what comes after the"};
}

}  // namespace

std::vector<Question> questions(const VideoScene& scene, PythonRandom& random) {
  return ask_all<VideoScene>(scene, random,
                             {ask_existence, ask_if_action, ask_count, ask_count_of_colour, ask_colour_of_shape,
                              ask_shape_of_colour, ask_action_of_shape, ask_action_of_colour, ask_shape_of_action,
                              ask_colour_by_order, ask_shape_by_order, ask_action_by_order, ask_order, ask_neighbour});
}

}  // namespace epalm::world
