#pragma once

#include <filesystem>
#include <string>

#include "epalm/data/dataset.h"
#include "epalm/data/media_check.h"

// Videos and sounds in the published layout (SPEC.md §7.4): data_dir is the folder MSRVTT, MSVD or AudioCaps, holding
// `annotation/{split}.json` for each split of a comma list. A clip is named with its path below the media folder, and
// Sample::media_id is that name without its extension. Both throw Error with all problems of a file.
namespace epalm::data {

enum class ClipKind {
  kVideo,  // records name it `video`, files lie in videos/all
  kAudio,  // records name it `audio`, files lie in audios
};

// Records {video | audio, caption}, the caption one text or a list. A split with `train` in its name gives one sample
// for each caption, with the caption as answer; others one for each clip. All its captions are the targets.
SampleList load_clip_captions(const std::filesystem::path& data_dir, ClipKind kind, const std::string& splits,
                              MediaCheck check = MediaCheck::kExists);

// Records {video | audio, sent | question, question_id, label, answer_type?, question_type?}. The published program
// asks about videos alone; questions about sounds have the same form.
SampleList load_clip_questions(const std::filesystem::path& data_dir, ClipKind kind, const std::string& splits,
                               MediaCheck check = MediaCheck::kExists);

}  // namespace epalm::data
