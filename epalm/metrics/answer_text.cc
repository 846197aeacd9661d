#include "epalm/metrics/answer_text.h"

#include <unicode/locid.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <array>
#include <unordered_map>

namespace epalm::metrics {
namespace {

constexpr int kMaxRemovedPeriods = 32;

// The white space of str.split() and str.strip(): Unicode's, and the four separators below the space.
bool is_space(UChar32 c) {
  return u_isUWhiteSpace(c) || (c >= 0x1C && c <= 0x1F);
}

// Code point that starts at byte `at`, and moves past it; negative for bytes that are not UTF-8.
UChar32 next_point(std::string_view text, int32_t& at) {
  UChar32 c;
  U8_NEXT(text.data(), at, static_cast<int32_t>(text.size()), c);
  return c;
}

bool digit_follows(std::string_view text, size_t at) {
  auto i = static_cast<int32_t>(at);
  return at < text.size() && u_isdigit(next_point(text, i));
}

bool digit_precedes(std::string_view text, size_t at) {
  if (at == 0) return false;
  auto i = static_cast<int32_t>(at);
  UChar32 c;
  U8_PREV(text.data(), 0, i, c);
  return c >= 0 && u_isdigit(c);
}

bool has_thousands(std::string_view text) {  // digit, comma, digit
  for (size_t i = text.find(','); i != text.npos; i = text.find(',', i + 1)) {
    if (digit_precedes(text, i) && digit_follows(text, i + 1)) return true;
  }
  return false;
}

std::string lower(std::string_view text) {
  if (std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 128; })) {
    std::string out(text);
    for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    return out;
  }
  std::string out;
  icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<int32_t>(text.size())))
      .toLower(icu::Locale::getRoot())
      .toUTF8String(out);
  return out;
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) {
    if (!out.empty()) out += ' ';
    out += word;
  }
  return out;
}

const std::unordered_map<std::string, std::string>& number_words() {
  static const std::unordered_map<std::string, std::string> map{
      {"none", "0"}, {"zero", "0"}, {"one", "1"},   {"two", "2"},   {"three", "3"}, {"four", "4"},
      {"five", "5"}, {"six", "6"},  {"seven", "7"}, {"eight", "8"}, {"nine", "9"},  {"ten", "10"}};
  return map;
}

// Words without an apostrophe, and the contraction each stands for.
const std::unordered_map<std::string, std::string>& contractions() {
  static const auto map = [] {
    std::unordered_map<std::string, std::string> all;
    // With one apostrophe: written without it.
    for (const char* word :
         {"ain't",     "aren't",      "can't",        "could've",    "couldn't",   "didn't",    "doesn't",
          "don't",     "hadn't",      "hasn't",       "haven't",     "he'd",       "he's",      "how'd",
          "how'll",    "how's",       "isn't",        "it'd",        "it'll",      "ma'am",     "mightn't",
          "might've",  "mustn't",     "must've",      "needn't",     "not've",     "o'clock",   "oughtn't",
          "shan't",    "should've",   "shouldn't",    "somebody'll", "somebody's", "someone'd", "someone'll",
          "someone's", "something'd", "something'll", "that's",      "there'd",    "there're",  "there's",
          "they'd",    "they'll",     "they're",      "they've",     "'twas",      "wasn't",    "we've",
          "weren't",   "what'll",     "what're",      "what's",      "what've",    "when's",    "where'd",
          "where's",   "where've",    "who'd",        "who'll",      "who's",      "who've",    "why'll",
          "why're",    "why's",       "won't",        "would've",    "wouldn't",   "y'all",     "you'd",
          "you'll",    "you're",      "you've"}) {
      std::string bare(word);
      std::erase(bare, '\'');
      all[bare] = word;
    }
    // With several: written without one of them.
    for (const char* word : {"couldn't've", "hadn't've", "he'd've", "it'd've", "mightn't've", "'ow's'at", "she'd've",
                             "shouldn't've", "somebody'd've", "someone'd've", "something'd've", "there'd've",
                             "they'd've", "we'd've", "who'd've", "wouldn't've", "y'all'll", "y'all'd've", "you'd've"}) {
      const std::string full(word);
      for (size_t i = full.find('\''); i != full.npos; i = full.find('\'', i + 1)) {
        all[full.substr(0, i) + full.substr(i + 1)] = full;
      }
    }
    all["somebody'd"] = "somebodyd";  // the wrong way round in the published list
    return all;
  }();
  return map;
}

}  // namespace

std::vector<std::string> split_words(std::string_view text) {
  std::vector<std::string> words;
  bool inside = false;
  for (int32_t i = 0; i < static_cast<int32_t>(text.size());) {
    const int32_t start = i;
    const UChar32 c = next_point(text, i);
    if (c >= 0 && is_space(c)) {
      inside = false;
      continue;
    }
    if (!inside) words.emplace_back();
    inside = true;
    words.back().append(text.substr(start, i - start));
  }
  return words;
}

std::string_view strip(std::string_view text) {
  int32_t begin = -1, end = 0;
  for (int32_t i = 0; i < static_cast<int32_t>(text.size());) {
    const int32_t start = i;
    const UChar32 c = next_point(text, i);
    if (c >= 0 && is_space(c)) continue;
    if (begin < 0) begin = start;
    end = i;
  }
  return begin < 0 ? std::string_view() : text.substr(begin, end - begin);
}

std::string tidy_answer(std::string_view answer) {
  std::string out(strip(answer));
  for (char& c : out) c = c == '\n' || c == '\t' ? ' ' : c;
  return out;
}

std::string process_punctuation(std::string_view answer) {
  const bool thousands = has_thousands(answer);
  std::string out(answer);
  for (const char mark : std::string_view(";/[]\"{}()=+\\_-><@`,?!")) {
    const bool beside_space =
        answer.find(std::string{mark, ' '}) != answer.npos || answer.find(std::string{' ', mark}) != answer.npos;
    if (thousands || beside_space) {
      std::erase(out, mark);
    } else {
      std::replace(out.begin(), out.end(), mark, ' ');
    }
  }
  std::string kept;
  int removed = 0;
  for (size_t i = 0; i < out.size(); ++i) {
    if (out[i] == '.' && removed < kMaxRemovedPeriods && !digit_follows(out, i + 1)) {
      ++removed;
    } else {
      kept += out[i];
    }
  }
  return kept;
}

std::string process_digit_article(std::string_view answer) {
  std::vector<std::string> words;
  for (std::string& word : split_words(lower(answer))) {
    if (const auto digit = number_words().find(word); digit != number_words().end()) word = digit->second;
    if (word == "a" || word == "an" || word == "the") continue;
    const auto contraction = contractions().find(word);
    words.push_back(contraction == contractions().end() ? word : contraction->second);
  }
  return joined(words);
}

std::string normalize_answer(std::string_view answer) {
  std::string out = process_digit_article(process_punctuation(tidy_answer(answer)));
  std::erase(out, ',');
  return out;
}

}  // namespace epalm::metrics
