#include "epalm/data/image_batch.h"

#include <gmock/gmock.h>

#include "tests/data/scratch.h"

namespace epalm::data {
namespace {

TEST(ImageBatch, GivesZerosForBlackImagesWithoutReadingThem) {
  const std::vector<Sample> samples(2);
  const at::Tensor batch = eval_image_batch(samples, {.size_px = 8, .black_image = true});
  EXPECT_EQ(batch.sizes(), (std::vector<int64_t>{2, 3, 8, 8}));
  EXPECT_EQ(batch.abs().sum().item<float>(), 0);
}

TEST(ImageBatch, NamesTheFileThatIsNoImage) {
  Sample sample;
  sample.media = scratch_folder() / "a.jpg";
  write_file(sample.media, "not an image");
  EXPECT_THAT(error_of([&] { eval_image_batch(std::span(&sample, 1), {}); }), testing::HasSubstr("a.jpg"));
}

}  // namespace
}  // namespace epalm::data
