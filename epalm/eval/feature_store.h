#pragma once

#include <ATen/ATen.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

// Features on disk: an LMDB environment in a folder of its own, read and written by any number of processes at a time.
namespace epalm::eval {

enum class FeaturePrecision { kFloat32, kBFloat16, kFloat16 };

// Of fp32, bf16 or fp16. Throws Error for another name.
FeaturePrecision feature_precision_named(std::string_view name);

// float32, as a store of that precision gives it back: a number x differs by at most 2^-8·|x| in bf16, and by at most
// 2^-11·|x| + 2^-25 in fp16, where |x| above 65504 becomes infinite.
at::Tensor rounded(const at::Tensor& features, FeaturePrecision precision);

// A handle; those of one folder in one process share the environment, as LMDB demands. Safe from several threads.
class FeatureStore {
 public:
  // Opens the store in the folder, or makes one where that is empty or missing. limit_bytes: its greatest size; of
  // several handles the last one's counts. The first handle of a process looks whether the store is whole (see
  // lmdb_check.h): a damaged one is set aside in the folder with one warning, and a new one begun; other processes that
  // have it open go on with the old one. Damage to the disk while it is open is seen in values alone. Throws Error
  // where the folder holds something else, what cannot be told from it, a store of another format, or cannot be used.
  FeatureStore(const std::filesystem::path& folder, int64_t limit_bytes);
  ~FeatureStore();
  FeatureStore(const FeatureStore&) = delete;
  FeatureStore& operator=(const FeatureStore&) = delete;

  // float32 [K,Dv] as rounded() gives it; nothing where the key is absent or its value is damaged.
  std::optional<at::Tensor> find(const std::string& key);
  // Values that this handle found damaged.
  int64_t damaged() const { return damaged_; }

  // Keeps all of them or, where that cannot be, none. features: [K,Dv], finite. A key that is there gets the new value.
  // Where the store or the disk is full, that is reported once as a warning and nothing more is kept.
  void keep(std::span<const std::pair<std::string, at::Tensor>> features, FeaturePrecision precision);
  // Why nothing more is kept; "" while it is.
  std::string stopped() const;

  int64_t entries() const;
  int64_t bytes_on_disk() const;

 private:
  class Environment;
  std::shared_ptr<Environment> environment_;
  std::atomic<int64_t> damaged_ = 0;
};

}  // namespace epalm::eval
