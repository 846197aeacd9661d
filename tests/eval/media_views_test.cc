#include "epalm/eval/media_views.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/train/tiny_run.h"

namespace epalm::eval {
namespace {

using std::filesystem::path;

infer::RunConfig config_of(int64_t views, uint64_t run_seed = 42) {
  infer::RunConfig config;
  config.feature_views = views;
  config.seed = run_seed;
  return config;
}

TEST(MediaViews, TakeTurnsEpochByEpoch) {
  for (int64_t epoch = 0; epoch < 7; ++epoch) {
    EXPECT_EQ(view_of_epoch(config_of(0), epoch), View());
    EXPECT_EQ(view_of_epoch(config_of(1), epoch), View(0));
    EXPECT_EQ(view_of_epoch(config_of(3), epoch), View(epoch % 3));
  }
}

// SHA-256 of the text in view_seed(), computed by another program: other seeds would make kept features of views those
// of other ones.
TEST(MediaViews, AreDrawnFromTheSameNumbersOnEveryMachine) {
  const train::TemporaryFolder folder("media_views_known");
  const path file = folder.path() / "file";
  train::write_text(file, "content");
  EXPECT_EQ(content_hash(file), "ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73");
  EXPECT_EQ(view_seed(config_of(2), content_hash(file), 1), 2692495979286295052u);
}

TEST(MediaViews, DependOnSeedContentAndViewAlone) {
  const train::TemporaryFolder folder("media_views");
  const path one = folder.path() / "one", same = folder.path() / "same", other = folder.path() / "other";
  train::write_text(one, "content");
  train::write_text(same, "content");
  train::write_text(other, "contents");
  const std::vector<path> files{one, same, other}, turned{other, one};
  const auto seeds = view_seeds(config_of(2), files, 0);
  EXPECT_EQ(seeds[0], seeds[1]);
  EXPECT_EQ(view_seeds(config_of(2), turned, 0), (std::vector<uint64_t>{seeds[2], seeds[0]}));
  EXPECT_EQ(view_seeds(config_of(3), files, 0), seeds);
  const std::set<uint64_t> different{seeds[0], seeds[2], view_seeds(config_of(2), files, 1)[0],
                                     view_seeds(config_of(2, 43), files, 0)[0]};
  EXPECT_EQ(different.size(), 4u);
}

TEST(MediaViews, AreAskedOfFilesThatCannotBeRead) {
  const std::vector<path> files{"/nowhere", "/"};
  EXPECT_EQ(content_hash(files[0]), "");
  EXPECT_EQ(content_hash(files[1]), "");
  EXPECT_EQ(view_seeds(config_of(1), files, 0).size(), 2u);
}

}  // namespace
}  // namespace epalm::eval
