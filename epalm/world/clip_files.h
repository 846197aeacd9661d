#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

namespace epalm::world {

// How much to write of clips or recordings.
struct ClipCounts {
  int train = 4000;  // each at most 100,000
  int val = 300;
  int test = 600;
  int captions = 5;         // for each clip
  int train_questions = 6;  // for each train clip, where the scene has so many
  int test_questions = 4;   // for each val and test clip
};

struct VideoWorldOptions {
  ClipCounts clips;
  int size_px = 48;  // even, 16..1024
  int frames = 16;   // 6..1024
  int fps = 8;       // 1..60
  int quality = 20;  // H.264's constant rate factor, 0 (best) to 51
  uint64_t seed = 42;
};

struct AudioWorldOptions {
  ClipCounts clips;
  uint64_t seed = 42;
};

using OnClipWritten = std::function<void(int done, int total)>;

// Write a world of clips in the layout of MSRVTT (videos/all/video0.mp4, annotation/msrvtt_caption_{train7k,val,test}
// and msrvtt_vqa_{train,val,test}.json) under MSRVTT/ of the folder, and one of recordings in the layout of AudioCaps
// (audios/{train,val,test}/sound0.flac, annotation/audiocaps_caption_{train,val,test}.json) under AudioCaps/, with
// audiocaps_qa_{train,val,test}.json in the form of the questions about videos (SPEC.md §7.4). Questions carry no
// question mark, because the prompt appends one; beside label each has question_type and answer_type as in VQAv2.
// Same options, same bytes.
//
// tiny_world.json in the folder serves as in write_image_world, so each world needs a folder of its own. Throw Error
// for options out of range, a folder that holds another world or somebody else's data, and failed writes. progress is
// called after every clip.
void write_video_world(const std::filesystem::path& folder, const VideoWorldOptions& options,
                       const OnClipWritten& progress = {});
void write_audio_world(const std::filesystem::path& folder, const AudioWorldOptions& options,
                       const OnClipWritten& progress = {});

}  // namespace epalm::world
