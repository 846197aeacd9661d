#include "epalm/nn/packed_weights.h"

#include <ATen/Parallel.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <span>

#include "epalm/base/checksum.h"
#include "epalm/base/error.h"
#include "epalm/io/safetensors.h"

namespace epalm::nn {
namespace {

// To be raised when a tensor lies in memory in another way, or is rounded or quantized in one.
constexpr const char* kVersion = "2";
constexpr const char *kFormatEntry = "epalm_packed", *kKeyEntry = "key", *kSumEntry = "checksum of ";

using Parts = std::vector<std::pair<std::string, at::Tensor>>;

Parts parts_of(const Weights& weights) {
  Parts parts;
  for (const auto& [name, tensor] : weights.items()) {
    if (const QuantizedMatrix* matrix = weights.quantized(name)) {
      parts.emplace_back(name + ".values", matrix->values());
      parts.emplace_back(name + ".scales", matrix->scales());
      parts.emplace_back(name + ".samples", weights.samples(name));
    } else {
      parts.emplace_back(name, tensor.detach().contiguous());
    }
  }
  return parts;
}

std::string checksum_of(const at::Tensor& tensor) {
  return fmt::format("{:016x}", checksum(std::span(static_cast<const std::byte*>(tensor.data_ptr()), tensor.nbytes())));
}

// The sums of all, each thread taking one tensor after another.
std::vector<std::string> checksums_of(const Parts& parts) {
  std::vector<std::string> sums(parts.size());
  at::parallel_for(0, std::ssize(parts), 1, [&](int64_t begin, int64_t end) {
    for (auto i = static_cast<size_t>(begin); i < static_cast<size_t>(end); ++i) sums[i] = checksum_of(parts[i].second);
  });
  return sums;
}

// A file of packed weights whose tensors are handed out as they are expected.
class PackedFile {
 public:
  PackedFile(const std::filesystem::path& path, const std::string& key)
      : file_(io::open_safetensors(path)), metadata_(file_->metadata()) {
    require(metadata(kFormatEntry) == kVersion, "'{}' does not hold packed weights of format {}", path.string(),
            kVersion);
    require(metadata(kKeyEntry) == key, "'{}' was made of other weights or in another way", path.string());
  }

  at::Tensor take(const std::string& name, at::ScalarType type, const std::vector<int64_t>& shape) {
    const io::TensorInfo info = file_->info(name);
    require(info.dtype == type && info.shape == shape, "'{}': {} expected {} [{}], got {} [{}]", file_->path().string(),
            name, c10::toString(type), fmt::join(shape, ","), c10::toString(info.dtype), fmt::join(info.shape, ","));
    return taken_.emplace_back(name, file_->read(name)).second;
  }

  // That nothing is left, and that all that was taken is as it was written.
  void check() const {
    require(taken_.size() == file_->names().size(), "'{}' holds {} tensors, expected {}", file_->path().string(),
            file_->names().size(), taken_.size());
    const auto sums = checksums_of(taken_);
    for (size_t i = 0; i < taken_.size(); ++i) {
      require(metadata(kSumEntry + taken_[i].first) == sums[i], "'{}': {} is damaged, its checksum is wrong",
              file_->path().string(), taken_[i].first);
    }
  }

 private:
  std::string metadata(const std::string& entry) const {
    const auto found = metadata_.find(entry);
    return found == metadata_.end() ? "" : found->second;
  }

  std::unique_ptr<io::TensorFile> file_;
  std::map<std::string, std::string> metadata_;
  Parts taken_;
};

}  // namespace

void write_packed_weights(const std::filesystem::path& path, const Weights& weights, const std::string& key) {
  const Parts parts = parts_of(weights);
  const auto sums = checksums_of(parts);
  std::map<std::string, std::string> metadata{{kFormatEntry, kVersion}, {kKeyEntry, key}};
  for (size_t i = 0; i < parts.size(); ++i) metadata[kSumEntry + parts[i].first] = sums[i];
  io::write_safetensors(path, parts, metadata);
}

Weights read_packed_weights(const std::filesystem::path& path, const std::vector<WeightSpec>& table,
                            Precision precision, const std::string& key) {
  PackedFile file(path, key);
  Weights weights;
  for (const WeightSpec& spec : table) {
    const int bits = bits_of(spec, precision);
    if (bits == 0) {
      weights.add(spec.name, file.take(spec.name, type_of(spec, precision), spec.shape));
      continue;
    }
    const int64_t out = spec.shape[0], in = spec.shape[1];
    const auto values = bits == 8 ? file.take(spec.name + ".values", at::kChar, {out, in})
                                  : file.take(spec.name + ".values", at::kByte, {out, in / 2});
    const auto scales = bits == 8 ? file.take(spec.name + ".scales", at::kFloat, {out})
                                  : file.take(spec.name + ".scales", at::kHalf, {out, in / kFewColumns});
    const auto samples =
        file.take(spec.name + ".samples", at::kBFloat16, {std::min<int64_t>(out * in, Weights::kMostSamples)});
    weights.add_quantized(spec.name, QuantizedMatrix(values, scales), samples);
  }
  file.check();
  return weights;
}

}  // namespace epalm::nn
