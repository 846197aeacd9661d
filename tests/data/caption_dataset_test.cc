#include "epalm/data/caption_dataset.h"

#include <gmock/gmock.h>

#include "tests/data/scratch.h"

namespace epalm::data {
namespace {

using testing::HasSubstr;

std::filesystem::path coco_folder() {
  const auto dir = scratch_folder();
  write_file(dir / "COCO/dataset_coco.json", R"({"images":[
    {"filename":"COCO_val2014_1.jpg","split":"restval","sentences":[{"raw":" one \n"},{"raw":"two"}]},
    {"filename":"COCO_val2014_2.jpg","split":"val","sentences":[{"raw":"three"},{"raw":"four"}]},
    {"filename":"COCO_train2014_3.jpg","split":"train","sentences":[{"raw":"five"}]}],"dataset":"coco"})");
  return dir;
}

TEST(CaptionDataset, TrainsOnEverySentenceOfTrainAndRestval) {
  const auto dir = coco_folder();
  const SampleList train = load_coco_captions(dir, "karpathy_train", MediaCheck::kOff);
  ASSERT_EQ(train.size(), 3);
  EXPECT_EQ(train.get(0).answer, "one");
  EXPECT_EQ(train.get(1).answer, "two");
  EXPECT_EQ(train.get(1).targets, (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(train.get(1).media, dir / "COCO/images/val2014/COCO_val2014_1.jpg");
  EXPECT_EQ(train.get(2).media_id, "COCO_train2014_3");
}

TEST(CaptionDataset, EvaluatesOncePerImage) {
  const SampleList val = load_coco_captions(coco_folder(), "val", MediaCheck::kOff);
  ASSERT_EQ(val.size(), 1);
  EXPECT_EQ(val.get(0).targets, (std::vector<std::string>{"three", "four"}));
  EXPECT_EQ(val.get(0).answer, "");
}

TEST(CaptionDataset, RefusesUnknownAndEmptySplits) {
  EXPECT_THAT(error_of([] { load_coco_captions(coco_folder(), "dev", MediaCheck::kOff); }),
              HasSubstr("expected train, val or test"));
  EXPECT_THAT(error_of([] { load_coco_captions(coco_folder(), "test", MediaCheck::kOff); }),
              HasSubstr("none of its images"));
}

TEST(CaptionDataset, ReportsWrongRecords) {
  const auto dir = scratch_folder();
  write_file(dir / "COCO/dataset_coco.json", R"({"images":[{"filename":"a.jpg","split":"train","sentences":[]},
    {"filename":"COCO_val2014_2.jpg","split":"other","sentences":"x"},
    {"filename":"COCO_val2014_2.jpg","split":"train","sentences":[{"raw":1}]}]})");
  const std::string message = error_of([&] { load_coco_captions(dir, "train", MediaCheck::kOff); });
  EXPECT_THAT(message, HasSubstr("3 problems"));
  EXPECT_THAT(message, HasSubstr("record 0, `filename`: \"a.jpg\" names neither"));
  EXPECT_THAT(message, HasSubstr("record 1, `split`: expected train, restval, val or test, got \"other\""));
  EXPECT_THAT(message, HasSubstr("record 2, `raw`: expected a text, got number"));
}

}  // namespace
}  // namespace epalm::data
