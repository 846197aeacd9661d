#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

namespace epalm::world {

struct WorldOptions {
  int train_images = 8000;  // at most 300,000
  int val_images = 500;     // at most 100,000
  int test_images = 1000;   // at most 100,000
  int image_size_px = 64;   // 16..1024
  int captions = 5;         // per image
  int train_questions = 6;  // per train image, where the scene has so many
  int test_questions = 3;   // per val and test image
  uint64_t seed = 42;
};

// Writes a world of still pictures in the layouts of COCO captions (Karpathy's JSON) and VQAv2 (SPEC.md §7.4) under
// COCO/ and vqa/ of the folder; val and test pictures both lie in val2014, as in Karpathy's split. Questions carry no
// question mark, because the prompt appends one. Same options, same bytes.
//
// The file tiny_world.json holds the options and is completed last: a complete world of the same options is left
// untouched, an interrupted one is written again. Throws Error for options out of range, a folder that holds another
// world or somebody else's COCO or vqa folder, and failed writes. progress is called after every picture.
void write_image_world(const std::filesystem::path& folder, const WorldOptions& options,
                       const std::function<void(int done, int total)>& progress = {});

}  // namespace epalm::world
