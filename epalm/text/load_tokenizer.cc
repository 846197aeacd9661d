#include "epalm/text/load_tokenizer.h"

#include <string_view>
#include <system_error>

#include "epalm/base/error.h"
#include "epalm/base/mapped_file.h"

namespace epalm::text {
namespace {

constexpr size_t kMaxBytes = size_t{1} << 28;  // the published files have 1 MB

std::string_view contents(const MappedFile& file) {
  require(file.bytes().size() <= kMaxBytes, "'{}' has {} bytes, expected at most {}; is it a tokenizer file?",
          file.path().string(), file.bytes().size(), kMaxBytes);
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

template <typename Parse>
Tokenizer parse_in(const std::filesystem::path& folder, Parse parse) {
  try {
    return parse();
  } catch (const Error& error) {
    fail("'{}': {}", folder.string(), error.what());
  }
}

}  // namespace

Tokenizer load_tokenizer(const std::filesystem::path& folder) {
  const auto has = [&](const char* name) {
    std::error_code unreadable;
    return std::filesystem::exists(folder / name, unreadable);
  };
  if (has("tokenizer.json")) {
    const MappedFile file(folder / "tokenizer.json");
    return parse_in(folder, [&] { return Tokenizer::from_tokenizer_json(contents(file)); });
  }
  require(has("vocab.json") && has("merges.txt"),
          "'{}' holds no tokenizer: expected tokenizer.json, or vocab.json and merges.txt; copy them there",
          folder.string());
  const MappedFile vocabulary(folder / "vocab.json");
  const MappedFile merges(folder / "merges.txt");
  return parse_in(folder, [&] { return Tokenizer::from_vocab_and_merges(contents(vocabulary), contents(merges)); });
}

}  // namespace epalm::text
