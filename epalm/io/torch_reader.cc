#include <array>
#include <cstring>
#include <optional>
#include <unordered_map>

#include "epalm/base/error.h"
#include "epalm/base/mapped_file.h"
#include "epalm/io/mapped_tensor.h"
#include "epalm/io/pickle_reader.h"
#include "epalm/io/torch_file.h"
#include "epalm/io/zip_archive.h"

namespace epalm::io {
namespace {

constexpr uint64_t kLargestPickle = uint64_t{1} << 30;  // unpacked

// The member in which torch keeps the tree, as `archive/data.pkl`.
const ZipMember* find_pickle(const ZipArchive& zip) {
  for (const auto& member : zip.members()) {
    if (member.name == "data.pkl" || member.name.ends_with("/data.pkl")) return &member;
  }
  return nullptr;
}

Value read_zip(const std::shared_ptr<const MappedFile>& file) {
  const std::string path = file->path().string();
  const ZipArchive zip(file);
  const ZipMember* pickle = find_pickle(zip);
  require(pickle != nullptr, "'{}': expected a torch file, but the zip holds no data.pkl", path);
  require(pickle->size <= kLargestPickle, "'{}': data.pkl claims {} bytes, more than {}", path, pickle->size,
          kLargestPickle);
  const std::string prefix = pickle->name.substr(0, pickle->name.size() - std::strlen("data.pkl"));
  if (const auto* order = zip.find(prefix + "byteorder")) {
    const auto text = zip.unpack(*order, 16);
    require(text.empty() || text[0] == std::byte{'l'},
            "'{}' holds big-endian numbers; save it again on a little-endian machine", path);
  }
  const std::vector<std::byte> unpacked = zip.unpack(*pickle);
  const PickleReader reader(unpacked, fmt::format("'{}'", path));
  return reader.build([&](const std::string& key, at::ScalarType dtype, int64_t size) {
    const ZipMember* member = zip.find(prefix + "data/" + key);
    require(member != nullptr, "'{}': the storage '{}' is missing; is the file complete?", path, key);
    const auto bytes = byte_size({size}, dtype);
    require(bytes && *bytes == member->size, "'{}': the storage '{}' of {} elements has {} bytes", path, key, size,
            member->size);
    return member->is_stored ? tensor_from_mapping(file, zip.packed(*member), dtype)
                             : tensor_from_bytes(zip.unpack(*member), dtype);
  });
}

// Length of the first pickle, which holds nothing but the number 0x1950a86a20f9469cfc6c; nullopt for any other start.
std::optional<size_t> legacy_magic(std::span<const std::byte> bytes) {
  constexpr std::array<uint8_t, 13> kMagic{0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, '.'};
  constexpr size_t kProtocol = 2, kFrame = 9;
  const auto starts_with = [&](size_t at, uint8_t code) { return at < bytes.size() && bytes[at] == std::byte{code}; };
  if (!starts_with(0, 0x80)) return std::nullopt;
  const size_t at = starts_with(kProtocol, 0x95) ? kProtocol + kFrame : kProtocol;
  if (bytes.size() < at + kMagic.size()) return std::nullopt;
  if (std::memcmp(bytes.data() + at, kMagic.data(), kMagic.size()) != 0) return std::nullopt;
  return at + kMagic.size();
}

// Magic number, protocol version, machine, tree, keys of the storages: five pickles; then for each key the number of
// elements (int64) and the elements.
Value read_legacy(const std::shared_ptr<const MappedFile>& file) {
  const std::string path = file->path().string(), where = fmt::format("'{}'", path);
  auto rest = file->bytes();
  const auto next = [&] {
    auto reader = std::make_unique<PickleReader>(rest, where);
    rest = rest.subspan(reader->size());
    return reader;
  };
  const auto magic = legacy_magic(rest);
  require(magic.has_value(), "'{}': expected a torch file, but it starts like none", path);
  rest = rest.subspan(*magic);
  constexpr int64_t kVersion = 1001;
  const int64_t version = next()->build().as_int();
  require(version == kVersion, "'{}': expected version {} of the legacy torch format, got {}", path, kVersion, version);
  require(next()->build().at("little_endian").as_bool(),
          "'{}' holds big-endian numbers; save it again on a little-endian machine", path);
  const auto tree = next();
  const Value keys = next()->build();

  const auto types = tree->storage_types();
  std::unordered_map<std::string, std::span<const std::byte>> storages;
  for (const auto& item : keys.as_list()) {
    const std::string& key = item.as_string();
    const auto type = types.find(key);
    require(type != types.end(), "'{}': no tensor uses the storage '{}'", path, key);
    int64_t size = 0;
    require(rest.size() >= sizeof size, "'{}' ends before the storage '{}'; is the file complete?", path, key);
    std::memcpy(&size, rest.data(), sizeof size);
    rest = rest.subspan(sizeof size);
    const auto bytes = byte_size({size}, type->second);
    require(bytes && *bytes <= rest.size(), "'{}' ends inside the storage '{}' of {} elements; is the file complete?",
            path, key, size);
    require(storages.emplace(key, rest.first(*bytes)).second, "'{}': the storage '{}' stands twice", path, key);
    rest = rest.subspan(*bytes);
  }
  return tree->build([&](const std::string& key, at::ScalarType dtype, int64_t) {
    const auto found = storages.find(key);
    require(found != storages.end(), "'{}': the storage '{}' is missing; is the file complete?", path, key);
    return tensor_from_mapping(file, found->second, dtype);
  });
}

const Value* state_dict(const Value& root) {
  const auto holds_tensors = [](const Value& value) {
    if (!value.is_dict()) return false;
    for (const auto& [key, item] : value.as_dict()) {
      if (key.is_string() && item.is_tensor()) return true;
    }
    return false;
  };
  if (holds_tensors(root)) return &root;
  if (!root.is_dict()) return nullptr;
  for (const char* name : {"model", "state_dict", "model_state", "module"}) {
    for (const auto& [key, item] : root.as_dict()) {
      if (key.is_string() && key.as_string() == name && holds_tensors(item)) return &item;
    }
  }
  return nullptr;
}

class TorchFile final : public TensorFile {
 public:
  explicit TorchFile(const std::filesystem::path& path) : path_(path) {
    const Value root = read_torch(path);
    const Value* dict = state_dict(root);
    require(dict != nullptr,
            "'{}' holds no dict of tensors, neither outermost nor under model, state_dict or model_state",
            path.string());
    for (const auto& [key, value] : dict->as_dict()) {
      if (!key.is_string() || !value.is_tensor()) continue;
      names_.push_back(key.as_string());
      tensors_.emplace(key.as_string(), value.as_tensor());
    }
  }

  std::vector<std::string> names() const override { return names_; }
  bool contains(const std::string& name) const override { return tensors_.contains(name); }
  TensorInfo info(const std::string& name) const override {
    const at::Tensor tensor = read(name);
    return {tensor.scalar_type(), tensor.sizes().vec()};
  }
  at::Tensor read(const std::string& name) const override {
    const auto found = tensors_.find(name);
    if (found == tensors_.end()) fail_missing(name);
    return found->second.detach();
  }
  const std::filesystem::path& path() const override { return path_; }

 private:
  std::filesystem::path path_;
  std::vector<std::string> names_;
  std::unordered_map<std::string, at::Tensor> tensors_;
};

}  // namespace

Value read_torch(const std::filesystem::path& path) {
  const auto file = std::make_shared<const MappedFile>(path);
  const auto bytes = file->bytes();
  const bool is_zip = bytes.size() >= 4 && std::memcmp(bytes.data(), "PK\3\4", 4) == 0;
  return is_zip ? read_zip(file) : read_legacy(file);
}

std::unique_ptr<TensorFile> open_torch(const std::filesystem::path& path) {
  return std::make_unique<TorchFile>(path);
}

}  // namespace epalm::io
