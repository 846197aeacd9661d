#include "epalm/text/bpe_trainer.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <random>

#include "epalm/base/error.h"
#include "epalm/text/byte_alphabet.h"
#include "epalm/text/tokenizer.h"
#include "epalm/text/unicode.h"

namespace epalm::text {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::vector<std::string> kSpecial = {"<s>", "<pad>", "</s>", "<unk>"};

std::string train(const std::vector<std::string>& documents, int64_t size, const std::vector<std::string>& added = {},
                  const std::vector<std::string>& special = kSpecial) {
  size_t next = 0;
  return train_bpe(
      [&](std::string& document) {
        if (next == documents.size()) return false;
        document = documents[next++];
        return true;
      },
      size, special, added);
}

std::vector<std::string> merges_of(const std::string& json) {
  return nlohmann::json::parse(json)["model"]["merges"];
}

std::vector<std::string> descriptions() {
  const std::vector<std::string> things = {"red cube", "blue ball", "green cone", "small dog", "café", "日本の家"};
  const std::vector<std::string> places = {"left of", "right of", "above", "next to", "behind"};
  std::vector<std::string> texts;
  for (const auto& a : things) {
    for (const auto& place : places) {
      for (const auto& b : things) texts.push_back("What is " + place + " the " + a + "?</a> It's a " + b + ".</s>");
    }
  }
  return texts;
}

TEST(TrainBpe, MergesTheMostFrequentPairFirst) {
  // "ab" 5 times, "bc" 3 times (within "abc"), so "a b" and then "ab c".
  EXPECT_THAT(merges_of(train({"ab ab", "abc abc abc"}, 263)), ElementsAre("a b", "Ġ ab", "Ġab c"));
}

TEST(TrainBpe, TakesTheSmallestPairAmongEquals) {
  EXPECT_THAT(merges_of(train({"zy", "dc", "ca"}, 263)), ElementsAre("c a", "d c", "z y"));
}

TEST(TrainBpe, FollowsTheCountsWhilePairsMerge) {
  const std::vector<std::string> texts = {"the cat sat on the mat and the rat sat on the cat; banana bandana aaaa aaa",
                                          "that that is is that that is not is not", "łódź łóżko, 日本 日本語"};
  const auto root = nlohmann::json::parse(train(texts, 310));
  const auto& ids = root["model"]["vocab"];
  // Counts every pair anew before each merge.
  std::vector<std::vector<std::string>> words;
  for (std::string_view rest : texts) {
    while (!rest.empty()) {
      words.emplace_back();
      for (const char byte : take_word(rest)) words.back().push_back(byte_alphabet()[static_cast<uint8_t>(byte)]);
    }
  }
  for (const std::string merge : root["model"]["merges"]) {
    std::map<std::pair<int64_t, int64_t>, int64_t> counts;
    for (const auto& word : words) {
      for (size_t i = 0; i + 1 < word.size(); ++i) ++counts[{ids[word[i]], ids[word[i + 1]]}];
    }
    // max_element keeps the first, hence smallest, pair among equals.
    const auto best =
        std::max_element(counts.begin(), counts.end(), [](auto& a, auto& b) { return a.second < b.second; });
    const std::string left = merge.substr(0, merge.find(' '));
    const std::string right = merge.substr(merge.find(' ') + 1);
    ASSERT_EQ(best->first, std::pair(ids[left].get<int64_t>(), ids[right].get<int64_t>())) << merge;
    for (auto& word : words) {
      for (size_t i = 0; i + 1 < word.size(); ++i) {
        if (word[i] != left || word[i + 1] != right) continue;
        word[i] += right;
        word.erase(word.begin() + static_cast<std::ptrdiff_t>(i) + 1);
      }
    }
  }
}

TEST(TrainBpe, LaysTheVocabularyOutAsDocumented) {
  const std::string json = train(descriptions(), 335, {"</a>", "</eo>"});
  const Tokenizer tokenizer = Tokenizer::from_tokenizer_json(json);
  EXPECT_EQ(tokenizer.size(), 335);
  for (int64_t id = 0; id < 4; ++id) EXPECT_EQ(tokenizer.token(id), kSpecial[static_cast<size_t>(id)]);
  EXPECT_EQ(tokenizer.token(4 + 'A'), "A");
  EXPECT_EQ(tokenizer.token(4 + ' '), "Ġ");
  EXPECT_EQ(tokenizer.token_id("</a>"), 333);
  EXPECT_EQ(tokenizer.token_id("</eo>"), 334);
  EXPECT_EQ(tokenizer.bos_id(), 2);
  EXPECT_EQ(tokenizer.pad_id(), 1);
}

TEST(TrainBpe, GivesTextsBackAndShortensThem) {
  const auto texts = descriptions();
  const Tokenizer tokenizer = Tokenizer::from_tokenizer_json(train(texts, 335, {"</a>"}));
  for (const std::string text : {"What is above the red cube?", " unseen: żółw 👍\n", "日本の家"}) {
    EXPECT_EQ(tokenizer.decode(tokenizer.encode(text, false), false), text);
  }
  EXPECT_LT(tokenizer.encode("What is above the red cube?", false).size(), 10u);
}

TEST(TrainBpe, SeesAddedTokensAsTheTokenizerWill) {
  Tokenizer tokenizer = Tokenizer::from_tokenizer_json(train(descriptions(), 335, {"</a>"}));
  const auto ids = tokenizer.encode("red cube? </a> blue ball", false);
  EXPECT_EQ(std::count(ids.begin(), ids.end(), *tokenizer.token_id("</a>")), 1);
  EXPECT_EQ(tokenizer.decode(ids, false), "red cube? </a> blue ball");
  EXPECT_EQ(ids, tokenizer.encode("red cube?</a>blue ball", false));
  EXPECT_EQ(tokenizer.add_token("</a>"), 334);
}

TEST(TrainBpe, IsDeterministicWhateverTheOrderOfTheTexts) {
  auto texts = descriptions();
  const std::string first = train(texts, 330, {"</a>"});
  EXPECT_EQ(train(texts, 330, {"</a>"}), first);
  std::shuffle(texts.begin(), texts.end(), std::mt19937(1));
  EXPECT_EQ(train(texts, 330, {"</a>"}), first);
}

TEST(TrainBpe, NeverSpellsASpecialTokenByMerges) {
  const std::vector<std::string> special = {"<pad>", "</s>", "xy"};
  const std::string json = train({"xy xy xyz xyz"}, 262, {"yz"}, special);
  const Tokenizer tokenizer = Tokenizer::from_tokenizer_json(json);
  for (const std::string& merge : merges_of(json)) {
    EXPECT_NE(merge, "x y");
    EXPECT_NE(merge, "y z");
  }
  EXPECT_EQ(tokenizer.decode(tokenizer.encode("xy", false), false), "xy");
  EXPECT_EQ(tokenizer.encode("xy", false).size(), 2u);
}

TEST(TrainBpe, LeavesVeryLongWordsOut) {
  EXPECT_THAT(merges_of(train({std::string(2000, 'x'), "ab"}, 261)), ElementsAre("a b"));
}

TEST(TrainBpe, RepairsIllFormedTexts) {
  EXPECT_THAT(merges_of(train({"\xFF"}, 262)), ElementsAre("¿ ½", "ï ¿½"));
}

TEST(TrainBpe, SaysWhatIsWrong) {
  const auto error = [](auto... arguments) -> std::string {
    try {
      train(arguments...);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  };
  using List = std::vector<std::string>;
  EXPECT_THAT(error(List{"ab"}, 259), HasSubstr("at least 260"));
  EXPECT_THAT(error(List{"ab"}, 260, List{"</a>"}), HasSubstr("at least 261"));
  EXPECT_THAT(error(List{"ab"}, 300), HasSubstr("yield only 261 tokens, expected 300"));
  EXPECT_THAT(error(List{}, 261), HasSubstr("yield only 260"));
  EXPECT_THAT(error(List{"ab"}, 300, List{}, List{"<pad>"}), HasSubstr("'</s>'"));
  EXPECT_THAT(error(List{"ab"}, 300, List{"<s>"}), HasSubstr("given twice"));
  EXPECT_THAT(error(List{"ab"}, 300, List{"a"}), HasSubstr("symbol of a byte"));
  EXPECT_THAT(error(List{"ab"}, 300, List{""}), HasSubstr("not empty"));
  EXPECT_THAT(error(List{"ab"}, 300, List{"\xFF"}), HasSubstr("UTF-8"));
}

}  // namespace
}  // namespace epalm::text
