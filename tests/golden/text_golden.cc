#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "epalm/base/error.h"
#include "epalm/text/batch.h"
#include "epalm/text/load_tokenizer.h"
#include "tests/golden/golden.h"

namespace epalm::golden {
namespace {

using text::Tokenizer;
using Ids = std::vector<int64_t>;

nlohmann::json read_json(const Case& test_case, const std::string& file) {
  std::ifstream stream(test_case.file(file));
  return nlohmann::json::parse(stream);
}

Tokenizer with_tokens(Tokenizer tokenizer, const std::vector<std::string>& tokens) {
  for (const auto& token : tokens) tokenizer.add_token(token);
  return tokenizer;
}

// skip_special_tokens drops `</s>`, `<pad>` and the added tokens before decoding.
Ids without_special(const Tokenizer& tokenizer, const Ids& ids, int64_t base_size) {
  Ids kept;
  for (const int64_t id : ids) {
    if (id != tokenizer.eos_id() && id != tokenizer.pad_id() && id < base_size) kept.push_back(id);
  }
  return kept;
}

void check_encode(const Case& test_case, const Tokenizer& base) {
  const auto golden = read_json(test_case, "encode.json");
  for (const auto& [variant, added] : golden["added_tokens"].items()) {
    const Tokenizer tokenizer = with_tokens(base, added);
    for (const std::string token : added)
      EXPECT_EQ(tokenizer.token_id(token), golden["added_ids"][token].get<int64_t>());
    for (const auto& entry : golden["strings"]) {
      const auto text = entry["text"].get<std::string>();
      const auto& expected = entry[variant];
      const Ids ids = tokenizer.encode(text);
      EXPECT_EQ(ids, expected["ids"].get<Ids>()) << variant << ": " << text;
      EXPECT_EQ(tokenizer.decode(ids), expected["decode"]) << variant << ": " << text;
      EXPECT_EQ(tokenizer.decode(without_special(tokenizer, ids, base.size())), expected["decode_skip_special"])
          << variant << ": " << text;
    }
  }
}

void check_decode(const Case& test_case, const Tokenizer& tokenizer) {
  for (const auto& entry : read_json(test_case, "decode.json")) {
    const auto ids = entry["ids"].get<Ids>();
    if (entry.contains("error")) {
      EXPECT_THROW(tokenizer.decode(ids), Error) << entry["ids"];
    } else {
      EXPECT_EQ(tokenizer.decode(ids), entry["with_a_decode"]) << entry["ids"];
    }
  }
}

void check_batches(const Case& test_case, const Tokenizer& tokenizer) {
  for (const auto& entry : read_json(test_case, "batches.json")) {
    std::vector<Ids> rows;
    for (const std::string text : entry["texts"]) rows.push_back(tokenizer.encode(text));
    const auto batch = text::pad(rows, tokenizer.pad_id());
    Ids ids, mask;
    for (const auto& row : entry["input_ids"]) ids.insert(ids.end(), row.begin(), row.end());
    for (const auto& row : entry["attention_mask"]) mask.insert(mask.end(), row.begin(), row.end());
    EXPECT_EQ(batch.rows, static_cast<int64_t>(entry["texts"].size()));
    EXPECT_EQ(batch.columns, static_cast<int64_t>(entry["input_ids"][0].size()));
    EXPECT_EQ(batch.ids, ids) << entry["texts"];
    EXPECT_EQ(batch.mask, mask) << entry["texts"];
  }
}

// The piece of `text` with the given number when split at `separator`.
std::string piece(const std::string& text, const std::string& separator, int number) {
  size_t start = 0;
  for (; number > 0; --number) start = text.find(separator, start) + separator.size();
  return text.substr(start, text.find(separator, start) - start);
}

std::string without(std::string text, const std::string& part) {
  for (size_t at; (at = text.find(part)) != text.npos;) text.erase(at, part.size());
  return text;
}

// The answers follow from the decoded text as SPEC.md §5.1 says.
void check_answers(const Case& test_case, const Tokenizer& base, const Tokenizer& with_answer_token) {
  for (const auto& entry : read_json(test_case, "postprocess.json")) {
    const bool is_caption = entry["kind"] == "caption";
    const auto decoded = (is_caption ? base : with_answer_token).decode(entry["ids"].get<Ids>());
    EXPECT_EQ(decoded, entry["decode"]) << entry["ids"];
    const auto answer = piece(decoded, is_caption ? "</s>" : "</a>", 1);
    EXPECT_EQ(without(without(answer, "<pad>"), "</s>"), entry["answer"]) << entry["ids"];
  }
}

void check_tokenizer(const Case& test_case) {
  const Tokenizer base = text::load_tokenizer(test_case.file("opt_tokenizer"));
  const Tokenizer with_answer_token = with_tokens(base, {"</a>"});
  check_encode(test_case, base);
  check_decode(test_case, with_answer_token);
  check_batches(test_case, with_answer_token);
  check_answers(test_case, base, with_answer_token);
}

const bool registered = register_check("tokenizer", check_tokenizer);

}  // namespace
}  // namespace epalm::golden
