#include "epalm/hub/model_folder.h"

#include <algorithm>
#include <fstream>
#include <functional>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>

#include "epalm/base/error.h"

namespace epalm::hub {
namespace {

namespace fs = std::filesystem;
using Names = std::set<std::string>;

const Names kTokenizerFiles{"tokenizer.json", "vocab.json", "merges.txt", "tokenizer_config.json",
                            "special_tokens_map.json"};

// The shards that an index of weights names.
Names shards(const fs::path& index) {
  std::ifstream file(index);
  const auto json = nlohmann::json::parse(file, nullptr, false);
  const bool usable = json.is_object() && json.contains("weight_map") && json["weight_map"].is_object();
  require(usable, "'{}': expected a JSON object with a weight_map", index.string());
  Names names;
  for (const auto& [tensor, shard] : json["weight_map"].items()) {
    require(shard.is_string(), "'{}': expected the name of a file for '{}'", index.string(), tensor);
    names.insert(shard.get<std::string>());
  }
  return names;
}

// The files that are wanted of those that there are; none where the weights or the tokenizer are not among them.
// open gives the path of one, which may load it.
Names choose(const Names& there, Wanted wanted, const std::function<fs::path(const std::string&)>& open) {
  Names chosen;
  if (wanted != Wanted::kWeights)
    std::set_intersection(there.begin(), there.end(), kTokenizerFiles.begin(), kTokenizerFiles.end(),
                          std::inserter(chosen, chosen.end()));
  const bool tokenizer =
      there.contains("tokenizer.json") || (there.contains("vocab.json") && there.contains("merges.txt"));
  if (wanted == Wanted::kTokenizer) return tokenizer ? chosen : Names();
  if (wanted == Wanted::kModel) {
    if (!there.contains("config.json")) return {};
    chosen.insert("config.json");
  }
  for (const std::string whole : {"model.safetensors", "pytorch_model.bin"}) {
    if (there.contains(whole)) {
      chosen.insert(whole);
      return chosen;
    }
    const std::string index = whole + ".index.json";
    if (!there.contains(index)) continue;
    chosen.insert(index);
    chosen.merge(shards(open(index)));
    return chosen;
  }
  return {};
}

bool holds_all(const fs::path& snapshot, Wanted wanted) {
  Names there;
  for (const auto& entry : fs::directory_iterator(snapshot)) {
    if (entry.exists()) there.insert(entry.path().filename().string());  // not a link to a blob that is gone
  }
  const Names chosen = choose(there, wanted, [&](const std::string& file) { return snapshot / file; });
  return !chosen.empty() && std::includes(there.begin(), there.end(), chosen.begin(), chosen.end());
}

const char* described(Wanted wanted) {
  switch (wanted) {
    case Wanted::kModel:
      return "config.json with safetensors or pytorch_model.bin";
    case Wanted::kTokenizer:
      return "tokenizer.json or vocab.json";
    case Wanted::kWeights:
      break;
  }
  return "safetensors or pytorch_model.bin";
}

// The commit of the main branch, and its files.
std::pair<std::string, Names> listing(const std::string& model, const std::string& key, const HubOptions& options) {
  const std::string url = options.endpoint + "/api/models/" + model + "/revision/main";
  Answer answer;
  try {
    answer = http_get(url, options.http);
  } catch (const Interrupted&) {
    throw;
  } catch (const Error& error) {
    fail("{} '{}' is neither a folder nor in the cache '{}', and the hub cannot be asked: {}", key, model,
         options.cache.string(), error.what());
  }
  require(answer.status != 401 && answer.status != 403 && answer.status != 404,
          "{} '{}' is neither a folder nor a model that {} shows (it answers {}); correct the name, or set HF_TOKEN if "
          "it is private",
          key, model, options.endpoint, answer.status);
  const auto json = nlohmann::json::parse(answer.body, nullptr, false);
  const bool usable = answer.status == 200 && json.is_object() && json.contains("sha") && json["sha"].is_string() &&
                      json.contains("siblings") && json["siblings"].is_array();
  require(usable, "'{}': expected the files of a model as JSON, got the status {}; is {} a hub?", url, answer.status,
          options.endpoint);
  Names names;
  for (const auto& file : json["siblings"]) {
    if (file.is_object() && file.contains("rfilename") && file["rfilename"].is_string()) {
      names.insert(file["rfilename"].get<std::string>());
    }
  }
  return {json["sha"].get<std::string>(), names};
}

}  // namespace

fs::path model_folder(const std::string& name, Wanted wanted, const std::string& key, const HubOptions& options) {
  if (fs::is_directory(name)) return name;
  require(is_model_name(name), "{} '{}' is not a folder; give {}", key, name,
          wanted == Wanted::kWeights
              ? "a weight file, or a name of the hub such as timm/vit_base_patch16_224.augreg_in21k_ft_in1k"
              : "the folder of an OPT model with config.json and its weights, or a name of the hub such as "
                "facebook/opt-350m");
  const ModelCache cache(options, name);
  const auto kept = cache.snapshot();
  if (kept && holds_all(*kept, wanted)) return *kept;
  require(!options.offline,
          "{} '{}' is neither a folder nor {} in the cache '{}', and HF_HUB_OFFLINE forbids to load it; give a folder, "
          "or unset HF_HUB_OFFLINE once",
          key, name, kept ? "complete" : "there", options.cache.string());
  const auto [commit, there] = listing(name, key, options);
  const auto fetch = [&, &commit = commit](const std::string& file) { return cache.fetch(commit, file); };
  const Names chosen = choose(there, wanted, fetch);
  require(!chosen.empty(), "{} '{}': the hub has no {} that can be read among its files", key, name, described(wanted));
  for (const std::string& file : chosen) fetch(file);
  cache.set_main(commit);
  return cache.snapshot_of(commit);
}

}  // namespace epalm::hub
