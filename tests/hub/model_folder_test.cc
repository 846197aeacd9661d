#include "epalm/hub/model_folder.h"

#include <gmock/gmock.h>

#include <set>

#include "epalm/base/error.h"
#include "epalm/hub/sha256.h"
#include "tests/hub/loopback_server.h"
#include "tests/hub/scratch.h"

namespace epalm::hub {
namespace {

using testing::AllOf;
using testing::HasSubstr;

const std::string kCommit(40, 'a');

// A hub with one model, owner/tiny. Weights are linked elsewhere, as large files are.
struct TinyHub {
  Response operator()(const std::string&, const std::string& path) const {
    if (path == "/api/models/owner/tiny/revision/main") {
      std::string siblings;
      for (const auto& [name, bytes] : files) {
        siblings += fmt::format(R"({}{{"rfilename": "{}"}})", siblings.empty() ? "" : ",", name);
      }
      return {.body = fmt::format(R"({{"sha": "{}", "siblings": [{}]}})", kCommit, siblings)};
    }
    const std::string prefix = "/owner/tiny/resolve/" + kCommit + "/";
    if (path.starts_with("/storage/")) return {.body = files.at(path.substr(9))};
    if (!path.starts_with(prefix) || !files.contains(path.substr(prefix.size()))) return {.status = 404};
    const std::string name = path.substr(prefix.size());
    const std::string& bytes = files.at(name);
    if (name.ends_with(".json")) return {.headers = {{"ETag", "\"git-" + name + "\""}}, .body = bytes};
    return {.status = 302,
            .headers = {{"Location", "/storage/" + name},
                        {"X-Linked-Etag", "\"" + (wrong_sum ? std::string(64, '0') : sha256_hex(bytes)) + "\""},
                        {"X-Linked-Size", std::to_string(bytes.size())}}};
  }

  std::map<std::string, std::string> files{{"config.json", "{}"},
                                           {"tokenizer.json", "{\"t\": 1}"},
                                           {"pytorch_model.bin", "weights"},
                                           {"tf_model.h5", "of others"}};
  bool wrong_sum = false;
};

HubOptions options_of(const LoopbackServer& server, const Scratch& scratch) {
  return {.cache = scratch / "hub", .endpoint = server.url()};
}

std::string error_of(const std::string& name, const HubOptions& options) {
  try {
    model_folder(name, Wanted::kModel, "text_model", options);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(ModelFolder, LocalFoldersWin) {
  const Scratch scratch;
  write_bytes(scratch / "opt/config.json", "{}");
  EXPECT_EQ(model_folder(scratch / "opt", Wanted::kModel, "text_model", {.offline = true}), scratch / "opt");
}

TEST(ModelFolder, LoadsIntoTheLayoutOfTheCacheAndFindsItThereOffline) {
  const Scratch scratch;
  const LoopbackServer server(TinyHub{});
  HubOptions options = options_of(server, scratch);
  const auto folder = model_folder("owner/tiny", Wanted::kModel, "text_model", options);
  const auto model = scratch / "hub/models--owner--tiny";
  EXPECT_EQ(folder, model / "snapshots" / kCommit);
  EXPECT_EQ(bytes_of(model / "refs/main"), kCommit);
  EXPECT_EQ(bytes_of(folder / "pytorch_model.bin"), "weights");
  EXPECT_EQ(std::filesystem::read_symlink(folder / "pytorch_model.bin"),
            std::filesystem::path("../../blobs") / sha256_hex("weights"));
  EXPECT_EQ(bytes_of(model / "blobs/git-config.json"), "{}");
  EXPECT_FALSE(std::filesystem::exists(folder / "tf_model.h5"));
  const size_t requests = server.requests().size();
  options.offline = true;
  EXPECT_EQ(model_folder("owner/tiny", Wanted::kModel, "text_model", options), folder);
  EXPECT_EQ(server.requests().size(), requests);
}

TEST(ModelFolder, TokenizerAloneNeedsNoWeights) {
  const Scratch scratch;
  const LoopbackServer server(TinyHub{});
  const auto folder = model_folder("owner/tiny", Wanted::kTokenizer, "tokenizer_name", options_of(server, scratch));
  EXPECT_TRUE(std::filesystem::exists(folder / "tokenizer.json"));
  EXPECT_FALSE(std::filesystem::exists(folder / "pytorch_model.bin"));
  // Which is not the model, so that is loaded when it is wanted.
  EXPECT_EQ(model_folder("owner/tiny", Wanted::kModel, "text_model", options_of(server, scratch)), folder);
  EXPECT_TRUE(std::filesystem::exists(folder / "pytorch_model.bin"));
}

TEST(ModelFolder, WeightsAloneNeedNeitherConfigNorTokenizer) {
  const Scratch scratch;
  TinyHub hub;
  hub.files.erase("config.json");
  hub.files.erase("tokenizer.json");
  const LoopbackServer server(hub);
  const auto folder = model_folder("owner/tiny", Wanted::kWeights, "encoder_weights", options_of(server, scratch));
  EXPECT_EQ(bytes_of(folder / "pytorch_model.bin"), "weights");
}

TEST(ModelFolder, TellsTheWatchOfEveryFileToItsLastByte) {
  const Scratch scratch;
  const LoopbackServer server(TinyHub{});
  HubOptions options = options_of(server, scratch);
  std::map<std::string, std::pair<int64_t, int64_t>> last;
  options.watch.progress = [&](const std::string& file, int64_t done, int64_t total) { last[file] = {done, total}; };
  model_folder("owner/tiny", Wanted::kModel, "text_model", options);
  EXPECT_EQ(last.at("owner/tiny/pytorch_model.bin"), std::pair(int64_t{7}, int64_t{7}));
  EXPECT_EQ(last.size(), 3u);
  options.cache = scratch / "other";
  options.watch.interrupted = [] { return true; };
  EXPECT_THROW(model_folder("owner/tiny", Wanted::kModel, "text_model", options), Interrupted);
}

TEST(ModelFolder, LoadsTheShardsOfTheIndex) {
  const Scratch scratch;
  TinyHub hub;
  hub.files.erase("pytorch_model.bin");
  hub.files["model.safetensors.index.json"] = R"({"weight_map": {"a": "part-1", "b": "part-2", "c": "part-1"}})";
  hub.files["part-1"] = "one";
  hub.files["part-2"] = "two";
  const LoopbackServer server(hub);
  const auto folder = model_folder("owner/tiny", Wanted::kModel, "text_model", options_of(server, scratch));
  EXPECT_EQ(bytes_of(folder / "part-1") + bytes_of(folder / "part-2"), "onetwo");
}

TEST(ModelFolder, RefusesNamesThatLeaveTheCache) {
  const Scratch scratch;
  TinyHub hub;
  hub.files.erase("pytorch_model.bin");
  hub.files["pytorch_model.bin.index.json"] = R"({"weight_map": {"a": "../../../../evil"}})";
  const LoopbackServer server(hub);
  EXPECT_THAT(error_of("owner/tiny", options_of(server, scratch)), HasSubstr("'../../../../evil'"));
  EXPECT_FALSE(std::filesystem::exists(scratch / "evil"));
  for (const std::string name : {"opt", "../opt", "a/b/c", "owner/", "/nowhere", "a b"}) {
    EXPECT_FALSE(is_model_name(name)) << name;
    EXPECT_THAT(error_of(name, options_of(server, scratch)), HasSubstr("is not a folder"));
  }
}

TEST(ModelFolder, DropsBytesWithAnotherChecksum) {
  const Scratch scratch;
  const LoopbackServer server(TinyHub{.wrong_sum = true});
  EXPECT_THAT(error_of("owner/tiny", options_of(server, scratch)),
              AllOf(HasSubstr("pytorch_model.bin"), HasSubstr("SHA-256"), HasSubstr(sha256_hex("weights"))));
  const auto model = scratch / "hub/models--owner--tiny";
  EXPECT_FALSE(std::filesystem::exists(model / "snapshots" / kCommit / "pytorch_model.bin"));
  EXPECT_FALSE(std::filesystem::exists(model / "blobs" / (std::string(64, '0') + ".incomplete")));
  EXPECT_FALSE(std::filesystem::exists(model / "refs/main")) << "an incomplete model has no name";
}

TEST(ModelFolder, SaysWhatIsMissingAndWhatToDo) {
  const Scratch scratch;
  const LoopbackServer server(TinyHub{});
  HubOptions options = options_of(server, scratch);
  EXPECT_THAT(error_of("owner/other", options), AllOf(HasSubstr("text_model 'owner/other'"), HasSubstr("HF_TOKEN")));
  options.offline = true;
  EXPECT_THAT(error_of("owner/tiny", options), AllOf(HasSubstr("HF_HUB_OFFLINE"), HasSubstr(options.cache.string())));
  TinyHub without;
  without.files.erase("pytorch_model.bin");
  const LoopbackServer bare(without);
  EXPECT_THAT(error_of("owner/tiny", options_of(bare, scratch)), HasSubstr("no config.json with safetensors"));
  EXPECT_THAT(error_of("owner/tiny", {.cache = scratch / "hub", .endpoint = "http://127.0.0.1:1"}),
              AllOf(HasSubstr("text_model 'owner/tiny'"), HasSubstr("cannot be asked")));
  const LoopbackServer page([](const std::string&, const std::string&) { return Response{.body = "<html>"}; });
  EXPECT_THAT(error_of("owner/tiny", options_of(page, scratch)), HasSubstr("is " + page.url() + " a hub?"));
}

TEST(HubOptions, ComeFromTheEnvironmentAsThoseOfPython) {
  const Scratch scratch;
  for (const char* name : {"HF_HOME", "HF_HUB_CACHE", "HF_ENDPOINT", "HF_TOKEN", "HF_HUB_OFFLINE", "XDG_CACHE_HOME"}) {
    unsetenv(name);
  }
  setenv("HOME", "/home/me", 1);
  EXPECT_EQ(hub_options_from_environment().cache, "/home/me/.cache/huggingface/hub");
  EXPECT_EQ(hub_options_from_environment().endpoint, "https://huggingface.co");
  EXPECT_FALSE(hub_options_from_environment().offline);
  set_download_watch({.interrupted = [] { return true; }});
  EXPECT_TRUE(hub_options_from_environment().watch.interrupted());
  set_download_watch({});
  setenv("HF_HOME", (scratch / "home").c_str(), 1);
  write_bytes(scratch / "home/token", "kept\n");
  EXPECT_EQ(hub_options_from_environment().cache, scratch / "home/hub");
  EXPECT_EQ(hub_options_from_environment().http.token, "kept");
  setenv("HF_HUB_CACHE", "/cache", 1);
  setenv("HF_ENDPOINT", "http://mirror/", 1);
  setenv("HF_TOKEN", "mine", 1);
  setenv("HF_HUB_OFFLINE", "True", 1);
  const HubOptions options = hub_options_from_environment();
  EXPECT_EQ(options.cache, "/cache");
  EXPECT_EQ(options.endpoint, "http://mirror");
  EXPECT_EQ(options.http.token, "mine");
  EXPECT_TRUE(options.offline);
}

}  // namespace
}  // namespace epalm::hub
