// The ten published configurations start as they are, train two steps and evaluate: on data written here in the layout
// of each data set, with frozen models of the published depth and few numbers. Those of published_configs.h always;
// where EPALM_CONFIGS names the folder of the published files, these are compared with them, and run in their place.
#include "tests/train/published_configs.h"

#include <gmock/gmock.h>
#include <sys/wait.h>

#include <cmath>
#include <cstdlib>
#include <set>

#include "epalm/eval/evaluate.h"
#include "epalm/io/json_file.h"
#include "epalm/io/torch_file.h"
#include "epalm/media/audio_writer.h"
#include "epalm/media/image_file.h"
#include "epalm/media/video_writer.h"
#include "epalm/train/trainer.h"
#include "tests/train/tiny_run.h"

namespace epalm::train {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::Contains;
using testing::Key;

constexpr int kMedia = 4;      // of a data set; its samples share them
constexpr int kEvaluated = 2;  // samples of a split that is scored

void write_json(const fs::path& path, const json& value) {
  fs::create_directories(path.parent_path());
  write_text(path, value.dump());
}

// A picture, a clip or a recording, by the name's extension.
void write_medium(const fs::path& path, int number) {
  fs::create_directories(path.parent_path());
  const auto image = [&](int64_t shift) {
    media::Image image(24, 20);
    for (size_t i = 0; i < image.rgb.size(); ++i) {
      image.rgb[i] = static_cast<uint8_t>(i * static_cast<size_t>(number + 3) + 8 * static_cast<size_t>(shift));
    }
    return image;
  };
  if (path.extension() == ".wav") {
    media::Waveform wave{16'000, 1, std::vector<float>(8'000)};
    for (size_t i = 0; i < wave.samples.size(); ++i) {
      wave.samples[i] = 0.3f * std::sin(static_cast<float>(i) * 0.05f * static_cast<float>(number + 1));
    }
    return media::save_audio(path, wave);
  }
  if (path.extension() == ".jpg") return media::save_image(path, image(0));
  std::vector<media::Image> frames;
  for (int64_t i = 0; i < 20; ++i) frames.push_back(image(i));
  media::save_video(path, frames);
}

// A question of a split about one of its media.
json question(const char* medium_field, const std::string& medium, int64_t id) {
  return {{medium_field, medium},   {"sent", "what colour is the circle"},
          {"question_id", id},      {"label", {{"red", 1.0}}},
          {"answer_type", "other"}, {"question_type", "what colour"}};
}

std::string caption(int number) {
  return "a red circle above " + std::to_string(number) + " squares";
}

// VQAv2: pictures of train2014 and val2014, questions of each split, and what ten people answered.
void write_vqa(const fs::path& data, const infer::RunConfig& config, int samples) {
  std::map<std::string, json> annotations;
  int64_t id = 0;
  for (const std::string& split : std::set{config.train_split, config.val_split, config.test_split}) {
    const bool train = split == config.train_split;
    const std::string year = train ? "train2014" : "val2014";
    json questions = json::array();
    for (int i = 0; i < (train ? samples : kEvaluated); ++i) {
      const std::string name = fmt::format("COCO_{}_{:012}", year, i % kMedia);
      write_medium(data / "COCO/images" / year / (name + ".jpg"), i % kMedia);
      questions.push_back(question("img_id", name, ++id));
      json answers = json::array();
      for (int person = 1; person <= 10; ++person) answers.push_back({{"answer", "red"}, {"answer_id", person}});
      annotations[year].push_back(
          {{"question_id", id}, {"question_type", "what colour"}, {"answer_type", "other"}, {"answers", answers}});
    }
    write_json(data / "vqa" / (split + ".json"), questions);
  }
  for (const auto& [year, list] : annotations) {
    write_json(data / "vqa" / ("v2_mscoco_" + year + "_annotations.json"), {{"annotations", list}});
  }
  write_json(data / "vqa/trainval_label2ans.json", {"red"});
  write_json(data / "vqa/trainval_ans2label.json", {{"red", 0}});
}

void write_gqa(const fs::path& data, const infer::RunConfig& config, int samples) {
  for (const std::string& split : {config.train_split, config.val_split, config.test_split}) {
    json questions = json::array();
    for (int i = 0; i < (split == config.train_split ? samples : kEvaluated); ++i) {
      const std::string name = std::to_string(2'370'000 + i % kMedia);
      write_medium(data / "VG/VG_100K" / (name + ".jpg"), i % kMedia);
      questions.push_back(question("img_id", name, i));
      questions.back()["question_id"] = "0" + std::to_string(i);  // a text there
    }
    write_json(data / "GQA" / (split + ".json"), questions);
  }
}

// Karpathy's COCO: each sentence of a training picture is a sample.
void write_coco(const fs::path& data, int samples) {
  json images = json::array();
  const auto add = [&](const std::string& split, const std::string& folder, int number, int sentences) {
    const std::string name = fmt::format("COCO_{}_{:012}.jpg", folder, number);
    write_medium(data / "COCO/images" / folder / name, number);
    json list = json::array();
    for (int i = 0; i < sentences; ++i) list.push_back({{"raw", caption(i) + "."}});
    images.push_back({{"filename", name}, {"split", split}, {"sentences", list}});
  };
  for (int i = 0; i < kMedia; ++i) {
    add(i % 2 == 0 ? "train" : "restval", i % 2 == 0 ? "train2014" : "val2014", i, samples / kMedia);
  }
  for (int i = 0; i < kEvaluated; ++i) {
    add("val", "val2014", 10 + i, 5);
    add("test", "val2014", 20 + i, 5);
  }
  write_json(data / "COCO/dataset_coco.json", {{"images", images}});
}

// MSR-VTT, MSVD and AudioCaps, questions or captions.
void write_clips(const fs::path& data, const infer::RunConfig& config, int samples) {
  const bool video = infer::modality_of(config.task) == infer::Modality::kVideo;
  const char* field = video ? "video" : "audio";
  const auto medium = [&](int number) {
    const std::string name = video ? fmt::format("video{}.mp4", number) : fmt::format("part/{}.wav", number);
    const fs::path path = data / (video ? "videos/all" : "audios") / name;
    if (!fs::exists(path)) write_medium(path, number);
    return name;
  };
  for (const std::string& split : {config.train_split, config.val_split, config.test_split}) {
    const bool train = split == config.train_split;
    json records = json::array();
    if (!infer::is_caption(config.task)) {
      for (int i = 0; i < (train ? samples : kEvaluated); ++i)
        records.push_back(question(field, medium(i % kMedia), i));
    } else {
      for (int i = 0; i < (train ? kMedia : kEvaluated); ++i) {
        json captions = json::array();
        for (int k = 0; k < (train ? samples / kMedia : 3); ++k) captions.push_back(caption(k));
        records.push_back({{field, medium(i)}, {"caption", captions}});
      }
    }
    write_json(data / "annotation" / (split + ".json"), records);
  }
}

void write_data(const fs::path& data, const infer::RunConfig& config) {
  const int samples = 2 * static_cast<int>(config.batch_size_train);  // two steps
  switch (config.task) {
    case infer::Task::kVqa:
      return write_vqa(data, config, samples);
    case infer::Task::kGqa:
      return write_gqa(data, config, samples);
    case infer::Task::kCaption:
      return write_coco(data, samples);
    default:
      return write_clips(data, config, samples);
  }
}

// Six blocks, of which all six states are injected, in the form that the published file has: safetensors as timm's, a
// dict `model_state`, names behind `module.`
std::string write_encoder(const fs::path& folder, infer::Modality modality) {
  const auto shrink = [](auto shape) {
    shape.width = 8;
    shape.depth = 6;
    shape.heads = 1;
    shape.mlp_width = 16;
    return shape;
  };
  const auto random = [](const encoders::EncoderConfig& shape) {
    return nn::random_weights(encoders::encoder_weights(shape), 2, 0.1).items();
  };
  const auto dict = [&](const encoders::EncoderConfig& shape, const std::string& prefix) {
    io::Value::Dict tensors;
    for (const auto& [name, tensor] : random(shape)) tensors.emplace_back(prefix + name, tensor);
    return tensors;
  };
  switch (modality) {
    case infer::Modality::kImage:
      io::write_safetensors(folder / "vit.safetensors", random(shrink(encoders::VitConfig{})));
      return (folder / "vit.safetensors").string();
    case infer::Modality::kVideo:
      io::write_torch(folder / "timesformer.pyth",
                      io::Value::Dict{{"model_state", dict(shrink(encoders::TimesformerConfig{}), "")}});
      return (folder / "timesformer.pyth").string();
    case infer::Modality::kAudio:
      break;
  }
  io::write_torch(folder / "ast.pth", dict(shrink(encoders::AstConfig{}), "module."));
  return (folder / "ast.pth").string();
}

// The language model and one encoder for each kind of media, once for all tests.
struct Models {
  Models() : folder("published_models") { write_tiny_lm(folder.path(), 32); }
  const std::string& encoder(infer::Modality modality) {
    auto& path = encoders[modality];
    if (path.empty()) path = write_encoder(folder.path(), modality);
    return path;
  }
  TemporaryFolder folder;
  std::map<infer::Modality, std::string> encoders;
};

Models& models() {
  static Models models;
  return models;
}

// The file that a test runs: the published one where it is here, else its twin.
fs::path file_of(const PublishedConfig& config, const fs::path& folder) {
  const char* published = std::getenv("EPALM_CONFIGS");
  if (published != nullptr && fs::exists(fs::path(published) / config.name)) return fs::path(published) / config.name;
  write_text(folder / config.name, config.yaml);
  return folder / config.name;
}

class PublishedConfigs : public testing::TestWithParam<PublishedConfig> {};

TEST_P(PublishedConfigs, StartTrainTwoStepsAndEvaluate) {
  const TemporaryFolder folder("published");
  const fs::path file = file_of(GetParam(), folder.path()), data = folder.path() / "data";
  const infer::RunConfig named = infer::load_run_config(file);
  write_data(data, named);
  const auto config = infer::load_run_config(
      file,
      {"data_dir=" + data.string(), "text_model=" + (models().folder.path() / "opt").string(),
       "encoder_weights=" + models().encoder(infer::modality_of(named.task)), "schedular.epochs=1", "num_workers=0"});
  const auto bundle = infer::load_bundle(config);
  std::map<std::string, at::Tensor> before;
  for (const auto& [name, tensor] : bundle.model.parameters()) before[name] = tensor.detach().clone();

  TrainOptions options;
  options.output_dir = folder.path() / "out";
  options.save_best = true;
  int64_t steps = 0;
  options.progress = [&](const TrainProgress& progress) {
    if (progress.phase == "train") steps = std::max(steps, progress.done);
  };
  const TrainResult result = train(bundle, options);
  EXPECT_EQ(steps, 2);
  ASSERT_EQ(result.epoch_loss.size(), 1U);
  EXPECT_TRUE(std::isfinite(result.epoch_loss[0])) << result.epoch_loss[0];
  for (const auto& [name, tensor] : bundle.model.parameters()) {
    EXPECT_EQ(at::equal(tensor, before.at(name)), !tensor.requires_grad()) << name;
  }

  const char* metric = infer::is_caption(config.task) ? "CIDEr" : "accuracy";
  EXPECT_THAT(result.valid_metrics, Contains(Key(metric)));
  infer::load_adapter(bundle, result.best);
  const auto evaluated = eval::evaluate(bundle, config.test_split);
  EXPECT_EQ(evaluated.predictions.size(), static_cast<size_t>(kEvaluated));
  EXPECT_THAT(evaluated.metrics, Contains(Key(metric)));
}

std::string test_name(const testing::TestParamInfo<PublishedConfig>& info) {
  return info.param.name.substr(0, info.param.name.find('.'));
}

INSTANTIATE_TEST_SUITE_P(Ten, PublishedConfigs, testing::ValuesIn(published_configs()), test_name);

TEST(PublishedFiles, AreWhatTheTestSaysTheyAre) {
  const char* published = std::getenv("EPALM_CONFIGS");
  if (published == nullptr) GTEST_SKIP() << "EPALM_CONFIGS does not name the folder of the published configurations";
  const TemporaryFolder folder("published_twin");
  const std::vector<std::string> weights{"encoder_weights=w"};  // there a path of another machine
  for (const auto& [name, yaml] : published_configs()) {
    const fs::path file = fs::path(published) / name, twin = folder.path() / name;
    write_text(twin, yaml);
    EXPECT_EQ(to_json(infer::load_run_config(file, weights)), to_json(infer::load_run_config(twin, weights))) << name;
    EXPECT_THAT(infer::unread_keys(twin), testing::UnorderedElementsAreArray(infer::unread_keys(file))) << name;
  }
}

// The program itself, with the flags of the published scripts in their spelling.
TEST(PublishedRun, GoesFromTheCommandLineIntoAnAdapterFolder) {
  const TemporaryFolder folder("published_cli");
  const PublishedConfig published = published_configs()[1];
  const fs::path file = file_of(published, folder.path()), data = folder.path() / "data";
  write_data(data, infer::load_run_config(file));
  const auto epalm = [&](const std::string& arguments) {
    const std::string command =
        fmt::format("cd '{0}' && '{1}' --threads 1 {2} >out 2>err", folder.path().string(), EPALM_PROGRAM, arguments);
    const int status = std::system(command.c_str());
    std::ifstream error(folder.path() / "err"), out(folder.path() / "out");
    EXPECT_EQ(WEXITSTATUS(status), 0) << std::string{std::istreambuf_iterator<char>(error), {}};
    return std::string{std::istreambuf_iterator<char>(out), {}};
  };
  const std::string run = fmt::format(
      "'{}' --data_dir '{}' --text_model '{}' --encoder_weights '{}' num_workers=0 schedular.epochs=1", file.string(),
      data.string(), (models().folder.path() / "opt").string(), models().encoder(infer::Modality::kImage));
  epalm("train " + run + " --output_dir run --save_best");
  for (const char* name : {"adapter.safetensors", "config.json", "README.md"}) {
    EXPECT_TRUE(fs::exists(folder.path() / "run/adapter" / name)) << name;
  }
  const json best = json::parse(epalm("eval " + run + " --checkpoint run/checkpoint_best.pth --json"));
  EXPECT_EQ(json::parse(epalm("eval run/adapter/config.json --checkpoint run/adapter --json")), best);
  epalm("ask data/COCO/images/val2014/COCO_val2014_000000000000.jpg -q what --checkpoint run/adapter");
  epalm("eval " + run + " --checkpoint run/checkpoint_best.pth --export again");
  EXPECT_EQ(json::parse(epalm("eval again/config.json --checkpoint again --json")), best);
}

}  // namespace
}  // namespace epalm::train
