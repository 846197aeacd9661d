#include "epalm/io/safetensors.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <unordered_map>

#include "epalm/base/atomic_write.h"
#include "epalm/base/error.h"
#include "epalm/base/mapped_file.h"
#include "epalm/io/json_file.h"
#include "epalm/io/mapped_tensor.h"

namespace epalm::io {
namespace {

constexpr size_t kLengthBytes = 8;
constexpr size_t kAlignment = 64;                 // of the data that are written: a line of the processor's cache
constexpr uint64_t kLargestHeader = 100'000'000;  // the format's own limit

struct DtypeName {
  const char* name;
  at::ScalarType dtype;
};
constexpr std::array<DtypeName, 10> kDtypes{{{"BOOL", at::kBool},
                                             {"U8", at::kByte},
                                             {"I8", at::kChar},
                                             {"I16", at::kShort},
                                             {"I32", at::kInt},
                                             {"I64", at::kLong},
                                             {"F16", at::kHalf},
                                             {"BF16", at::kBFloat16},
                                             {"F32", at::kFloat},
                                             {"F64", at::kDouble}}};

struct Entry {
  std::string name;
  TensorInfo info;
  uint64_t begin = 0, end = 0;  // bytes, from the start of the data
};

class Safetensors final : public TensorFile {
 public:
  explicit Safetensors(const std::filesystem::path& path) : file_(std::make_shared<MappedFile>(path)) {
    const auto bytes = file_->bytes();
    require(bytes.size() >= kLengthBytes, "'{}': expected a safetensors file, got {} bytes; is the download complete?",
            path.string(), bytes.size());
    uint64_t length = 0;  // little-endian, as every platform we build for
    std::memcpy(&length, bytes.data(), kLengthBytes);
    require(length <= kLargestHeader, "'{}': the header length {} exceeds {}; not a safetensors file?", path.string(),
            length, kLargestHeader);
    require(length <= bytes.size() - kLengthBytes,
            "'{}': the header needs {} bytes, but the file ends after {}; is the download complete?", path.string(),
            length, bytes.size() - kLengthBytes);
    data_ = bytes.subspan(kLengthBytes + length);
    const char* header = reinterpret_cast<const char*>(bytes.data()) + kLengthBytes;
    parse(parse_json({header, static_cast<size_t>(length)}, fmt::format("'{}': header", path.string())));
  }

  std::vector<std::string> names() const override {
    std::vector<std::string> names;
    for (const auto& entry : entries_) names.push_back(entry.name);
    return names;
  }
  bool contains(const std::string& name) const override { return index_.contains(name); }
  TensorInfo info(const std::string& name) const override { return find(name).info; }
  at::Tensor read(const std::string& name) const override {
    const Entry& entry = find(name);
    return tensor_from_mapping(file_, data_.subspan(entry.begin, entry.end - entry.begin), entry.info.dtype)
        .view(entry.info.shape);
  }
  const std::filesystem::path& path() const override { return file_->path(); }
  std::map<std::string, std::string> metadata() const override { return metadata_; }

 private:
  const Entry& find(const std::string& name) const {
    const auto found = index_.find(name);
    if (found == index_.end()) fail_missing(name);
    return entries_[found->second];
  }

  void parse(const nlohmann::json& header) {
    require(header.is_object(), "'{}': expected the header to be a JSON object", path().string());
    for (const auto& [name, value] : header.items()) {
      if (name == "__metadata__") {
        parse_metadata(value);
      } else {
        entries_.push_back(parse_entry(name, value));
      }
    }
    std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
      return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
    });
    uint64_t end = 0;
    for (size_t i = 0; i < entries_.size(); ++i) {
      const Entry& entry = entries_[i];
      require(entry.begin == end,
              "'{}': the data of '{}' begin at {}, but expected {}: data may neither overlap nor leave gaps",
              path().string(), entry.name, entry.begin, end);
      end = entry.end;
      index_.emplace(entry.name, i);
    }
    require(end == data_.size(),
            "'{}': the header describes {} bytes of data, but the file holds {}; is the download complete?",
            path().string(), end, data_.size());
  }

  void parse_metadata(const nlohmann::json& value) {
    require(value.is_object(), "'{}': expected __metadata__ to be a JSON object", path().string());
    for (const auto& [key, text] : value.items()) {
      require(text.is_string(), "'{}': expected __metadata__ '{}' to be a string", path().string(), key);
      metadata_[key] = text.get<std::string>();
    }
  }

  Entry parse_entry(const std::string& name, const nlohmann::json& value) const {
    const auto expect = [&](bool condition, const char* what) {
      require(condition, "'{}': expected {} in the header of '{}'", path().string(), what, name);
    };
    expect(value.is_object() && value.contains("dtype") && value["dtype"].is_string(), "a dtype");
    expect(value.contains("shape") && value["shape"].is_array(), "a shape");
    expect(value.contains("data_offsets") && value["data_offsets"].is_array() && value["data_offsets"].size() == 2,
           "two data_offsets");
    Entry entry{name, {dtype_of(name, value["dtype"].get<std::string>()), {}}};
    for (const auto& size : value["shape"]) {
      expect(size.is_number_unsigned() && size.get<uint64_t>() <= INT64_MAX, "non-negative sizes");
      entry.info.shape.push_back(size.get<int64_t>());
    }
    const auto& offsets = value["data_offsets"];
    expect(offsets[0].is_number_unsigned() && offsets[1].is_number_unsigned(), "non-negative data_offsets");
    entry.begin = offsets[0].get<uint64_t>();
    entry.end = offsets[1].get<uint64_t>();
    require(entry.begin <= entry.end && entry.end <= data_.size(),
            "'{}': the data of '{}' lie at {}..{}, but the file holds {} bytes; is the download complete?",
            path().string(), name, entry.begin, entry.end, data_.size());
    const auto bytes = byte_size(entry.info.shape, entry.info.dtype);
    require(bytes && *bytes == entry.end - entry.begin,
            "'{}': the shape [{}] of '{}' does not match its {} bytes of data", path().string(),
            fmt::join(entry.info.shape, ","), name, entry.end - entry.begin);
    return entry;
  }

  at::ScalarType dtype_of(const std::string& name, const std::string& dtype) const {
    for (const auto& known : kDtypes) {
      if (dtype == known.name) return known.dtype;
    }
    fail("'{}': '{}' has the dtype {}, which is not supported; convert it to F32, F16 or BF16", path().string(), name,
         dtype);
  }

  std::shared_ptr<const MappedFile> file_;
  std::span<const std::byte> data_;
  std::vector<Entry> entries_;  // by offset
  std::unordered_map<std::string, size_t> index_;
  std::map<std::string, std::string> metadata_;
};

const char* dtype_name(const std::filesystem::path& path, const std::string& name, at::ScalarType dtype) {
  for (const auto& known : kDtypes) {
    if (dtype == known.dtype) return known.name;
  }
  fail("'{}': '{}' has the dtype {}, which safetensors files cannot hold", path.string(), name, c10::toString(dtype));
}

}  // namespace

std::unique_ptr<TensorFile> open_safetensors(const std::filesystem::path& path) {
  return std::make_unique<Safetensors>(path);
}

void write_safetensors(const std::filesystem::path& path,
                       const std::vector<std::pair<std::string, at::Tensor>>& tensors,
                       const std::map<std::string, std::string>& metadata) {
  nlohmann::json header = nlohmann::json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  uint64_t offset = 0;
  for (const auto& [name, tensor] : tensors) {
    require(name != "__metadata__" && !header.contains(name), "'{}': the tensor name '{}' is taken", path.string(),
            name);
    const uint64_t end = offset + static_cast<uint64_t>(tensor.numel()) * tensor.element_size();
    header[name] = {{"dtype", dtype_name(path, name, tensor.scalar_type())},
                    {"shape", tensor.sizes().vec()},
                    {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string text = header.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  const size_t start = (kLengthBytes + text.size() + kAlignment - 1) / kAlignment * kAlignment;
  text.resize(start - kLengthBytes, ' ');  // spaces keep the data aligned
  require(text.size() <= kLargestHeader, "'{}': the header of {} tensors exceeds {} bytes", path.string(),
          tensors.size(), kLargestHeader);

  AtomicFile file(path);
  const uint64_t length = text.size();
  file.write(std::as_bytes(std::span(&length, 1)));
  file.write(std::as_bytes(std::span(text)));
  for (const auto& [name, tensor] : tensors) {
    const at::Tensor data = tensor.detach().cpu().contiguous();
    file.write({static_cast<const std::byte*>(data.data_ptr()), static_cast<size_t>(data.nbytes())});
  }
  file.commit();
}

}  // namespace epalm::io
