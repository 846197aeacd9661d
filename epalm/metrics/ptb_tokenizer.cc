#include "epalm/metrics/ptb_tokenizer.h"

#include <unicode/locid.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <array>

#include "epalm/base/error.h"
#include "epalm/metrics/ptb_rules.h"

namespace epalm::metrics {
namespace {

std::string lower_utf8(const std::u16string& token) {
  const bool is_ascii = std::all_of(token.begin(), token.end(), [](char16_t unit) { return unit < 128; });
  std::string out;
  if (is_ascii) {
    for (char16_t unit : token) out += static_cast<char>(unit >= u'A' && unit <= u'Z' ? unit | 0x20 : unit);
    return out;
  }
  icu::UnicodeString(token.data(), static_cast<int32_t>(token.size()))
      .toLower(icu::Locale::getRoot())
      .toUTF8String(out);
  return out;
}

std::u16string as_utf16(const std::string& line) {
  const auto text = icu::UnicodeString::fromUTF8(line);
  std::u16string units(text.getBuffer(), static_cast<size_t>(text.length()));
  for (char16_t& unit : units) {
    if (unit == u'\n' || unit == u'\r' || unit == 0x0B || unit == 0x0C || unit == 0x2028 || unit == 0x2029) unit = u' ';
  }
  return units;
}

}  // namespace

struct PtbTokenizer::Scanner {
  struct Context {
    int head = -1;
    int tail = -1;  // lists of the automaton; -1: the rule has no context
  };

  std::vector<PtbRule> rules = ptb_rules();
  Automaton automaton;
  int table = -1;
  std::vector<Context> contexts;

  Scanner() {
    std::vector<Pattern> patterns;
    for (const PtbRule& rule : rules) {
      patterns.push_back(rule.context ? rule.head + *rule.context : rule.head);
      contexts.push_back(rule.context ? Context{automaton.add({rule.head}), automaton.add({*rule.context})}
                                      : Context{});
    }
    table = automaton.add(patterns);
  }

  // Where the head ends in a match of head and context: the longest head that leaves a whole context.
  size_t head_end(const Context& context, std::u16string_view text, size_t begin, size_t end) {
    if (context.head < 0) return end;
    const auto ends = automaton.all_ends(context.head, text, begin, end);
    for (size_t i = ends.size(); i-- > 0;) {
      const auto tails = automaton.all_ends(context.tail, text, ends[i], end);
      if (!tails.empty() && tails.back() == end) return ends[i];
    }
    EPALM_ASSERT(!"a match of head and context splits into the two");
    return end;
  }
};

PtbTokenizer::PtbTokenizer() : scanner_(std::make_unique<Scanner>()) {}
PtbTokenizer::~PtbTokenizer() = default;
PtbTokenizer::PtbTokenizer(PtbTokenizer&&) noexcept = default;

std::vector<Tokens> PtbTokenizer::tokenize(std::span<const std::string> lines) {
  std::u16string text;
  for (size_t i = 0; i < lines.size(); ++i) {
    const auto line = as_utf16(lines[i]);
    require(line.size() <= kMaxLineUnits, "caption {} has {} characters; at most {} can be tokenised", i, line.size(),
            kMaxLineUnits);
    if (i > 0) text += u'\n';
    text += line;
  }
  std::vector<Tokens> tokens(lines.size());
  size_t line = 0;
  for (size_t at = 0; at < text.size();) {
    if (text[at] == u'\n') {
      ++line;
      ++at;
      continue;
    }
    const auto match = scanner_->automaton.longest(scanner_->table, text, at);
    EPALM_ASSERT(match);  // the last rule takes any unit
    const size_t end = scanner_->head_end(scanner_->contexts[match->alternative], text, at, match->end);
    const Emitted emitted = scanner_->rules[match->alternative].emit(std::u16string_view(text).substr(at, end - at));
    if (emitted.token) tokens[line].push_back(lower_utf8(*emitted.token));
    at += emitted.used;
  }
  return tokens;
}

bool is_dropped_punctuation(std::string_view token) {
  // The published list also names -LRB- and its kin in capitals, which lower-cased tokens never equal: brackets stay.
  static constexpr std::array<std::string_view, 13> kDropped{"''", "'", "``", "`",  ".",   "?", "!",
                                                             ",",  ":", "-",  "--", "...", ";"};
  return std::find(kDropped.begin(), kDropped.end(), token) != kDropped.end();
}

std::vector<Tokens> caption_tokens(PtbTokenizer& tokenizer, std::span<const std::string> captions) {
  auto lines = tokenizer.tokenize(captions);
  for (Tokens& line : lines)
    std::erase_if(line, [](const std::string& token) { return is_dropped_punctuation(token); });
  return lines;
}

}  // namespace epalm::metrics
