#include "epalm/text/tokenizer.h"

#include <gmock/gmock.h>

#include <random>
#include <thread>

#include "epalm/base/error.h"
#include "epalm/text/unicode.h"
#include "tests/text/tokenizers.h"

namespace epalm::text {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing_data::merges_txt;
using testing_data::tokenizer_json;
using testing_data::vocabulary;
using Ids = std::vector<int64_t>;

constexpr int64_t kTheWithBlank = 262, kAn = 263, kCat = 266, kSize = 267;

int64_t byte_id(char byte) {
  return 4 + static_cast<uint8_t>(byte);
}

Tokenizer small() {
  return Tokenizer::from_vocab_and_merges(vocabulary().dump(), merges_txt());
}

template <typename Action>
std::string error_of(Action action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

std::string random_text(std::mt19937& random, size_t characters) {
  const std::vector<std::string> favourites = {" ",   "  ", "\n",   "the",   " the", "'s",
                                               "n't", ".",  "</s>", "<pad>", "<s>",  "cat"};
  std::string text;
  for (size_t i = 0; i < characters; ++i) {
    if (random() % 2) {
      text += favourites[random() % favourites.size()];
    } else {
      char32_t c = random() % (random() % 3 ? 0x300 : 0x110000);
      if (c >= 0xD800 && c < 0xE000) c -= 0x800;
      if (c < 0x80) {
        text += static_cast<char>(c);
      } else {
        const int tail = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
        text += static_cast<char>(0xF0 << (3 - tail) | c >> (6 * tail));
        for (int shift = 6 * (tail - 1); shift >= 0; shift -= 6) text += static_cast<char>(0x80 | (c >> shift & 0x3F));
      }
    }
  }
  return text;
}

TEST(Tokenizer, KnowsItsSpecialIds) {
  const Tokenizer tokenizer = small();
  EXPECT_EQ(tokenizer.size(), kSize);
  EXPECT_EQ(tokenizer.bos_id(), 2);
  EXPECT_EQ(tokenizer.eos_id(), 2);
  EXPECT_EQ(tokenizer.unk_id(), 2);
  EXPECT_EQ(tokenizer.pad_id(), 1);
  EXPECT_EQ(tokenizer.token_id("Ġthe"), kTheWithBlank);
  EXPECT_EQ(tokenizer.token_id(" the"), std::nullopt);
  EXPECT_EQ(tokenizer.token(kTheWithBlank), "Ġthe");
  EXPECT_THROW(tokenizer.token(kSize), Error);
  EXPECT_THROW(tokenizer.token(-1), Error);
}

TEST(Tokenizer, MergesWordsAndPutsTheBeginningInFront) {
  const Tokenizer tokenizer = small();
  EXPECT_THAT(tokenizer.encode("can the cat"), ElementsAre(2, byte_id('c'), kAn, kTheWithBlank, byte_id(' '), kCat));
  EXPECT_THAT(tokenizer.encode("cat", false), ElementsAre(kCat));
  EXPECT_THAT(tokenizer.encode(""), ElementsAre(2));
  EXPECT_THAT(tokenizer.encode("", false), ElementsAre());
}

TEST(Tokenizer, NeverMergesAcrossWords) {
  // "n '" is a merge, but the pattern cuts before the contraction.
  EXPECT_THAT(small().encode("an's", false), ElementsAre(kAn, byte_id('\''), byte_id('s')));
  EXPECT_THAT(small().encode("n'", false), ElementsAre(byte_id('n'), byte_id('\'')));
}

TEST(Tokenizer, SpellsOtherScriptsInBytes) {
  EXPECT_THAT(small().encode("é", false), ElementsAre(4 + 0xC3, 4 + 0xA9));
  EXPECT_THAT(small().encode("日😀", false),
              ElementsAre(4 + 0xE6, 4 + 0x97, 4 + 0xA5, 4 + 0xF0, 4 + 0x9F, 4 + 0x98, 4 + 0x80));
}

TEST(Tokenizer, RecognisesEndAndPaddingInTheTextButNotTheOthers) {
  const Tokenizer tokenizer = small();
  EXPECT_THAT(tokenizer.encode("cat </s> <pad>cat", false), ElementsAre(kCat, byte_id(' '), 2, byte_id(' '), 1, kCat));
  EXPECT_THAT(tokenizer.encode("<s>", false), ElementsAre(byte_id('<'), byte_id('s'), byte_id('>')));
  EXPECT_EQ(tokenizer.encode("<unk>", false).size(), 5u);
  EXPECT_THAT(tokenizer.encode("</s", false), ElementsAre(byte_id('<'), byte_id('/'), byte_id('s')));
}

TEST(Tokenizer, StripsTheTextAroundAddedTokens) {
  Tokenizer tokenizer = small();
  EXPECT_EQ(tokenizer.add_token("</a>"), kSize);
  EXPECT_EQ(tokenizer.size(), kSize + 1);
  EXPECT_THAT(tokenizer.encode("cat \n</a>\u3000\x1C cat", false), ElementsAre(kCat, kSize, kCat));
  EXPECT_THAT(tokenizer.encode(" </a>  </a> </s>", false), ElementsAre(kSize, kSize, 2));
  EXPECT_THAT(tokenizer.encode("</s> </s></a>", false), ElementsAre(2, byte_id(' '), 2, kSize));
}

TEST(Tokenizer, PrefersTheLongestTokenAtAPlace) {
  Tokenizer tokenizer = small();
  tokenizer.add_token("<x");
  tokenizer.add_token("<xyz>");
  tokenizer.add_token("<xy");
  EXPECT_THAT(tokenizer.encode("<xyz><xy><x", false), ElementsAre(kSize + 1, kSize + 2, byte_id('>'), kSize));
}

TEST(Tokenizer, AddingAKnownTokenGivesItsIdAndMakesItSpecial) {
  Tokenizer tokenizer = small();
  EXPECT_EQ(tokenizer.add_token("<unk>"), 3);
  EXPECT_EQ(tokenizer.add_token("</s>"), 2);
  EXPECT_EQ(tokenizer.add_token("</a>"), kSize);
  EXPECT_EQ(tokenizer.add_token("</a>"), kSize);
  EXPECT_EQ(tokenizer.size(), kSize + 1);
  EXPECT_THAT(tokenizer.encode(" <unk> ", false), ElementsAre(3));
  EXPECT_THAT(tokenizer.encode(" </s>", false), ElementsAre(byte_id(' '), 2)) << "special before: keeps its neighbours";
  EXPECT_THROW(tokenizer.add_token(""), Error);
  EXPECT_THROW(tokenizer.add_token("\xFF"), Error);
}

TEST(Tokenizer, DecodesAddedTokensBetweenBlanksAndBaseTokensInPlace) {
  Tokenizer tokenizer = small();
  tokenizer.add_token("</a>");
  EXPECT_EQ(tokenizer.decode(Ids{2, kCat, kSize, kCat, 2, 1}), "</s>cat </a> cat</s><pad>");
  EXPECT_EQ(tokenizer.decode(Ids{kSize, kSize}), "</a> </a>");
  EXPECT_EQ(tokenizer.decode(Ids{}), "");
}

TEST(Tokenizer, DecodesCharactersThatSpanTokensAndReplacesBrokenOnes) {
  Tokenizer tokenizer = small();
  tokenizer.add_token("</a>");
  EXPECT_EQ(tokenizer.decode(Ids{4 + 0xC3, 4 + 0xA9}), "é");
  EXPECT_EQ(tokenizer.decode(Ids{4 + 0xC3, kCat}), "\uFFFDcat");
  EXPECT_EQ(tokenizer.decode(Ids{4 + 0xC3, kSize, 4 + 0xA9}), "\uFFFD </a> \uFFFD");
}

TEST(Tokenizer, CleansUpPunctuationAndContractionsInTheirOrder) {
  const Tokenizer tokenizer = small();
  const auto decoded = [&](std::string_view text) { return tokenizer.decode(tokenizer.encode(text, false)); };
  EXPECT_EQ(decoded("a . b ? c ! d , e"), "a. b? c! d, e");
  EXPECT_EQ(decoded("do n't I 'm he 's we 've they 're"), "don't I'm he's we've they're");
  EXPECT_EQ(decoded("a ' b"), "a'b");
  EXPECT_EQ(decoded("x ' . y"), "x '. y") << "the full stop first";
  EXPECT_EQ(decoded("x  . y"), "x . y") << "each once";
  EXPECT_EQ(tokenizer.decode(tokenizer.encode("a . b", false), false), "a . b");
}

TEST(Tokenizer, RefusesToDecodeIdsWithoutAToken) {
  const Tokenizer tokenizer = small();
  EXPECT_THAT(error_of([&] { tokenizer.decode(Ids{2, kSize}); }), AllOf(HasSubstr("267"), HasSubstr("0 to 266")));
  EXPECT_THROW(tokenizer.decode(Ids{-1}), Error);
}

TEST(Tokenizer, GivesEveryValidTextBackWithoutCleanUp) {
  const Tokenizer tokenizer = small();
  std::mt19937 random(11);
  for (int round = 0; round < 500; ++round) {
    const std::string text = random_text(random, random() % 60);
    ASSERT_TRUE(is_valid_utf8(text));
    ASSERT_EQ(tokenizer.decode(tokenizer.encode(text, false), false), text);
  }
}

TEST(Tokenizer, ReadsIllFormedTextAsIfRepaired) {
  const Tokenizer tokenizer = small();
  EXPECT_EQ(tokenizer.encode("a\xFF\xE2\x82 b"), tokenizer.encode("a\uFFFD\uFFFD b"));
  std::mt19937 random(5);
  for (int round = 0; round < 200; ++round) {
    std::string bytes(random() % 40, ' ');
    for (char& byte : bytes) byte = static_cast<char>(random());
    ASSERT_EQ(tokenizer.decode(tokenizer.encode(bytes, false), false), to_valid_utf8(bytes));
  }
}

TEST(Tokenizer, EncodesAMegabyteOfOneLetterAndOfOnePunctuationMark) {
  const Tokenizer tokenizer = small();
  EXPECT_EQ(tokenizer.encode(std::string(1 << 20, 'x'), false).size(), size_t{1} << 20);
  EXPECT_EQ(tokenizer.encode(std::string(1 << 20, '<'), false).size(), size_t{1} << 20);
  EXPECT_EQ(tokenizer.encode(std::string(1 << 20, ' '), false).size(), size_t{1} << 20);
  std::string cats;
  for (int i = 0; i < 1 << 18; ++i) cats += "cat";
  EXPECT_EQ(tokenizer.encode(cats, false), Ids(1 << 18, kCat));
}

TEST(Tokenizer, IsSharedBetweenThreads) {
  const Tokenizer tokenizer = small();
  const Ids expected = tokenizer.encode("can the cat see the cat?");
  std::vector<int> wrong(4, 0);
  std::vector<std::thread> threads;
  for (int& count : wrong) {
    threads.emplace_back([&] {
      for (int i = 0; i < 300; ++i) count += tokenizer.encode("can the cat see the cat?") != expected;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_THAT(wrong, ElementsAre(0, 0, 0, 0));
}

TEST(TokenizerFromJson, EqualsVocabularyAndMerges) {
  const Tokenizer one = Tokenizer::from_tokenizer_json(tokenizer_json().dump());
  const Tokenizer two = small();
  EXPECT_EQ(one.size(), two.size());
  std::mt19937 random(3);
  for (int round = 0; round < 200; ++round) {
    const std::string text = random_text(random, 40);
    ASSERT_EQ(one.encode(text), two.encode(text));
    ASSERT_EQ(one.decode(one.encode(text)), two.decode(two.encode(text)));
  }
}

TEST(TokenizerFromJson, TakesMergesAsPairsToo) {
  auto json = tokenizer_json();
  for (auto& merge : json["model"]["merges"]) {
    const std::string text = merge;
    merge = {text.substr(0, text.find(' ')), text.substr(text.find(' ') + 1)};
  }
  EXPECT_THAT(Tokenizer::from_tokenizer_json(json.dump()).encode("cat", false), ElementsAre(kCat));
}

TEST(TokenizerFromJson, AddsItsTokensWithTheirStripping) {
  auto json = tokenizer_json();
  json["added_tokens"].push_back({{"id", kSize + 1}, {"content", "</r>"}, {"rstrip", true}});
  json["added_tokens"].push_back({{"id", kSize}, {"content", "</l>"}, {"lstrip", true}});
  const Tokenizer tokenizer = Tokenizer::from_tokenizer_json(json.dump());
  EXPECT_EQ(tokenizer.size(), kSize + 2);
  EXPECT_THAT(tokenizer.encode("cat </l> cat", false), ElementsAre(kCat, kSize, byte_id(' '), kCat));
  EXPECT_THAT(tokenizer.encode("cat </r> cat", false), ElementsAre(kCat, byte_id(' '), kSize + 1, kCat));
  EXPECT_EQ(tokenizer.decode(Ids{kCat, kSize, kCat}), "cat </l> cat");
}

struct BadJson {
  const char* name;
  void (*spoil)(nlohmann::json&);
  const char* message;
};

void PrintTo(const BadJson& bad, std::ostream* out) {
  *out << bad.name;
}

class TokenizerJsonErrors : public testing::TestWithParam<BadJson> {};

TEST_P(TokenizerJsonErrors, SayWhatIsWrong) {
  auto json = tokenizer_json();
  GetParam().spoil(json);
  EXPECT_THAT(error_of([&] { Tokenizer::from_tokenizer_json(json.dump()); }),
              AllOf(HasSubstr("tokenizer.json"), HasSubstr(GetParam().message)));
}

using J = nlohmann::json;
INSTANTIATE_TEST_SUITE_P(
    Cases, TokenizerJsonErrors,
    testing::Values(
        BadJson{"NotAnObject", [](J& j) { j = 3; }, "must be a JSON object"},
        BadJson{"NoModel", [](J& j) { j.erase("model"); }, "model must be a JSON object"},
        BadJson{"OtherModel", [](J& j) { j["model"]["type"] = "Unigram"; }, "expected \"BPE\""},
        BadJson{"Normalizer",
                [](J& j) {
                  j["normalizer"] = {{"type", "NFC"}};
                },
                "normalizer"},
        BadJson{"NoPreTokenizer", [](J& j) { j.erase("pre_tokenizer"); }, "ByteLevel"},
        BadJson{"PrefixSpace", [](J& j) { j["pre_tokenizer"]["add_prefix_space"] = true; }, "add_prefix_space"},
        BadJson{"NoRegex", [](J& j) { j["pre_tokenizer"]["use_regex"] = false; }, "ByteLevel"},
        BadJson{"Suffix", [](J& j) { j["model"]["end_of_word_suffix"] = "</w>"; }, "end_of_word_suffix"},
        BadJson{"ByteFallback", [](J& j) { j["model"]["byte_fallback"] = true; }, "byte_fallback"},
        BadJson{"FlagOfOtherType", [](J& j) { j["model"]["byte_fallback"] = "yes"; }, "true or false"},
        BadJson{"NoVocabulary", [](J& j) { j["model"].erase("vocab"); }, "vocabulary must be a JSON object"},
        BadJson{"NoMerges", [](J& j) { j["model"].erase("merges"); }, "must be a list"},
        BadJson{"MergeOfOtherType", [](J& j) { j["model"]["merges"][2] = 5; }, "model.merges[2]"},
        BadJson{"MergeOfThree",
                [](J& j) {
                  j["model"]["merges"][1] = {"a", "b", "c"};
                },
                "model.merges[1]"},
        BadJson{"EmptyMerge",
                [](J& j) {
                  j["model"]["merges"][1] = {"", "a"};
                },
                "model.merges[1]"},
        BadJson{"AddedNoList", [](J& j) { j["added_tokens"] = 1; }, "added_tokens must be a list"},
        BadJson{"AddedNoObject", [](J& j) { j["added_tokens"].push_back(1); }, "added_tokens must be a JSON object"},
        BadJson{"AddedNoContent",
                [](J& j) {
                  j["added_tokens"].push_back({{"id", 267}});
                },
                "content"},
        BadJson{"AddedNoId",
                [](J& j) {
                  j["added_tokens"].push_back({{"content", "x_"}});
                },
                "must be an integer"},
        BadJson{"AddedGap",
                [](J& j) {
                  j["added_tokens"].push_back({{"id", 268}, {"content", "x_"}});
                },
                "expected 267"},
        BadJson{"AddedOtherId", [](J& j) { j["added_tokens"][0]["id"] = 5; }, "expected 1"},
        BadJson{"AddedTwice", [](J& j) { j["added_tokens"].push_back(j["added_tokens"][0]); }, "appears twice"},
        BadJson{"SingleWord", [](J& j) { j["added_tokens"][0]["single_word"] = true; }, "single_word"}),
    [](const auto& info) { return info.param.name; });

class VocabularyErrors : public testing::TestWithParam<BadJson> {};

TEST_P(VocabularyErrors, SayWhatIsWrong) {
  auto json = vocabulary();
  GetParam().spoil(json);
  EXPECT_THAT(error_of([&] { Tokenizer::from_vocab_and_merges(json.dump(), merges_txt()); }),
              AllOf(HasSubstr("vocab.json"), HasSubstr(GetParam().message)));
}

INSTANTIATE_TEST_SUITE_P(
    Cases, VocabularyErrors,
    testing::Values(BadJson{"NoObject", [](J& j) { j = J::array(); }, "must be a JSON object"},
                    BadJson{"Gap", [](J& j) { j["cat"] = 300; }, "no token has id 266 while 'cat' has id 300"},
                    BadJson{"Huge", [](J& j) { j["cat"] = UINT64_MAX; }, "no token has id 266"},
                    BadJson{"Negative", [](J& j) { j["<s>"] = -1; }, "no token has id 0 while '<s>' has id -1"},
                    BadJson{"Repeated", [](J& j) { j["cat"] = 3; }, "the same id 3"},
                    BadJson{"Fraction", [](J& j) { j["cat"] = 1.5; }, "must be an integer, got 1.5"},
                    BadJson{"MissingByte",
                            [](J& j) {
                              j["other"] = j["Ġ"];
                              j.erase("Ġ");
                            },
                            "'Ġ' of byte 0x20 is missing"},
                    BadJson{"NoEnd",
                            [](J& j) {
                              j["other"] = j["</s>"];
                              j.erase("</s>");
                            },
                            "'</s>' is missing"}),
    [](const auto& info) { return info.param.name; });

TEST(TokenizerFromFiles, TakesVocabulariesInAnyOrder) {
  nlohmann::ordered_json shuffled;
  const auto sorted = vocabulary();
  for (auto entry = sorted.rbegin(); entry != sorted.rend(); ++entry) shuffled[entry.key()] = entry.value();
  const auto tokenizer = Tokenizer::from_vocab_and_merges(shuffled.dump(), merges_txt());
  EXPECT_EQ(tokenizer.encode("the cat"), small().encode("the cat"));
}

TEST(TokenizerFromFiles, TakesWindowsLineEndsAndNoneAtTheEnd) {
  const std::string merges = "#version: 0.2\r\nc a\r\nca t";
  EXPECT_THAT(Tokenizer::from_vocab_and_merges(vocabulary().dump(), merges).encode("cat", false), ElementsAre(kCat));
}

TEST(TokenizerFromFiles, RefusesCutOffJson) {
  const std::string vocab = vocabulary().dump();
  EXPECT_THAT(error_of([&] { Tokenizer::from_vocab_and_merges(vocab.substr(0, 999), merges_txt()); }),
              HasSubstr("vocab.json: not valid JSON"));
  EXPECT_THAT(error_of([&] { Tokenizer::from_tokenizer_json(""); }), HasSubstr("tokenizer.json: not valid JSON"));
  EXPECT_THAT(error_of([&] { Tokenizer::from_tokenizer_json(std::string(100000, '[')); }), HasSubstr("not valid JSON"));
}

TEST(TokenizerFromFiles, ReadsOrRefusesDamagedFilesWithAnError) {
  const std::string whole = tokenizer_json().dump();
  std::mt19937 random(17);
  int refused = 0;
  for (int round = 0; round < 500; ++round) {
    std::string damaged = whole;
    for (size_t i = 0; i <= random() % 3; ++i) {
      const std::string bytes = "0-9\",:[]{}tfnull\xFF e.\\";
      damaged[random() % damaged.size()] = bytes[random() % bytes.size()];
    }
    try {
      Tokenizer::from_tokenizer_json(damaged).encode("the cat");
    } catch (const Error&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 250);  // a changed byte seldom leaves 267 ids without gaps
}

TEST(TokenizerFromFiles, NamesTheLineOfAMalformedMerge) {
  const auto error = [](const std::string& merges) {
    return error_of([&] { Tokenizer::from_vocab_and_merges(vocabulary().dump(), merges); });
  };
  const std::string start = "#version: 0.2\nc a\n";
  EXPECT_THAT(error("c a\nca t\n"), AllOf(HasSubstr("merges.txt line 1"), HasSubstr("#version"), HasSubstr("'c a'")));
  EXPECT_THAT(error(""), HasSubstr("merges.txt line 1"));
  EXPECT_THAT(error(start + "cat\n"), AllOf(HasSubstr("merges.txt line 3"), HasSubstr("'cat'")));
  EXPECT_THAT(error(start + "c a t\n"), HasSubstr("merges.txt line 3"));
  EXPECT_THAT(error(start + " at\n"), HasSubstr("merges.txt line 3"));
  EXPECT_THAT(error(start + "\nca t\n"), HasSubstr("merges.txt line 3"));
  EXPECT_THAT(error(start + "ca t\nc a\n"), AllOf(HasSubstr("merges.txt line 4"), HasSubstr("twice")));
  EXPECT_THAT(error(start + "ca zz\n"),
              AllOf(HasSubstr("merges.txt line 3"), HasSubstr("'zz' is not in the vocabulary")));
  EXPECT_THAT(error(start + "t c\n"),
              AllOf(HasSubstr("merges.txt line 3"), HasSubstr("'tc' is not in the vocabulary")));
}

}  // namespace
}  // namespace epalm::text
