#include "epalm/world/files.h"

#include <fmt/format.h>

#include <array>
#include <cctype>
#include <nlohmann/json.hpp>
#include <span>

#include "epalm/media/image_file.h"
#include "epalm/world/annotators.h"
#include "epalm/world/json_list_file.h"
#include "epalm/world/sample.h"
#include "epalm/world/world_marker.h"
#include "epalm/world/world_output.h"

namespace epalm::world {
namespace {

using Json = nlohmann::ordered_json;
using std::filesystem::path;

constexpr int kJpegQuality = 92;

struct SplitPlan {
  Split split;
  std::string karpathy;  // name in dataset_coco.json and in karpathy_*.json
  std::string year;      // folder and file name part of the pictures
  int images;
  int questions;
  int first_image_id;  // apart from each other; times 1000 they stay within 31 bits, as the question ids of VQAv2
};

std::array<SplitPlan, 3> plans(const WorldOptions& o) {
  return {{{Split::kTrain, "train", "train2014", o.train_images, o.train_questions, 100'000},
           {Split::kVal, "val", "val2014", o.val_images, o.test_questions, 400'000},
           {Split::kTest, "test", "val2014", o.test_images, o.test_questions, 500'000}}};
}

void check_options(const WorldOptions& o) {
  check_range("train_images", o.train_images, 0, 300'000);
  check_range("val_images", o.val_images, 0, 100'000);
  check_range("test_images", o.test_images, 0, 100'000);
  check_range("image_size_px", o.image_size_px, 16, 1024);
  check_range("captions", o.captions, 1, 20);
  check_range("train_questions", o.train_questions, 0, 100);
  check_range("test_questions", o.test_questions, 0, 100);
}

nlohmann::json to_json(const WorldOptions& o) {
  return {{"kind", "images"},
          {"train_images", o.train_images},
          {"val_images", o.val_images},
          {"test_images", o.test_images},
          {"image_size_px", o.image_size_px},
          {"captions", o.captions},
          {"train_questions", o.train_questions},
          {"test_questions", o.test_questions},
          {"seed", o.seed}};
}

void write_json(const path& file_path, const Json& json) {
  const std::string text = json.dump() + "\n";
  write_bytes(file_path, std::as_bytes(std::span(text)));
}

// The words of a caption without punctuation, as Karpathy's file has them beside the raw text.
std::vector<std::string> tokens(const std::string& caption) {
  std::vector<std::string> words(1);
  for (const char c : caption) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
      words.back() += c;
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

Json annotation(const AnsweredQuestion& asked, int image_id, int question_id) {
  Json answers = Json::array();
  for (size_t i = 0; i < asked.answers.size(); ++i) {
    const bool sure = asked.answers[i] == asked.question.answer;
    answers.push_back(
        {{"answer", asked.answers[i]}, {"answer_confidence", sure ? "yes" : "maybe"}, {"answer_id", i + 1}});
  }
  return {{"question_id", question_id},
          {"image_id", image_id},
          {"question_type", asked.question.question_type},
          {"answer_type", asked.question.answer_type},
          {"multiple_choice_answer", asked.question.answer},
          {"answers", std::move(answers)}};
}

Json karpathy_question(const AnsweredQuestion& asked, const std::string& image_name, int question_id) {
  return {{"img_id", image_name},
          {"sent", asked.question.text},
          {"question_id", question_id},
          {"question_type", asked.question.question_type},
          {"answer_type", asked.question.answer_type},
          {"label", soft_scores(asked.answers)}};
}

// The captions of all splits: dataset_coco.json.
class CaptionFile {
 public:
  explicit CaptionFile(const path& file_path) : file_(file_path, R"({"dataset": "coco", "images": )", "}") {}

  void add(const SplitPlan& plan, const std::string& image_name, int image_id,
           const std::vector<std::string>& captions) {
    Json ids = Json::array();
    Json sentences = Json::array();
    for (const std::string& caption : captions) {
      ids.push_back(sentences_);
      sentences.push_back({{"tokens", tokens(caption)}, {"raw", caption}, {"imgid", images_}, {"sentid", sentences_}});
      ++sentences_;
    }
    file_.add({{"filepath", plan.year},
               {"sentids", std::move(ids)},
               {"filename", image_name + ".jpg"},
               {"imgid", images_},
               {"split", plan.karpathy},
               {"sentences", std::move(sentences)},
               {"cocoid", image_id}});
    ++images_;
  }

  void finish() { file_.finish(); }

 private:
  JsonListFile file_;
  int images_ = 0;
  int sentences_ = 0;
};

void write_answer_lists(const path& vqa) {
  Json labels = Json::object();
  for (const std::string& answer : all_answers()) labels[answer] = labels.size();
  write_json(vqa / "trainval_ans2label.json", labels);
  write_json(vqa / "trainval_label2ans.json", all_answers());
}

}  // namespace

void write_image_world(const std::filesystem::path& folder, const WorldOptions& options,
                       const std::function<void(int done, int total)>& progress) {
  check_options(options);
  WorldMarker marker(folder, to_json(options), {"COCO", "vqa"});
  if (marker.complete()) return;
  marker.begin();

  const path pictures = folder / "COCO" / "images";
  const path vqa = folder / "vqa";
  for (const path& made : {pictures / "train2014", pictures / "val2014", vqa}) make_folder(made);
  CaptionFile caption_file(folder / "COCO" / "dataset_coco.json");
  const std::string before = R"({"annotations": )";
  JsonListFile train_annotations(vqa / "v2_mscoco_train2014_annotations.json", before, "}");
  JsonListFile val_annotations(vqa / "v2_mscoco_val2014_annotations.json", before, "}");

  const int total = options.train_images + options.val_images + options.test_images;
  int done = 0;
  for (const SplitPlan& plan : plans(options)) {
    JsonListFile question_file(vqa / fmt::format("karpathy_{}.json", plan.karpathy));
    JsonListFile& annotations = plan.split == Split::kTrain ? train_annotations : val_annotations;
    for (int i = 0; i < plan.images; ++i) {
      const Sample sample =
          make_sample(options.seed, plan.split, i, {{options.captions, plan.questions}, options.image_size_px});
      const int image_id = plan.first_image_id + i;
      const std::string name = fmt::format("COCO_{}_{:012}", plan.year, image_id);
      write_bytes(pictures / plan.year / (name + ".jpg"), media::encode_jpeg(sample.image, kJpegQuality));
      caption_file.add(plan, name, image_id, sample.captions);
      for (size_t q = 0; q < sample.questions.size(); ++q) {
        const int question_id = image_id * 1000 + static_cast<int>(q);
        question_file.add(karpathy_question(sample.questions[q], name, question_id));
        annotations.add(annotation(sample.questions[q], image_id, question_id));
      }
      if (progress) progress(++done, total);
    }
    question_file.finish();
  }
  caption_file.finish();
  train_annotations.finish();
  val_annotations.finish();
  write_answer_lists(vqa);
  marker.finish();
}

}  // namespace epalm::world
