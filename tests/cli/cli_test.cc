#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

struct Outcome {
  int exit_code;
  std::string out, err;
};

fs::path scratch() {
  const auto* test = testing::UnitTest::GetInstance()->current_test_info();
  std::string name = fmt::format("epalm_cli_{}_{}", test->test_suite_name(), test->name());
  std::replace(name.begin(), name.end(), '/', '_');
  const fs::path folder = fs::path(testing::TempDir()) / name;
  fs::create_directories(folder);
  return folder;
}

std::string content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

fs::path file_with(const std::string& name, const std::string& text) {
  const fs::path path = scratch() / name;
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

// Runs the program in an empty folder, as a shell reads `arguments`; environment: as "NAME=value ".
Outcome epalm(const std::string& arguments, const std::string& environment = "") {
  const fs::path folder = scratch();
  const std::string command = fmt::format("cd '{0}' && {1} '{2}' {3} >'{0}/stdout' 2>'{0}/stderr' </dev/null",
                                          folder.string(), environment, EPALM_PROGRAM, arguments);
  const int status = std::system(command.c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, content(folder / "stdout"), content(folder / "stderr")};
}

void expect_one_line(const Outcome& outcome, const std::string& expected) {
  EXPECT_THAT(outcome.err, HasSubstr(expected));
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  EXPECT_THAT(outcome.err, testing::StartsWith("epalm: "));
  EXPECT_THAT(outcome.out, IsEmpty());
}

class EveryVerb : public testing::TestWithParam<const char*> {};

TEST_P(EveryVerb, HelpNamesItsFlagsAndShowsAnExample) {
  const Outcome help = epalm(std::string(GetParam()) + " --help");
  EXPECT_EQ(help.exit_code, 0) << help.err;
  EXPECT_THAT(help.out, HasSubstr(std::string("Example:\n  epalm ") + GetParam()));
  EXPECT_THAT(help.out, HasSubstr("--json"));
  EXPECT_THAT(help.err, IsEmpty());
  EXPECT_THAT(epalm("--help").out, HasSubstr(std::string("\n  ") + GetParam() + " "));
}

TEST_P(EveryVerb, UnknownFlagIsWrongUsage) {
  const std::string verb = GetParam();
  const Outcome outcome = epalm(verb + (verb == "reproduce" ? " methods" : " x") + " --no-such-flag");
  EXPECT_EQ(outcome.exit_code, 2);
  expect_one_line(outcome, "--no-such-flag");
  EXPECT_THAT(outcome.err, HasSubstr(std::string("epalm ") + GetParam() + " --help"));
}

INSTANTIATE_TEST_SUITE_P(Cli, EveryVerb,
                         testing::Values("demo", "train", "eval", "features", "ask", "inspect", "world", "bench",
                                         "metrics", "reproduce"),
                         [](const auto& info) { return std::string(info.param); });

TEST(Cli, VersionGoesToStandardOutput) {
  const Outcome outcome = epalm("--version");
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.out, testing::MatchesRegex("epalm [0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

TEST(Cli, MissingVerbIsWrongUsage) {
  const Outcome outcome = epalm("");
  EXPECT_EQ(outcome.exit_code, 2);
  expect_one_line(outcome, "epalm --help");
}

TEST(Cli, UnknownVerbNamesTheNearest) {
  const Outcome outcome = epalm("trian x.yaml");
  EXPECT_EQ(outcome.exit_code, 2);
  expect_one_line(outcome, "'train'");
}

TEST(Cli, MissingArgumentIsWrongUsage) {
  for (const char* arguments : {"train", "ask", "inspect", "world", "datasets", "datasets check", "metrics",
                                "metrics p.json", "features", "eval run_vqa.yaml", "train run_vqa.yaml --output-dir"}) {
    EXPECT_EQ(epalm(arguments).exit_code, 2) << arguments;
  }
}

TEST(Cli, MissingFileFailsWithOneSentence) {
  for (const char* arguments : {"train nowhere_vqa.yaml", "eval nowhere_vqa.yaml --checkpoint x.pth",
                                "ask nowhere.png -q what", "inspect nowhere_vqa.yaml", "inspect nowhere.pth"}) {
    const Outcome outcome = epalm(arguments);
    EXPECT_EQ(outcome.exit_code, 1) << arguments;
    expect_one_line(outcome, "nowhere");
  }
}

TEST(Cli, TextAsPictureFailsWithOneSentence) {
  const Outcome outcome = epalm("ask '" + file_with("notes.png", "not a picture").string() + "' -q what");
  EXPECT_EQ(outcome.exit_code, 1);
  expect_one_line(outcome, "notes.png");
}

TEST(Cli, EmptyPictureFailsWithOneSentence) {
  const Outcome outcome = epalm("ask '" + file_with("empty.jpg", "").string() + "'");
  EXPECT_EQ(outcome.exit_code, 1);
  expect_one_line(outcome, "empty.jpg");
}

// A black BMP of 1 x 1 pixel.
std::string small_picture() {
  std::string bytes("BM\x3A\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\1\0\0\0\1\0\0\0\1\0\x18\0\0\0\0\0\4\0\0\0", 38);
  bytes.resize(58, '\0');
  return bytes;
}

TEST(Cli, WithoutAnyAdapterAskSaysHowToTrainOne) {
  const fs::path empty = scratch() / "assets";
  fs::create_directories(empty);
  const Outcome outcome = epalm("ask '" + file_with("dot.bmp", small_picture()).string() + "' -q what",
                                "EPALM_ASSETS='" + empty.string() + "'");
  EXPECT_EQ(outcome.exit_code, 1);
  expect_one_line(outcome, "epalm demo");
}

TEST(Cli, WrongAssetsFolderIsNamed) {
  const Outcome outcome =
      epalm("ask '" + file_with("dot.bmp", small_picture()).string() + "' -q what", "EPALM_ASSETS=/nowhere");
  EXPECT_EQ(outcome.exit_code, 1);
  expect_one_line(outcome, "/nowhere");
}

const char* const kEpalm = R"(
image_res: 224
optimizer: {opt: adamW, lr: 2e-5, weight_decay: 0.02, prompt_lr: 1e-5}
schedular: {sched: cosine, lr: 2e-5, epochs: 8, min_lr: 1e-6, cooldown_epochs: 0}
start_layer_idx: 19
end_layer_idx: 31
injected_hidden_states: 6
use_cache: False
k_test: 64
prompt_tuning: True
prompt_len: 10
)";
const std::string kEpalmPtL = std::string(kEpalm) + "shared_connector: True\nmlp: False\n";

TEST(Cli, UnknownKeyOrDeviceFailsWithOneSentence) {
  const std::string config = file_with("run_vqa.yaml", kEpalm).string();
  const Outcome key = epalm("train '" + config + "' optimizer.learning_rate=1");
  EXPECT_EQ(key.exit_code, 1);
  expect_one_line(key, "optimizer.learning_rate");
  const Outcome device = epalm("train '" + config + "' --device cuda");
  EXPECT_EQ(device.exit_code, 1);
  expect_one_line(device, "cuda");
}

TEST(Cli, DemoNamesTheTasksItKnows) {
  const Outcome outcome = epalm("demo --task video");
  EXPECT_EQ(outcome.exit_code, 1);
  expect_one_line(outcome, "video_caption");
  expect_one_line(epalm("demo --task vqa no_such_key=1"), "no_such_key");
  EXPECT_FALSE(fs::exists(scratch() / "runs"));
}

TEST(Cli, ReproduceRefusesWhatItDoesNotKnowBeforeItRunsAnything) {
  expect_one_line(epalm("reproduce methods --only limbr"), "limber");
  expect_one_line(epalm("reproduce methods --task video"), "video_caption");
  expect_one_line(epalm("reproduce methods --task vqa no_such_key=1"), "no_such_key");
  expect_one_line(epalm("reproduce methods --task vqa --output-dir /proc/none"), "/proc/none");
  EXPECT_EQ(epalm("reproduce methods --seeds 0").exit_code, 2);
  EXPECT_EQ(epalm("reproduce tables").exit_code, 2);
  EXPECT_THAT(epalm("reproduce ablations --list").out, HasSubstr("prompt"));
  EXPECT_FALSE(fs::exists(scratch() / "runs"));
}

TEST(Cli, FlagsAreReadInBothSpellings) {
  const std::string config = file_with("run_vqa.yaml", kEpalm).string();
  for (const char* flag : {"--text-model", "--text_model"}) {
    const Outcome outcome = epalm(fmt::format("train '{}' {} no_such_model", config, flag));
    EXPECT_EQ(outcome.exit_code, 1) << flag;
    EXPECT_THAT(outcome.err, HasSubstr("no_such_model")) << flag;
  }
}

TEST(Cli, FlagsOfThePublishedProgramsAreReadOrRefused) {
  const std::string config = file_with("run_vqa.yaml", kEpalm).string();
  const std::string train = fmt::format("train --config '{}' --text_model no_such_model ", config);
  const Outcome read = epalm(train + "--max_gen_length 20 --image_dir pictures --low_cpu --world_size 1");
  EXPECT_EQ(read.exit_code, 1);
  EXPECT_THAT(read.err, AllOf(HasSubstr("no_such_model"), HasSubstr("--image-dir"), HasSubstr("--low-cpu")));
  expect_one_line(epalm(train + "--max_gen_length 0"), "max_length");
  for (const char* flag : {"--distributed", "--world_size 4", "--dist_url env://", "--submit"}) {
    const Outcome refused = epalm(train + flag);
    EXPECT_EQ(refused.exit_code, 1) << flag;
    EXPECT_THAT(refused.err, Not(HasSubstr("no_such_model"))) << flag;
  }
}

struct Row {
  const char *lm, *encoder;
  bool shared;
  int64_t total, trained;
};

class ParameterTable : public testing::TestWithParam<Row> {};

// Totals and trained parameters of published settings (SPEC.md §11); tests/infer/model_shapes_test.cc has all of them.
TEST_P(ParameterTable, InspectCountsAsPublished) {
  const Row& row = GetParam();
  const std::string config = file_with("run_vqa.yaml", row.shared ? kEpalmPtL : kEpalm).string();
  const Outcome outcome =
      epalm(fmt::format("inspect '{}' --json text_model={} vision_model_name={}", config, row.lm, row.encoder));
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const auto json = nlohmann::json::parse(outcome.out);
  EXPECT_EQ(json["parameters_total"], row.total);
  EXPECT_EQ(json["parameters_trained"], row.trained);
  EXPECT_EQ(json["unread"],
            (std::vector<std::string>{"schedular.lr", "schedular.cooldown_epochs", "use_cache", "k_test"}));
}

INSTANTIATE_TEST_SUITE_P(
    Cli, ParameterTable,
    testing::Values(Row{"facebook/opt-350m", "vit_base_patch16_224", false, 423'019'240, 5'255'168},
                    Row{"facebook/opt-6.7b", "vit_large_patch16_224", true, 6'967'039'976, 4'239'360}));

TEST(Cli, InspectShowsTheTrainedShare) {
  const std::string config = file_with("run_vqa.yaml", kEpalmPtL).string();
  const Outcome outcome = epalm("inspect '" + config + "' text_model=facebook/opt-6.7b");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("6,748,232,424"));
  EXPECT_THAT(outcome.out, HasSubstr("0.0473 %"));
}

TEST(Cli, InspectSaysWhatEveryKeyDoes) {
  const std::string config = file_with("run_vqa.yaml", kEpalmPtL).string();
  const Outcome outcome = epalm("inspect '" + config + "' num_beams=3");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, testing::ContainsRegex("\n  optimizer.prompt_lr +1e-05 +learning rate of the prompt\n"));
  EXPECT_THAT(outcome.out, testing::ContainsRegex("\n  num_beams +3 +hypotheses kept while generating"));
  EXPECT_THAT(outcome.out, testing::ContainsRegex("keys that change nothing:\n(.*\n)*  k_test +64 +never read"));
  EXPECT_THAT(outcome.out, testing::ContainsRegex("defaults:\n(.*\n)*  top_k +50 +draw from"));
}

TEST(Cli, InspectListsTheTensorsOfAWeightFile) {
  const std::string header = R"({"a.weight":{"dtype":"F16","shape":[2,3],"data_offsets":[0,12]}})";
  std::string bytes(8, '\0');
  bytes[0] = static_cast<char>(header.size());
  const std::string file = file_with("tiny.safetensors", bytes + header + std::string(12, '\0')).string();
  const Outcome outcome = epalm("inspect '" + file + "' --json");
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const auto json = nlohmann::json::parse(outcome.out);
  EXPECT_EQ(json["parameters_total"], 6);
  EXPECT_EQ(json["bytes"], 12);
  EXPECT_EQ(json["tensors"][0]["name"], "a.weight");
  EXPECT_EQ(epalm("inspect '" + file + "' num_beams=3").exit_code, 1);
}

TEST(Cli, DamagedWeightFileFailsWithOneSentence) {
  const Outcome outcome = epalm(
      "inspect '" + file_with("bad.safetensors", std::string("\xff\xff\xff\xff\xff\xff\xff\x7f{}", 10)).string() + "'");
  EXPECT_EQ(outcome.exit_code, 1);
  expect_one_line(outcome, "bad.safetensors");
}

TEST(Cli, BenchListsItsRowsAndRefusesUnknownOnes) {
  const Outcome list = epalm("bench media.encoder --list");
  EXPECT_EQ(list.exit_code, 0) << list.err;
  EXPECT_THAT(list.out, HasSubstr("media.encoder_vit"));
  EXPECT_THAT(list.out, Not(HasSubstr("media.fbank")));
  const Outcome unknown = epalm("bench media.fbnak");
  EXPECT_EQ(unknown.exit_code, 1);
  expect_one_line(unknown, "'media.fbank'");
  const Outcome plot = epalm("bench --plot /nowhere/growth.svg");
  EXPECT_EQ(plot.exit_code, 1);
  expect_one_line(plot, "/nowhere/growth.svg");
}

TEST(Cli, MetricsScoresAFileAloneWithIntervals) {
  const auto predictions =
      file_with("p.json", R"([{"question_id":1,"answer":"cat"},{"question_id":2,"answer":"cat"}])");
  const auto references = file_with("own.jsonl", R"({"media":"a.png","question":"q","answers":["cat"],"id":1})"
                                                 "\n"
                                                 R"({"media":"a.png","question":"q","answers":["dog"],"id":2})");
  const std::string files = fmt::format("metrics '{}' '{}' ", predictions.string(), references.string());
  const Outcome table = epalm(files + "--bootstrap 50 --seed 1");
  EXPECT_EQ(table.exit_code, 0) << table.err;
  EXPECT_THAT(table.out, testing::ContainsRegex("accuracy +50.00  0.00 to 100.00"));
  const auto document = nlohmann::json::parse(epalm(files + "--json --bootstrap 0").out);
  EXPECT_EQ(document["metrics"]["accuracy"], 50.0);
  EXPECT_TRUE(document["intervals_95"].empty());
  const Outcome missing = epalm(fmt::format("metrics '{}' nowhere.json", predictions.string()));
  EXPECT_EQ(missing.exit_code, 1);
  expect_one_line(missing, "nowhere.json");
}

TEST(Cli, DatasetsCheckListsWhatIsMissingOrBroken) {
  file_with("dot.bmp", small_picture());
  file_with("bad.bmp", "not a picture");
  const auto config = file_with("own_vqa.yaml", "image_res: 8\n");
  const auto line = [](const std::string& media) {
    return R"({"media":")" + media + R"(","question":"what","answers":["dot"]})" + "\n";
  };
  file_with("good.jsonl", line("dot.bmp"));
  file_with("bad.jsonl", line("dot.bmp") + line("bad.bmp") + line("none.bmp"));
  file_with("wrong.jsonl", "{}\n");
  const std::string check = fmt::format("datasets check '{}' --data-dir '{}' train_split=good.jsonl ", config.string(),
                                        config.parent_path().string());
  const Outcome good = epalm(check + "val_split=good.jsonl test_split=good.jsonl");
  EXPECT_EQ(good.exit_code, 0) << good.err << good.out;
  EXPECT_THAT(good.out, HasSubstr("dot: what -> dot"));
  const Outcome bad = epalm(check + "val_split=bad.jsonl test_split=wrong.jsonl --json");
  EXPECT_EQ(bad.exit_code, 1) << bad.err;
  const auto splits = nlohmann::json::parse(bad.out)["splits"];
  EXPECT_EQ(splits[0]["problem"], "");
  EXPECT_EQ(splits[1]["samples"], 3);
  EXPECT_EQ(splits[1]["media"], 3);
  EXPECT_EQ(splits[1]["missing"].size(), 1u);
  ASSERT_EQ(splits[1]["broken"].size(), 1u);
  EXPECT_THAT(splits[1]["broken"][0]["file"].get<std::string>(), HasSubstr("bad.bmp"));
  EXPECT_THAT(splits[2]["problem"].get<std::string>(), HasSubstr("line 1, `media`: the field is missing"));
}

TEST(Cli, FeaturesAreComputedOnceAndFoundTheSecondTime) {
  const fs::path folder = scratch();
  fs::remove_all(folder / "cache");
  for (const char* name : {"a.bmp", "b.bmp"}) {
    std::string picture = small_picture();
    picture[54] = name[0];
    file_with(name, picture);
  }
  file_with("bad.bmp", "not a picture");
  const auto line = [](const std::string& media) {
    return R"({"media":")" + media + R"(","question":"what","answers":["dot"]})" + "\n";
  };
  file_with("train.jsonl", line("a.bmp") + line("a.bmp") + line("b.bmp"));
  file_with("test.jsonl", line("b.bmp") + line("bad.bmp"));
  const std::string config =
      file_with("own_vqa.yaml",
                "semantics: causal\nimage_res: 48\naugment: false\ntrain_split: train.jsonl\nval_split: test.jsonl\n"
                "test_split: test.jsonl\nencoder_weights: " EPALM_SOURCE_DIR "/assets/tiny_world/vit\n")
          .string();
  const std::string verb = "features '" + config + "' --data-dir . ";
  expect_one_line(epalm(verb), "feature_cache is not set");
  expect_one_line(epalm(verb + "feature_cache=."), "an empty or a new folder");
  EXPECT_FALSE(fs::exists(folder / "data.mdb"));

  const Outcome first = epalm(verb + "--json feature_cache=cache");
  ASSERT_EQ(first.exit_code, 0) << first.err;
  const auto splits = nlohmann::json::parse(first.out)["splits"];
  ASSERT_EQ(splits.size(), 3u);
  EXPECT_EQ(splits[0]["media"], 2);
  EXPECT_EQ(splits[0]["computed"], 2);
  EXPECT_EQ(splits[1]["found"], 1);
  ASSERT_EQ(splits[2]["broken"].size(), 1u);
  EXPECT_THAT(splits[2]["broken"][0]["file"].get<std::string>(), HasSubstr("bad.bmp"));

  const auto second = nlohmann::json::parse(epalm(verb + "--json feature_cache=cache").out);
  EXPECT_EQ(second["entries"], 2);
  EXPECT_EQ(second["bytes"], fs::file_size(folder / "cache/data.mdb"));
  for (const auto& split : second["splits"]) {
    EXPECT_EQ(split["computed"], 0);
    EXPECT_EQ(split["found"].get<int>() + static_cast<int>(split["broken"].size()), split["media"].get<int>());
  }
  const std::string views = "features '" + config + "' --data-dir . augment=true feature_cache=cache feature_views=";
  const auto two = nlohmann::json::parse(epalm(views + "2 --json").out);
  ASSERT_EQ(two["splits"].size(), 4u);
  for (int view = 0; view < 2; ++view) {
    EXPECT_EQ(two["splits"][view]["view"], view);
    EXPECT_EQ(two["splits"][view]["computed"], 2);
  }
  EXPECT_TRUE(two["splits"][2]["view"].is_null());
  EXPECT_EQ(two["splits"][2]["found"], 1);
  EXPECT_EQ(two["entries"], 6);
  const Outcome three = epalm(views + "3 --split train");
  EXPECT_THAT(three.out, testing::ContainsRegex("train 2/3 +train.jsonl +2 +2 +0 +0 +0 +0"));
  EXPECT_THAT(three.out, testing::ContainsRegex("train 3/3 +train.jsonl +2 +0 +2 +0 +0 +0"));
  const Outcome table = epalm(verb + "--split val feature_cache=cache");
  EXPECT_THAT(table.out, testing::ContainsRegex("val +test.jsonl +2 +1 +0 +0 +1 +0"));
  EXPECT_THAT(table.out, HasSubstr("bad.bmp"));
}

TEST(Cli, InterruptedWorldExits130AndSaysHowToContinue) {
  const fs::path folder = scratch();
  fs::remove_all(folder / "world");
  // The signal is sent once the first folder shows that the program works.
  std::ofstream(folder / "run.sh") << "cd \"$2\"\n"
                                      "\"$1\" world world --data-only --train-images 200000 >stdout 2>stderr &\n"
                                      "for i in $(seq 600); do [ -d world/image/COCO ] && break; sleep 0.1; done\n"
                                      "[ -d world/image/COCO ] || { kill -KILL $!; exit 99; }\n"
                                      "kill -INT $!\n"
                                      "wait $!\n";
  const int status = std::system(fmt::format("sh '{0}/run.sh' '{1}' '{0}'", folder.string(), EPALM_PROGRAM).c_str());
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 130);
  EXPECT_THAT(content(folder / "stderr"), HasSubstr("same command"));
  fs::remove_all(folder / "world");
}

TEST(Cli, OutputElsewhereThanATerminalHasNoEscapes) {
  const fs::path folder = scratch() / "world";
  fs::remove_all(folder);
  const Outcome outcome = epalm(
      "world world --data-only --train-images 3 --val-images 2 --test-images 2 --train-clips 2 --val-clips 2 "
      "--test-clips "
      "2 --train-recordings 2 --val-recordings 2 --test-recordings 2 --json");
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, Not(HasSubstr("\033")));
  EXPECT_THAT(outcome.err, HasSubstr("pictures 100%"));
  EXPECT_EQ(nlohmann::json::parse(outcome.out)["folders"],
            (nlohmann::json{{"image", "world/image"}, {"video", "world/video"}, {"audio", "world/audio"}}));
  EXPECT_TRUE(fs::exists(folder / "image/vqa"));
  EXPECT_TRUE(fs::exists(folder / "video/MSRVTT"));
  EXPECT_TRUE(fs::exists(folder / "audio/AudioCaps"));
}

}  // namespace
