#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "epalm/media/image.h"
#include "epalm/world/questions.h"
#include "epalm/world/scene.h"

namespace epalm::world {

// A question together with what kAnnotators people answered.
struct AnsweredQuestion {
  Question question;
  std::vector<std::string> answers;
};

// One picture of the world with everything said about it.
struct Sample {
  Scene scene;
  media::Image image;
  std::vector<std::string> captions;
  std::vector<AnsweredQuestion> questions;
};

struct SampleOptions {
  int image_size_px = 64;
  int captions = 5;
  int questions = 6;  // at most; a scene with few unambiguous things has fewer
};

// Depends on its arguments alone, so samples can be made in any order, in any thread and again; and the scene and the
// picture do not depend on how many captions and questions are asked for. Throws Error for a negative index or count.
Sample make_sample(uint64_t seed, Split split, int64_t index, const SampleOptions& options = {});

}  // namespace epalm::world
