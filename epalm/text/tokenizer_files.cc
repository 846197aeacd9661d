#include "epalm/text/tokenizer_files.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "epalm/base/error.h"
#include "epalm/text/byte_alphabet.h"

namespace epalm::text {
namespace {

using nlohmann::json;

json parse_json(std::string_view text, std::string_view file) {
  try {
    return json::parse(text);
  } catch (const json::exception& error) {
    fail("{}: not valid JSON ({}); was the file cut off?", file, error.what());
  }
}

// The beginning of what a file says, for an error of one line.
std::string shown(std::string_view text) {
  return std::string(text.substr(0, 80));
}
std::string shown_json(const json& value) {
  return shown(value.dump());
}

// The member `key` of `object`, null if it is absent.
const json& member(const json& object, const char* key) {
  static const json null;
  const auto found = object.find(key);
  return found == object.end() ? null : *found;
}

void require_object(const json& value, std::string_view file, std::string_view what) {
  require(value.is_object(), "{}: {} must be a JSON object, got {}", file, what, value.type_name());
}

int64_t integer(const json& value, std::string_view file, std::string_view what) {
  require(value.is_number_integer(), "{}: the id of '{}' must be an integer, got {}", file, shown(what),
          shown_json(value));
  // An unsigned number beyond int64 turns negative and is refused with the others out of range.
  return value.get<int64_t>();
}

bool flag(const json& object, const char* key, std::string_view file) {
  const json& value = member(object, key);
  require(value.is_null() || value.is_boolean(), "{}: '{}' must be true or false, got {}", file, key,
          shown_json(value));
  return value.is_boolean() && value.get<bool>();
}

Vocabulary parse_vocabulary(const json& entries, std::string_view file) {
  require_object(entries, file, "the vocabulary");
  const auto count = static_cast<int64_t>(entries.size());
  require(count < INT32_MAX, "{}: {} tokens are too many; expected fewer than 2^31", file, count);
  std::vector<const std::string*> by_id(entries.size(), nullptr);
  std::optional<json::const_iterator> outside;
  for (auto entry = entries.begin(); entry != entries.end(); ++entry) {
    const int64_t id = integer(entry.value(), file, entry.key());
    if (id < 0 || id >= count) {
      outside = entry;
      continue;
    }
    auto& place = by_id[static_cast<size_t>(id)];
    require(place == nullptr, "{}: '{}' and '{}' have the same id {}; every token needs its own", file,
            place ? shown(*place) : "", shown(entry.key()), id);
    place = &entry.key();
  }
  const auto gap = std::find(by_id.begin(), by_id.end(), nullptr);
  require(gap == by_id.end(), "{}: no token has id {} while '{}' has id {}; the {} ids must run from 0 without gaps",
          file, gap - by_id.begin(), outside ? shown(outside->key()) : "", outside ? shown_json(outside->value()) : "",
          count);
  Vocabulary vocabulary;
  for (const std::string* token : by_id) vocabulary.add(*token);
  for (size_t byte = 0; byte < 256; ++byte) {
    require(vocabulary.find(byte_alphabet()[byte]).has_value(),
            "{}: the symbol '{}' of byte 0x{:02x} is missing; expected a byte-level vocabulary with all 256", file,
            byte_alphabet()[byte], byte);
  }
  return vocabulary;
}

// `where`: file and place of the merge, for the error.
void add_merge(std::string_view left, std::string_view right, const std::string& where, const Vocabulary& vocabulary,
               MergeTable& merges) {
  const auto id_of = [&](const std::string& token) {
    const auto id = vocabulary.find(token);
    require(id.has_value(), "{}: '{}' is not in the vocabulary; do both files belong together?", where, shown(token));
    return static_cast<uint32_t>(*id);
  };
  require(!left.empty() && !right.empty(), "{}: expected two tokens separated by one blank, got '{} {}'", where,
          shown(left), shown(right));
  const uint32_t first = id_of(std::string(left));
  const uint32_t second = id_of(std::string(right));
  require(merges.add(first, second, id_of(std::string(left).append(right))), "{}: the merge '{} {}' appears twice",
          where, shown(left), shown(right));
}

// `line`: two tokens separated by a blank.
void add_merge_line(std::string_view line, const std::string& where, const Vocabulary& vocabulary, MergeTable& merges) {
  const size_t blank = line.find(' ');
  require(blank != line.npos && line.find(' ', blank + 1) == line.npos,
          "{}: expected two tokens separated by one blank, got '{}'", where, shown(line));
  add_merge(line.substr(0, blank), line.substr(blank + 1), where, vocabulary, merges);
}

// The text up to the next line end, without it (nor a carriage return); removed from `rest`.
std::string_view take_line(std::string_view& rest) {
  const size_t end = std::min(rest.find('\n'), rest.size());
  std::string_view line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

MergeTable parse_merges_txt(std::string_view text, const Vocabulary& vocabulary) {
  require(text.starts_with("#version"), "merges.txt line 1: expected a header '#version: 0.2', got '{}'",
          shown(text.substr(0, text.find('\n'))));
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  MergeTable merges(static_cast<size_t>(std::count(text.begin(), text.end(), '\n')));
  take_line(text);
  for (int64_t number = 2; !text.empty(); ++number) {
    add_merge_line(take_line(text), fmt::format("merges.txt line {}", number), vocabulary, merges);
  }
  return merges;
}

// The pair a tokenizer.json states as "left right" or ["left", "right"].
MergeTable parse_merges_json(const json& list, const Vocabulary& vocabulary) {
  require(list.is_array(), "tokenizer.json: model.merges must be a list, got {}", list.type_name());
  MergeTable merges(list.size());
  for (size_t i = 0; i < list.size(); ++i) {
    const std::string where = fmt::format("tokenizer.json: model.merges[{}]", i);
    const json& merge = list[i];
    if (merge.is_string()) {
      add_merge_line(merge.get_ref<const std::string&>(), where, vocabulary, merges);
    } else {
      require(merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string(),
              "{}: expected \"left right\" or [\"left\", \"right\"], got {}", where, merge.type_name());
      add_merge(merge[0].get_ref<const std::string&>(), merge[1].get_ref<const std::string&>(), where, vocabulary,
                merges);
    }
  }
  return merges;
}

// The tokens a published OPT tokenizer recognises in the text without a word of its files: their neighbours keep
// blanks.
void add_published_special(TokenizerParts& parts, std::string_view file) {
  for (const std::string text : {"</s>", "<pad>"}) {
    const auto id = parts.vocabulary.find(text);
    require(id.has_value(), "{}: '{}' is missing; expected the vocabulary of an OPT tokenizer", file, text);
    const bool known =
        std::any_of(parts.special.begin(), parts.special.end(), [&](auto& token) { return token.id == *id; });
    if (!known) parts.special.push_back({text, *id, false, false});
  }
}

void parse_added_tokens(const json& list, TokenizerParts& parts) {
  constexpr std::string_view file = "tokenizer.json";
  if (list.is_null()) return;
  require(list.is_array(), "{}: added_tokens must be a list, got {}", file, list.type_name());
  for (const json& entry : list) {
    require_object(entry, file, "each of added_tokens");
    const json& content = member(entry, "content");
    require(content.is_string() && !content.get_ref<const std::string&>().empty(),
            "{}: an added token needs a 'content' that is a text and not empty", file);
    const auto& text = content.get_ref<const std::string&>();
    require(!flag(entry, "single_word", file), "{}: '{}' has single_word = true, which is not supported", file, text);
    parts.special.push_back(
        {text, integer(member(entry, "id"), file, text), flag(entry, "lstrip", file), flag(entry, "rstrip", file)});
  }
  std::stable_sort(parts.special.begin(), parts.special.end(), [](auto& a, auto& b) { return a.id < b.id; });
  for (const auto& token : parts.special) {
    const int64_t expected = parts.vocabulary.find(token.text).value_or(parts.vocabulary.size());
    require(token.id == expected, "{}: the added token '{}' has id {}, expected {}{}", file, token.text, token.id,
            expected, expected == parts.vocabulary.size() ? " (ids run on without gaps)" : " as in model.vocab");
    parts.vocabulary.add(token.text);
  }
  const auto repeated =
      std::adjacent_find(parts.special.begin(), parts.special.end(), [](auto& a, auto& b) { return a.id == b.id; });
  require(repeated == parts.special.end(), "{}: the added token '{}' appears twice", file,
          repeated == parts.special.end() ? "" : repeated->text);
}

// Features of the format that would change the result, and that OPT's tokenizers do not use.
void refuse_other_kinds(const json& root) {
  constexpr const char* file = "tokenizer.json";
  const json& model = member(root, "model");
  require_object(model, file, "model");
  const json& type = member(model, "type");
  require(type.is_null() || type == "BPE", "{}: model.type is {}, expected \"BPE\"", file, shown_json(type));
  require(member(root, "normalizer").is_null(), "{}: a normalizer is not supported; expected null", file);
  const json& words = member(root, "pre_tokenizer");
  require(words.is_object() && member(words, "type") == "ByteLevel" && !flag(words, "add_prefix_space", file) &&
              member(words, "use_regex") != false,
          "{}: the pre_tokenizer must be ByteLevel with add_prefix_space false, got {}", file, shown_json(words));
  for (const char* key : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    const json& affix = member(model, key);
    require(affix.is_null() || affix == "", "{}: model.{} is not supported; expected null", file, key);
  }
  for (const char* key : {"byte_fallback", "ignore_merges"}) {
    require(!flag(model, key, file), "{}: model.{} = true is not supported", file, key);
  }
}

}  // namespace

TokenizerParts parse_vocab_and_merges(std::string_view vocab_json, std::string_view merges_txt) {
  TokenizerParts parts;
  parts.vocabulary = parse_vocabulary(parse_json(vocab_json, "vocab.json"), "vocab.json");
  parts.base_size = parts.vocabulary.size();
  parts.merges = parse_merges_txt(merges_txt, parts.vocabulary);
  add_published_special(parts, "vocab.json");
  return parts;
}

TokenizerParts parse_tokenizer_json(std::string_view text) {
  const json root = parse_json(text, "tokenizer.json");
  require_object(root, "tokenizer.json", "the file");
  refuse_other_kinds(root);
  const json& model = root["model"];
  TokenizerParts parts;
  parts.vocabulary = parse_vocabulary(member(model, "vocab"), "tokenizer.json: model.vocab");
  parts.base_size = parts.vocabulary.size();
  parts.merges = parse_merges_json(member(model, "merges"), parts.vocabulary);
  parse_added_tokens(member(root, "added_tokens"), parts);
  add_published_special(parts, "tokenizer.json");
  return parts;
}

}  // namespace epalm::text
