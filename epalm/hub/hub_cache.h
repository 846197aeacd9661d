#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "epalm/hub/download.h"

namespace epalm::hub {

// Who follows downloads: a bar on a terminal, and the wish to stop.
struct DownloadWatch {
  // file: as owner/name/FILE. Bytes so far and in all; the last call has all of them.
  std::function<void(const std::string& file, int64_t done, int64_t total)> progress{};
  std::function<bool()> interrupted{};  // true: stop with Interrupted
};

// Where models of the Hugging Face hub are kept and come from.
struct HubOptions {
  std::filesystem::path cache{};
  std::string endpoint = "https://huggingface.co";
  bool offline = false;
  Http http{};
  DownloadWatch watch{};
};

// Set once, as the log sink, before models are loaded: it is part of all options that come from the environment.
void set_download_watch(DownloadWatch watch);

// As huggingface_hub reads the environment: HF_HUB_CACHE, else HF_HOME/hub, else XDG_CACHE_HOME/huggingface/hub, else
// ~/.cache/huggingface/hub; HF_ENDPOINT; HF_TOKEN, else the file HF_HOME/token; HF_HUB_OFFLINE (1, true, yes or on).
HubOptions hub_options_from_environment();

// Whether the name can be that of a model of the hub: `owner/name` of letters, digits, '.', '_' and '-'.
bool is_model_name(const std::string& name);

// CACHE/models--OWNER--NAME/{refs,blobs,snapshots}: the cache of one model, shared with the Python programs.
class ModelCache {
 public:
  // Throws Error for a name that is none.
  ModelCache(const HubOptions& options, const std::string& model);

  // The folder of the commit that refs/main names, if both are there.
  std::optional<std::filesystem::path> snapshot() const;
  std::filesystem::path snapshot_of(const std::string& commit) const;

  // Loads one file of a commit into blobs/ and links it into the snapshot, whose path of it is the result. Waits for
  // another process that loads it; continues what one has begun. The bytes become a blob only after their number and,
  // where the server names it, their SHA-256 are right. Throws Error, and Interrupted.
  std::filesystem::path fetch(const std::string& commit, const std::string& file) const;

  // Makes refs/main name the commit, once its files are there.
  void set_main(const std::string& commit) const;

 private:
  HubOptions options_;
  std::string model_;
  std::filesystem::path folder_;
};

}  // namespace epalm::hub
