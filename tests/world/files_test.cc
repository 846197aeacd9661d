#include "epalm/world/files.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "epalm/base/error.h"
#include "epalm/media/image_file.h"
#include "epalm/world/annotators.h"
#include "epalm/world/sample.h"
#include "tests/world/question_solver.h"
#include "tests/world/written_files.h"

namespace epalm::world {
namespace {

using nlohmann::json;
using std::filesystem::path;

class ImageWorld : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = path(testing::TempDir()) /
              (std::string("image_world_") + testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove_all(folder_);
    options_.train_images = 12;
    options_.val_images = 4;
    options_.test_images = 5;
    options_.image_size_px = 32;
  }

  void TearDown() override { std::filesystem::remove_all(folder_); }

  path folder_;
  WorldOptions options_;
};

TEST_F(ImageWorld, HasTheFilesOfTheCocoAndVqaLayouts) {
  write_image_world(folder_, options_);
  const std::map<std::string, std::string> files = contents(folder_);
  for (const char* name :
       {"COCO/dataset_coco.json", "vqa/karpathy_train.json", "vqa/karpathy_val.json", "vqa/karpathy_test.json",
        "vqa/v2_mscoco_train2014_annotations.json", "vqa/v2_mscoco_val2014_annotations.json",
        "vqa/trainval_ans2label.json", "vqa/trainval_label2ans.json", "tiny_world.json",
        "COCO/images/train2014/COCO_train2014_000000100000.jpg", "COCO/images/val2014/COCO_val2014_000000400003.jpg",
        "COCO/images/val2014/COCO_val2014_000000500004.jpg"}) {
    EXPECT_TRUE(files.contains(name)) << name;
  }
  EXPECT_EQ(files.size(), 9U + 12 + 4 + 5);
}

TEST_F(ImageWorld, WritesThePicturesOfItsSamples) {
  write_image_world(folder_, options_);
  const media::Image written = media::load_image(folder_ / "COCO/images/val2014/COCO_val2014_000000500002.jpg");
  const Sample sample = make_sample(options_.seed, Split::kTest, 2, {{5, 3}, 32});
  ASSERT_EQ(written.rgb.size(), sample.image.rgb.size());
  double error = 0.0;
  for (size_t i = 0; i < written.rgb.size(); ++i) error += std::abs(written.rgb[i] - sample.image.rgb[i]);
  // Quality 92 rounds luma coefficients by single units; halved chroma blurs the few edges. Another picture differs by
  // tens of units a pixel.
  EXPECT_LT(error / static_cast<double>(written.rgb.size()), 8.0);
}

TEST_F(ImageWorld, GivesEveryPictureFiveCaptionsInKarpathysFormat) {
  write_image_world(folder_, options_);
  const json captions = read_json(folder_ / "COCO/dataset_coco.json");
  EXPECT_EQ(captions["dataset"], "coco");
  ASSERT_EQ(captions["images"].size(), 21U);
  std::map<std::string, int> splits;
  std::set<int> sentence_ids;
  for (const json& image : captions["images"]) {
    ++splits[image["split"].get<std::string>()];
    const auto filename = image["filename"].get<std::string>();
    EXPECT_TRUE(std::filesystem::exists(folder_ / "COCO/images" / image["filepath"].get<std::string>() / filename));
    EXPECT_EQ(std::stoi(filename.substr(filename.size() - 16, 12)), image["cocoid"].get<int>());
    EXPECT_EQ(image["sentences"].size(), 5U);
    for (const json& sentence : image["sentences"]) {
      EXPECT_EQ(sentence["imgid"], image["imgid"]);
      EXPECT_FALSE(sentence["raw"].get<std::string>().empty());
      EXPECT_FALSE(sentence["tokens"].empty());
      sentence_ids.insert(sentence["sentid"].get<int>());
    }
  }
  EXPECT_EQ(splits, (std::map<std::string, int>{{"train", 12}, {"val", 4}, {"test", 5}}));
  EXPECT_EQ(sentence_ids.size(), 105U);
}

TEST_F(ImageWorld, LinksQuestionsLabelsAndAnnotations) {
  write_image_world(folder_, options_);
  std::map<int, json> annotations;
  for (const char* year : {"train2014", "val2014"}) {
    const json file = read_json(folder_ / "vqa" / (std::string("v2_mscoco_") + year + "_annotations.json"));
    for (const json& entry : file.at("annotations")) {
      EXPECT_TRUE(annotations.emplace(entry["question_id"].get<int>(), entry).second);
    }
  }
  const json answer_labels = read_json(folder_ / "vqa/trainval_ans2label.json");
  const json label_answers = read_json(folder_ / "vqa/trainval_label2ans.json");
  ASSERT_EQ(answer_labels.size(), label_answers.size());
  for (size_t i = 0; i < label_answers.size(); ++i) {
    EXPECT_EQ(answer_labels[label_answers[i].get<std::string>()].get<size_t>(), i);
  }

  size_t linked = 0;
  const std::map<std::string, Split> splits = {{"train", Split::kTrain}, {"val", Split::kVal}, {"test", Split::kTest}};
  for (const auto& [name, split] : splits) {
    const int first_id = split == Split::kTrain ? 100'000 : split == Split::kVal ? 400'000 : 500'000;
    const SampleOptions asked{{5, split == Split::kTrain ? 6 : 3}, 32};
    std::map<std::string, size_t> per_image;
    for (const json& question : read_json(folder_ / "vqa" / ("karpathy_" + name + ".json"))) {
      ++linked;
      const auto image = question["img_id"].get<std::string>();
      ++per_image[image];
      const std::string year = split == Split::kTrain ? "train2014" : "val2014";
      EXPECT_TRUE(std::filesystem::exists(folder_ / "COCO/images" / year / (image + ".jpg")));
      const json& annotation = annotations.at(question["question_id"].get<int>());
      EXPECT_EQ(annotation["question_type"], question["question_type"]);
      EXPECT_EQ(annotation["answer_type"], question["answer_type"]);
      const int image_id = std::stoi(image.substr(image.size() - 12));
      EXPECT_EQ(annotation["image_id"].get<int>(), image_id);

      std::map<std::string, int> counts;
      ASSERT_EQ(annotation["answers"].size(), static_cast<size_t>(kAnnotators));
      for (const json& answer : annotation["answers"]) ++counts[answer["answer"].get<std::string>()];
      ASSERT_EQ(question["label"].size(), counts.size());
      for (const auto& [answer, count] : counts) {
        EXPECT_TRUE(answer_labels.contains(answer));
        EXPECT_DOUBLE_EQ(question["label"][answer].get<double>(), count >= 4 ? 1.0 : count * 3 / 10.0);
      }
      const Sample sample = make_sample(options_.seed, split, image_id - first_id, asked);
      EXPECT_EQ(question["label"][QuestionSolver(sample.scene).solve(question["sent"])].get<double>(), 1.0);
    }
    EXPECT_EQ(per_image.size(), split == Split::kTrain ? 12U : split == Split::kVal ? 4U : 5U);
    for (const auto& [image, count] : per_image) {
      // A train scene of one kind of shape and colour may have fewer than six unambiguous things to ask for.
      const Sample sample =
          make_sample(options_.seed, split, std::stoi(image.substr(image.size() - 12)) - first_id, asked);
      EXPECT_EQ(count, sample.questions.size()) << image;
      EXPECT_GE(count, split == Split::kTrain ? 5U : 3U) << image;
    }
  }
  EXPECT_EQ(annotations.size(), linked);
}

TEST_F(ImageWorld, HasTheSameBytesForTheSameSeedAndOthersForAnother) {
  write_image_world(folder_ / "a", options_);
  write_image_world(folder_ / "b", options_);
  EXPECT_EQ(different_files(folder_ / "a", folder_ / "b"), std::set<std::string>());
  ++options_.seed;
  write_image_world(folder_ / "c", options_);
  EXPECT_NE(contents(folder_ / "a").at("vqa/karpathy_train.json"),
            contents(folder_ / "c").at("vqa/karpathy_train.json"));
}

TEST_F(ImageWorld, LeavesACompleteWorldUntouched) {
  write_image_world(folder_, options_);
  const path file = folder_ / "vqa/karpathy_val.json";
  std::ofstream(file) << "touched";
  write_image_world(folder_, options_);
  EXPECT_EQ(read_text(file), "touched");
}

TEST_F(ImageWorld, CompletesAnInterruptedWrite) {
  write_image_world(folder_ / "whole", options_);
  struct Stop {};
  EXPECT_THROW(write_image_world(folder_ / "cut", options_,
                                 [](int done, int) {
                                   if (done == 7) throw Stop();
                                 }),
               Stop);
  EXPECT_FALSE(read_json(folder_ / "cut/tiny_world.json")["complete"].get<bool>());
  write_image_world(folder_ / "cut", options_);
  EXPECT_EQ(different_files(folder_ / "cut", folder_ / "whole"), std::set<std::string>());
}

TEST_F(ImageWorld, ReportsProgressAfterEveryPicture) {
  std::vector<int> done;
  write_image_world(folder_, options_, [&](int now, int total) {
    EXPECT_EQ(total, 21);
    done.push_back(now);
  });
  ASSERT_EQ(done.size(), 21U);
  EXPECT_EQ(done.front(), 1);
  EXPECT_EQ(done.back(), 21);
}

TEST_F(ImageWorld, RefusesAFolderOfAnotherWorld) {
  write_image_world(folder_, options_);
  ++options_.test_images;
  try {
    write_image_world(folder_, options_);
    FAIL() << "expected an error";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("tiny_world.json"), std::string::npos) << error.what();
  }
}

TEST_F(ImageWorld, NeverWritesIntoRealData) {
  std::filesystem::create_directories(folder_ / "COCO");
  std::ofstream(folder_ / "COCO/dataset_coco.json") << "precious";
  EXPECT_THROW(write_image_world(folder_, options_), Error);
  EXPECT_EQ(read_text(folder_ / "COCO/dataset_coco.json"), "precious");
  EXPECT_EQ(contents(folder_).size(), 1U);
}

TEST_F(ImageWorld, RejectsADamagedMarker) {
  std::filesystem::create_directories(folder_);
  for (const char* text : {"", "[]", "{\"options\": 3}", "{", "\xff\xfe"}) {
    std::ofstream(folder_ / "tiny_world.json", std::ios::trunc) << text;
    EXPECT_THROW(write_image_world(folder_, options_), Error) << text;
  }
}

TEST_F(ImageWorld, RejectsOptionsOutOfRange) {
  WorldOptions bad = options_;
  bad.train_images = -1;
  EXPECT_THROW(write_image_world(folder_, bad), Error);
  bad = options_;
  bad.image_size_px = 4;
  EXPECT_THROW(write_image_world(folder_, bad), Error);
  bad = options_;
  bad.captions = 0;
  EXPECT_THROW(write_image_world(folder_, bad), Error);
  EXPECT_FALSE(std::filesystem::exists(folder_));
}

TEST(MakeSample, KeepsSceneAndPictureWhateverIsAsked) {
  const Sample few = make_sample(1, Split::kTrain, 5, {{1, 1}, 64});
  const Sample many = make_sample(1, Split::kTrain, 5, {{5, 20}, 64});
  EXPECT_EQ(few.image, many.image);
  EXPECT_EQ(few.questions.size(), 1U);
  EXPECT_GT(many.questions.size(), 6U);
  EXPECT_NE(many.image, make_sample(1, Split::kTrain, 6).image);
  EXPECT_NE(many.image, make_sample(1, Split::kVal, 5).image);
  EXPECT_THROW(make_sample(1, Split::kTrain, -1), Error);
  EXPECT_EQ(tell_scene(1, Split::kTrain, 5, {5, 20}).captions, many.captions);  // the same without the picture
}

}  // namespace
}  // namespace epalm::world
