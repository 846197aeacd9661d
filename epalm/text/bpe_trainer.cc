#include "epalm/text/bpe_trainer.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <queue>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "epalm/base/error.h"
#include "epalm/text/byte_alphabet.h"
#include "epalm/text/special_tokens.h"
#include "epalm/text/unicode.h"
#include "epalm/text/vocabulary.h"

namespace epalm::text {
namespace {

constexpr size_t kMaxWordBytes = 1024;

using nlohmann::json;
using WordCounts = std::unordered_map<std::string, int64_t>;

WordCounts count_words(const std::function<bool(std::string&)>& next_document, const SpecialTokens& special) {
  WordCounts counts;
  for (std::string document; next_document(document);) {
    document = to_valid_utf8(document);
    for (const auto& piece : special.split(document)) {
      if (piece.id) continue;
      for (std::string_view rest = piece.text; !rest.empty();) {
        const std::string_view word = take_word(rest);
        if (word.size() <= kMaxWordBytes) ++counts[std::string(word)];
      }
    }
  }
  return counts;
}

// How often each pair of neighbouring symbols occurs, kept up to date while pairs are merged.
class PairCounts {
 public:
  using Pair = std::pair<uint32_t, uint32_t>;

  PairCounts(const WordCounts& counts, const std::array<uint32_t, 256>& byte_ids) {
    words_.reserve(counts.size());
    for (const auto& [text, count] : counts) {
      Word word{{}, count};
      for (const char byte : text) word.symbols.push_back(byte_ids[static_cast<uint8_t>(byte)]);
      words_.push_back(std::move(word));
    }
    for (uint32_t word = 0; word < words_.size(); ++word) count_pairs(word);
    queue_changed();
  }

  // The most frequent pair, of smallest ids among equals. Not given again until its count changes.
  std::optional<Pair> best() {
    while (!queue_.empty()) {
      const Entry entry = queue_.top();
      queue_.pop();
      const int64_t count = uses_[key(entry.pair)].count;
      if (count == entry.count) return entry.pair;
      if (count > 0) queue_.push({count, entry.pair});  // it became rarer: counts grow only while a pair is new
    }
    return std::nullopt;
  }

  // Replaces the pair by `merged` in every word, from left to right.
  void merge(const Pair& pair, uint32_t merged) {
    std::vector<uint32_t> words = std::move(uses_[key(pair)].words);
    std::sort(words.begin(), words.end());
    words.erase(std::unique(words.begin(), words.end()), words.end());
    for (const uint32_t word : words) {
      auto& symbols = words_[word].symbols;
      for (size_t i = 0; i + 1 < symbols.size(); ++i) {
        uses_[key({symbols[i], symbols[i + 1]})].count -= words_[word].count;
      }
      size_t kept = 0;
      for (size_t i = 0; i < symbols.size(); ++kept) {
        const bool here = i + 1 < symbols.size() && symbols[i] == pair.first && symbols[i + 1] == pair.second;
        symbols[kept] = here ? merged : symbols[i];
        i += here ? 2 : 1;
      }
      symbols.resize(kept);
      count_pairs(word, merged);
    }
    queue_changed();
  }

 private:
  struct Word {
    std::vector<uint32_t> symbols;
    int64_t count;
  };
  struct Use {
    int64_t count = 0;
    std::vector<uint32_t> words;  // every word that holds the pair; some may do so no longer, or appear twice
  };
  struct Entry {
    int64_t count;
    Pair pair;
    bool operator<(const Entry& other) const { return count != other.count ? count < other.count : pair > other.pair; }
  };

  static uint64_t key(const Pair& pair) { return uint64_t{pair.first} << 32 | pair.second; }

  // Counts the pairs of one word; only those with the symbol `fresh` are new to it.
  void count_pairs(uint32_t word, std::optional<uint32_t> fresh = std::nullopt) {
    const auto& symbols = words_[word].symbols;
    for (size_t i = 0; i + 1 < symbols.size(); ++i) {
      const Pair pair{symbols[i], symbols[i + 1]};
      Use& use = uses_[key(pair)];
      use.count += words_[word].count;
      if (fresh && pair.first != *fresh && pair.second != *fresh) continue;
      if (use.words.empty() || use.words.back() != word) use.words.push_back(word);
      changed_.push_back(pair);
    }
  }

  void queue_changed() {
    std::sort(changed_.begin(), changed_.end());
    changed_.erase(std::unique(changed_.begin(), changed_.end()), changed_.end());
    for (const Pair& pair : changed_) queue_.push({uses_[key(pair)].count, pair});
    changed_.clear();
  }

  std::vector<Word> words_;
  std::unordered_map<uint64_t, Use> uses_;
  std::priority_queue<Entry> queue_;
  std::vector<Pair> changed_;
};

void check_tokens(const std::vector<std::string>& special_tokens, const std::vector<std::string>& added_tokens) {
  Vocabulary seen;
  for (const auto& symbol : byte_alphabet()) seen.add(symbol);
  for (const auto* list : {&special_tokens, &added_tokens}) {
    for (const std::string& token : *list) {
      require(!token.empty() && is_valid_utf8(token), "a special token must be UTF-8 text and not empty, got {} bytes",
              token.size());
      require(!seen.find(token), "the special token '{}' is given twice or is the symbol of a byte; choose another",
              token);
      seen.add(token);
    }
  }
  for (const std::string needed : {"</s>", "<pad>"}) {
    require(std::find(special_tokens.begin(), special_tokens.end(), needed) != special_tokens.end(),
            "the special tokens must hold '{}'; add it to the list", needed);
  }
}

json added_token(const std::string& text, int64_t id, bool special) {
  return {{"id", id},           {"content", text},     {"single_word", false}, {"lstrip", !special},
          {"rstrip", !special}, {"normalized", false}, {"special", special}};
}

json byte_level() {
  return {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", true}};
}

// `</s>` in front of every text, for other readers of the file.
json bos_template(int64_t bos_id) {
  const auto part = [](const char* kind, const char* name, int type) -> json {
    return {{kind, {{"id", name}, {"type_id", type}}}};
  };
  const json bos = part("SpecialToken", "</s>", 0);
  const json first = part("Sequence", "A", 0);
  return {{"type", "TemplateProcessing"},
          {"single", json::array({bos, first})},
          {"pair", json::array({bos, first, part("SpecialToken", "</s>", 1), part("Sequence", "B", 1)})},
          {"special_tokens",
           {{"</s>", {{"id", "</s>"}, {"ids", json::array({bos_id})}, {"tokens", json::array({"</s>"})}}}}}};
}

json tokenizer_json(const Vocabulary& vocabulary, std::vector<std::string> merges,
                    const std::vector<std::string>& added_tokens) {
  json ids = json::object();
  for (int64_t id = 0; id < vocabulary.size(); ++id) ids[vocabulary.token(id)] = id;
  json added = json::array();
  for (const std::string text : {"</s>", "<pad>"}) added.push_back(added_token(text, *vocabulary.find(text), true));
  std::sort(added.begin(), added.end(), [](const json& a, const json& b) { return a["id"] < b["id"]; });
  int64_t next = vocabulary.size();
  for (const std::string& text : added_tokens) added.push_back(added_token(text, next++, false));
  return {{"version", "1.0"},
          {"truncation", nullptr},
          {"padding", nullptr},
          {"added_tokens", std::move(added)},
          {"normalizer", nullptr},
          {"pre_tokenizer", byte_level()},
          {"post_processor", bos_template(*vocabulary.find("</s>"))},
          {"decoder", byte_level()},
          {"model",
           {{"type", "BPE"},
            {"dropout", nullptr},
            {"unk_token", "</s>"},
            {"continuing_subword_prefix", nullptr},
            {"end_of_word_suffix", nullptr},
            {"fuse_unk", false},
            {"byte_fallback", false},
            {"ignore_merges", false},
            {"vocab", std::move(ids)},
            {"merges", std::move(merges)}}}};
}

}  // namespace

std::string train_bpe(const std::function<bool(std::string&)>& next_document, int64_t vocab_size,
                      const std::vector<std::string>& special_tokens, const std::vector<std::string>& added_tokens) {
  check_tokens(special_tokens, added_tokens);
  const auto added_count = static_cast<int64_t>(added_tokens.size());
  const int64_t fixed_count = static_cast<int64_t>(special_tokens.size()) + 256 + added_count;
  require(vocab_size >= fixed_count && vocab_size < INT32_MAX,
          "a vocabulary of {} tokens cannot be trained: expected at least {} (special tokens, 256 bytes, added tokens) "
          "and fewer than 2^31",
          vocab_size, fixed_count);

  Vocabulary vocabulary;
  SpecialTokens special;
  for (const std::string& token : special_tokens) {
    const int64_t id = vocabulary.add(token);
    if (token == "</s>" || token == "<pad>") special.add({token, id, false, false});
  }
  for (const std::string& token : added_tokens) special.add({token, -1, true, true});
  std::array<uint32_t, 256> byte_ids{};
  for (size_t byte = 0; byte < 256; ++byte)
    byte_ids[byte] = static_cast<uint32_t>(vocabulary.add(byte_alphabet()[byte]));

  PairCounts pairs(count_words(next_document, special), byte_ids);
  std::vector<std::string> merges;
  while (vocabulary.size() < vocab_size - added_count) {
    const auto pair = pairs.best();
    require(pair.has_value(), "the texts yield only {} tokens, expected {}; give more text or a smaller vocabulary",
            vocabulary.size() + added_count, vocab_size);
    const std::string& left = vocabulary.token(pair->first);
    const std::string& right = vocabulary.token(pair->second);
    const std::string merged = left + right;
    // Texts may spell a special token, and two pairs may spell one token: only the first of them is merged.
    const bool taken =
        vocabulary.find(merged) || std::find(added_tokens.begin(), added_tokens.end(), merged) != added_tokens.end();
    if (taken) continue;
    merges.push_back(left + " " + right);
    pairs.merge(*pair, static_cast<uint32_t>(vocabulary.add(merged)));
  }
  return tokenizer_json(vocabulary, std::move(merges), added_tokens).dump(1);
}

}  // namespace epalm::text
