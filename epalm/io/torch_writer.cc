#include <bit>
#include <map>

#include "epalm/base/error.h"
#include "epalm/io/torch_dtypes.h"
#include "epalm/io/torch_file.h"
#include "epalm/io/zip_writer.h"

namespace epalm::io {
namespace {

// Writes pickle protocol 2 with the instructions that weights_only loading accepts; gathers the storages by the way.
class PickleWriter {
 public:
  explicit PickleWriter(const std::filesystem::path& path) : path_(path) {}

  std::string pickle(const Value& value) {
    text_ = "\x80\x02";
    put(value);
    text_ += '.';
    return std::move(text_);
  }
  // In the order of their keys "0", "1", …; each holds its storage whole.
  const std::vector<at::Tensor>& storages() const { return storages_; }

 private:
  void put(const Value& value) {
    switch (value.kind()) {
      case Value::Kind::kNone:
        text_ += 'N';
        break;
      case Value::Kind::kBool:
        text_ += value.as_bool() ? '\x88' : '\x89';
        break;
      case Value::Kind::kInt:
        put_int(value.as_int());
        break;
      case Value::Kind::kDouble:
        text_ += 'G';
        put_raw(__builtin_bswap64(std::bit_cast<uint64_t>(value.as_double())));
        break;
      case Value::Kind::kString:
        put_text(value.as_string());
        break;
      case Value::Kind::kBytes:
        put_bytes(value.as_bytes());
        break;
      case Value::Kind::kTensor:
        put_tensor(value.as_tensor());
        break;
      case Value::Kind::kList:
        text_ += "](";
        for (const auto& item : value.as_list()) put(item);
        text_ += 'e';
        break;
      case Value::Kind::kTuple:
        text_ += '(';
        for (const auto& item : value.as_list()) put(item);
        text_ += 't';
        break;
      case Value::Kind::kDict:
        text_ += "}(";
        for (const auto& [key, item] : value.as_dict()) {
          put(key);
          put(item);
        }
        text_ += 'u';
        break;
    }
  }

  template <typename T>
  void put_raw(T value) {
    text_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }

  void put_int(int64_t value) {
    if (value == static_cast<int32_t>(value)) {
      text_ += 'J';
      put_raw(static_cast<int32_t>(value));
    } else {
      text_ += "\x8a\x08";
      put_raw(value);
    }
  }

  void put_text(const std::string& text) {
    require(text.size() <= UINT32_MAX, "'{}': a text of {} bytes is too long for a torch file", path_.string(),
            text.size());
    text_ += 'X';
    put_raw(static_cast<uint32_t>(text.size()));
    text_ += text;
  }

  // Protocol 2 has no bytes: they stand as Latin-1 text and the name of the codec.
  void put_bytes(const Value::Bytes& bytes) {
    std::string text;
    for (const std::byte b : bytes) {
      const auto c = static_cast<unsigned char>(b);
      if (c >= 0x80) text += static_cast<char>(0xc0 | c >> 6);
      text += static_cast<char>(c >= 0x80 ? 0x80 | (c & 0x3f) : c);
    }
    text_ += "c_codecs\nencode\n(";
    put_text(text);
    put_text("latin1");
    text_ += "tR";
  }

  void put_integers(at::IntArrayRef values) {
    text_ += '(';
    for (const int64_t value : values) put_int(value);
    text_ += 't';
  }

  void put_tensor(const at::Tensor& given) {
    require(given.defined() && given.layout() == at::kStrided && !given.is_quantized(),
            "'{}': only dense tensors can be written", path_.string());
    const at::Tensor tensor = given.detach().cpu();
    const TorchDtype* dtype = nullptr;
    for (const auto& known : kTorchDtypes) {
      if (known.type == tensor.scalar_type()) dtype = &known;
    }
    require(dtype != nullptr, "'{}': tensors of dtype {} cannot be written", path_.string(),
            c10::toString(tensor.scalar_type()));
    const auto [key, elements] = store(tensor);
    text_ += "ctorch._utils\n_rebuild_tensor_v2\n((";
    put_text("storage");
    text_ += "ctorch\n" + std::string(dtype->storage) + "\n";
    put_text(key);
    put_text("cpu");
    put_int(elements);
    text_ += "tQ";
    put_int(tensor.storage_offset());
    put_integers(tensor.sizes());
    put_integers(tensor.strides());
    text_ +=
        "\x89"
        "ccollections\nOrderedDict\n)RtR";  // requires_grad, backward hooks
  }

  // The key of a tensor's storage and how many elements the storage has.
  std::pair<std::string, int64_t> store(const at::Tensor& tensor) {
    const auto elements = static_cast<int64_t>(tensor.storage().nbytes() / static_cast<size_t>(tensor.element_size()));
    const auto identity =
        std::pair(static_cast<const void*>(tensor.storage().unsafeGetStorageImpl()), tensor.scalar_type());
    const auto [found, is_new] = keys_.emplace(identity, storages_.size());
    if (is_new) storages_.push_back(tensor.as_strided({elements}, {1}, 0));  // also keeps the storage alive
    return {std::to_string(found->second), elements};
  }

  std::filesystem::path path_;
  std::string text_;
  std::vector<at::Tensor> storages_;
  std::map<std::pair<const void*, at::ScalarType>, size_t> keys_;
};

}  // namespace

void write_torch(const std::filesystem::path& path, const Value& value) {
  PickleWriter pickler(path);
  const std::string pickle = pickler.pickle(value);
  ZipWriter zip(path);
  zip.add("archive/data.pkl", std::as_bytes(std::span(pickle)));
  for (size_t i = 0; i < pickler.storages().size(); ++i) {
    const at::Tensor& data = pickler.storages()[i];
    zip.add(fmt::format("archive/data/{}", i), {static_cast<const std::byte*>(data.data_ptr()), data.nbytes()});
  }
  const std::string_view version = "3\n";
  zip.add("archive/version", std::as_bytes(std::span(version)));
  zip.finish();
}

}  // namespace epalm::io
