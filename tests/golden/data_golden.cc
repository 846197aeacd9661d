#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "epalm/base/numpy_random.h"
#include "epalm/data/caption_dataset.h"
#include "epalm/data/clip_dataset.h"
#include "epalm/data/gqa_dataset.h"
#include "epalm/data/subset.h"
#include "epalm/data/texts.h"
#include "epalm/data/vqa_dataset.h"
#include "epalm/media/image_file.h"
#include "epalm/media/image_transform.h"
#include "tests/golden/golden.h"
#include "tests/golden/tensors.h"

namespace epalm::golden {
namespace {

using namespace epalm::data;
using Json = nlohmann::ordered_json;

std::vector<std::string> ids_of(const SampleList& samples, const std::vector<int64_t>& indices) {
  std::vector<std::string> ids;
  for (const int64_t index : indices) ids.push_back(samples.get(index).question_id);
  return ids;
}

std::vector<std::string> ids_of(const Json& list) {
  std::vector<std::string> ids;
  for (const Json& id : list) ids.push_back(id.is_string() ? id.get<std::string>() : id.dump());
  return ids;
}

// `vqa.karpathy_train.*`: args are topk, balanced_data and seed of the published data set class.
void check_vqa_subset(const std::filesystem::path& root, const std::string& name, const Json& expected) {
  const SampleList train = load_vqa(root, "karpathy_train");
  const Json& args = expected["args"];
  SubsetRule rule = SubsetRule::parse(args["topk"].dump(), "train_topk");
  rule.balance_types = args.value("balanced_data", false);
  EXPECT_EQ(ids_of(train, vqa_subset(train, rule, args.value("seed", 42))), ids_of(expected["question_ids"])) << name;
}

void check_sources(const std::filesystem::path& root, const Json& expected) {
  const SampleList both = load_vqa(root, "karpathy_train,karpathy_val");
  const auto ids = ids_of(expected["question_ids"]);
  ASSERT_EQ(static_cast<size_t>(both.size()), ids.size());
  for (int64_t i = 0; i < both.size(); ++i) {
    EXPECT_EQ(both.get(i).question_id, ids[i]);
    EXPECT_EQ(both.get(i).media.parent_path().filename(), expected["sources"][i].get<std::string>());
  }
}

// Items were taken in order after numpy.random.seed(numpy_seed), one draw each. Returns the drawn answers.
std::vector<std::string> check_items(const SampleList& samples, const Json& expected, const std::string& name) {
  NumpyRandom random(expected["numpy_seed"].get<uint32_t>());
  std::vector<std::string> answers;
  EXPECT_EQ(static_cast<size_t>(samples.size()), expected["items"].size()) << name;
  for (int64_t i = 0; i < samples.size(); ++i) {
    const Sample sample = samples.get(i);
    const Json& item = expected["items"][i];
    EXPECT_EQ(sample.media_id, item["img_id"].get<std::string>()) << name;
    EXPECT_EQ(sample.question_id, ids_of(Json::array({item["question_id"]}))[0]) << name;
    EXPECT_EQ(sample.question, item["sent"].get<std::string>()) << name;
    std::vector<std::string> all;
    for (const auto& [answer, score] : sample.label) all.push_back(answer);
    EXPECT_EQ(all, item["all_answers"].get<std::vector<std::string>>()) << name;
    metrics::AnswerScores label;
    for (const auto& [answer, score] : item["label"].items()) label.emplace_back(answer, score.template get<double>());
    EXPECT_EQ(sample.label, label) << name;
    if (item.contains("is_topk_optimal")) {
      EXPECT_EQ(sample.is_topk_optimal, item["is_topk_optimal"].get<bool>());
    }
    answers.push_back(drawn_answer(sample.label, random));
    EXPECT_EQ(answers.back(), item["answer"].get<std::string>()) << name << " item " << i;
    EXPECT_EQ(metrics::soft_score(sample.label, answers.back()), item["score"].get<double>()) << name;
  }
  return answers;
}

void check_texts(const SampleList& samples, const std::vector<std::string>& answers, const Json& expected) {
  TextRules special = TextRules::reference();
  special.answer_token = "</a>";
  const TextRules plain = TextRules::reference();
  for (int64_t i = 0; i < samples.size(); ++i) {
    const std::string& question = samples.samples()[i].question;
    EXPECT_EQ(question_training_text(special, question, answers[i]), expected["train"][i].get<std::string>());
    EXPECT_EQ(question_prompt(special, question), expected["eval"][i].get<std::string>());
    EXPECT_EQ(question_training_text(plain, question, answers[i]), expected["train_no_special"][i].get<std::string>());
    EXPECT_EQ(question_prompt(plain, question), expected["eval_no_special"][i].get<std::string>());
  }
}

void check_captions(const SampleList& samples, const Json& expected, const std::string& name) {
  ASSERT_EQ(static_cast<size_t>(samples.size()), expected["data"].size()) << name;
  for (int64_t i = 0; i < samples.size(); ++i) {
    const Sample sample = samples.get(i);
    const Json& item = expected["data"][i];
    EXPECT_EQ(sample.media_id, item["img_id"].get<std::string>()) << name;
    const Json& targets = item["targets"];  // of a video with one caption: the caption itself
    EXPECT_EQ(sample.targets,
              targets.is_string() ? std::vector{targets.get<std::string>()} : targets.get<std::vector<std::string>>())
        << name;
    for (const char* key : {"video", "audio"}) {
      if (!item.contains(key)) continue;
      EXPECT_TRUE(sample.media.string().ends_with("/" + item[key].get<std::string>())) << name;
    }
    EXPECT_EQ(sample.answer, item.value("sent", "")) << name;
  }
}

void check_annotations(const std::filesystem::path& root, const SampleList& questions) {
  const VqaAnnotations annotations = load_vqa_annotations_beside(root);
  for (const Sample& sample : questions.samples()) {
    const auto entry = annotations.find(std::stoll(sample.question_id));
    ASSERT_NE(entry, annotations.end()) << sample.question_id;
    EXPECT_EQ(entry->second.answers.size(), 10u);
    EXPECT_EQ(entry->second.question_type, sample.question_type);
    EXPECT_EQ(entry->second.answer_type, sample.answer_type);
  }
}

// `video.{split}` and `audio.{split}`: the records themselves for questions, one item for each caption or clip
// otherwise. The cases hold no media.
void check_clips(const std::filesystem::path& root, const Json& expected, const std::string& name) {
  const bool is_video = name.starts_with("video.");
  const ClipKind kind = is_video ? ClipKind::kVideo : ClipKind::kAudio;
  const std::string split = name.substr(6);
  for (const char* folder : {"MSRVTT", "MSVD", "AudioCaps"}) {
    if (!std::filesystem::exists(root / folder / "annotation" / (split + ".json"))) continue;
    if (!expected["data"].empty() && !expected["data"][0].contains("question_id")) {
      return check_captions(load_clip_captions(root / folder, kind, split, MediaCheck::kOff), expected, name);
    }
    const SampleList samples = load_clip_questions(root / folder, kind, split, MediaCheck::kOff);
    ASSERT_EQ(static_cast<size_t>(samples.size()), expected["data"].size()) << name;
    for (int64_t i = 0; i < samples.size(); ++i) {
      const Sample sample = samples.get(i);
      const Json& item = expected["data"][i];
      EXPECT_EQ(sample.media.filename(), item[is_video ? "video" : "audio"].get<std::string>()) << name;
      EXPECT_EQ(sample.question, item[item.contains("sent") ? "sent" : "question"].get<std::string>()) << name;
      EXPECT_EQ(sample.question_id, ids_of(Json::array({item["question_id"]}))[0]) << name;
      metrics::AnswerScores label;
      for (const auto& [answer, score] : item["label"].items())
        label.emplace_back(answer, score.template get<double>());
      EXPECT_EQ(sample.label, label) << name;
    }
    return;
  }
  FAIL() << name << ": no folder holds this split";
}

// `{task}.{split}.{index}.image`, and `vqa.black`.
void check_images(const Case& c) {
  const auto root = c.file("data");
  for (const auto& [name, expected] : read_all(c.file("images.safetensors"))) {
    const int64_t size_px = expected.size(1);  // [3,S,S]
    if (name == "vqa.black") {
      EXPECT_EQ(expected.abs().max().item<float>(), 0);  // what black_image shows: tests/infer
      continue;
    }
    const auto split_begin = name.find('.') + 1;
    const auto split_end = name.find('.', split_begin);
    const std::string task = name.substr(0, split_begin - 1);
    const std::string split = name.substr(split_begin, split_end - split_begin);
    const int64_t index = std::stoll(name.substr(split_end + 1));
    const Sample sample = (task == "vqa"   ? load_vqa(root, split)
                           : task == "gqa" ? load_gqa(root, split)
                                           : load_coco_captions(root, split))
                              .get(index);
    auto pixels = media::eval_transform(media::load_image(sample.media), static_cast<int>(size_px));
    // The same integers from the JPEG and the resize, and the same float32 steps: no tolerance.
    EXPECT_EQ(max_difference(at::from_blob(pixels.data(), {3, size_px, size_px}), expected), 0) << name;
  }
}

void check_datasets(const Case& c) {
  const Json expected = Json::parse(std::ifstream(c.file("expected.json")));
  const auto root = c.file("data");
  std::vector<std::string> vqa_answers;
  for (const auto& [name, value] : expected.items()) {
    if (name.starts_with("vqa.karpathy_train.")) {
      check_vqa_subset(root, name, value);
    } else if (name == "vqa.two_sources") {
      check_sources(root, value);
    } else if (name == "vqa.karpathy_val.items") {
      vqa_answers = check_items(load_vqa(root, "karpathy_val"), value, name);
    } else if (name == "vqa.prompts") {
      ASSERT_FALSE(vqa_answers.empty());  // the items come first
      check_texts(load_vqa(root, "karpathy_val"), vqa_answers, value);
    } else if (name.starts_with("gqa.train.frac")) {
      const SampleList train = load_gqa(root, "train");
      PythonRandom random(value["python_seed"].get<uint64_t>());
      const SubsetRule rule = SubsetRule::parse(name.substr(std::string("gqa.train.frac").size()), "train_topk");
      EXPECT_EQ(ids_of(train, plain_subset(train.size(), rule, random)), ids_of(value["question_ids"]));
    } else if (name.starts_with("gqa.")) {
      const std::string split = name.substr(4, name.find('.', 4) - 4);
      check_items(load_gqa(root, split), value, name);
    } else if (name.starts_with("caption.")) {
      check_captions(load_coco_captions(root, name.substr(8)), value, name);
    } else {
      ASSERT_TRUE(name.starts_with("video.") || name.starts_with("audio.")) << name << ": an unknown kind of result";
      check_clips(root, value, name);
    }
  }
  EXPECT_FALSE(expected.empty());
  check_annotations(root, load_vqa(root, "karpathy_train,karpathy_val"));
  check_images(c);
}

const bool registered = register_check("datasets", check_datasets);

}  // namespace
}  // namespace epalm::golden
