#include "epalm/infer/task.h"

#include <gtest/gtest.h>

namespace epalm::infer {
namespace {

TEST(Task, IsNamedAndFoundByItsName) {
  for (const Task task : kTasks) {
    EXPECT_EQ(task_named(task_name(task)), task);
    EXPECT_EQ(task_in("my_" + std::string(task_name(task)) + "_run.yaml"), task);
    if (task != Task::kGqa) {
      EXPECT_EQ(task_of(modality_of(task), is_caption(task)), task);
    }
  }
  EXPECT_EQ(task_named("video"), std::nullopt);
  EXPECT_EQ(task_in("run.yaml"), std::nullopt);
}

TEST(Task, MediaAreCalledWhatPeopleCallThem) {
  EXPECT_EQ(media_name(Modality::kImage), "pictures");
  EXPECT_EQ(media_name(Modality::kVideo), "clips");
  EXPECT_EQ(media_name(Modality::kAudio), "recordings");
}

TEST(Task, LongestNameInsideATextWins) {
  EXPECT_EQ(task_in("ePALM_video_caption_msrvtt.yaml"), Task::kVideoCaption);  // not caption
  EXPECT_EQ(task_in("ePALM_audio_caption.yaml"), Task::kAudioCaption);
  EXPECT_EQ(task_in("ePALM_pt_L_gqa.yaml"), Task::kGqa);
}

}  // namespace
}  // namespace epalm::infer
