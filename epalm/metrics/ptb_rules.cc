#include "epalm/metrics/ptb_rules.h"

#include <unicode/uchar.h>

#include <utility>

// The behaviour of the Penn-Treebank tokenizer that caption evaluation uses, as a table. The strings in the comments
// show what a rule is for: input -> tokens.
namespace epalm::metrics {
namespace {

// ---- What rules emit ----

std::u16string replaced(std::u16string_view in, std::u16string_view from, std::u16string_view to) {
  std::u16string out(in);
  for (size_t at = 0; (at = out.find(from, at)) != out.npos; at += to.size()) out.replace(at, from.size(), to);
  return out;
}

Emitted whole(std::u16string_view head) {
  return {std::u16string(head), head.size()};
}
Emitted skip(std::u16string_view head) {
  return {std::nullopt, head.size()};
}

template <size_t kUnits>
Emitted all_but_last(std::u16string_view head) {
  head.remove_suffix(kUnits);
  return {std::u16string(head), head.size()};
}

// The abbreviation keeps its period, and the period is read again as the end of the sentence: `inc.` -> `inc. .`
Emitted with_second_period(std::u16string_view head) {
  return {std::u16string(head), head.size() - 1};
}

// `I.` before a new sentence is the word and a period; longer acronyms get the second period.
Emitted acronym_before_sentence(std::u16string_view head) {
  return head.size() == 2 ? all_but_last<1>(head) : with_second_period(head);
}

Emitted without_soft_hyphens(std::u16string_view head) {
  std::u16string token = replaced(head, u"\u00AD", u"");
  if (token.empty()) token = u"-";
  return {token, head.size()};
}

// A space inside a token becomes a no-break space: <a b>, 2 1/2, 555 1234.
Emitted joined(std::u16string_view head) {
  return {replaced(head, u" ", u"\u00A0"), head.size()};
}

Emitted with_round_brackets(std::u16string_view head) {
  return {replaced(replaced(head, u"(", u"-LRB-"), u")", u"-RRB-"), head.size()};
}

Emitted phone_number(std::u16string_view head) {
  return {with_round_brackets(*joined(head).token).token, head.size()};
}

Emitted plain_ampersand(std::u16string_view head) {
  std::u16string token(head);
  for (size_t at = 0; at + 5 <= token.size(); ++at) {
    const auto lower = [&](size_t i) { return static_cast<char16_t>(token[at + i] | 0x20); };
    if (token[at] == u'&' && lower(1) == u'a' && lower(2) == u'm' && lower(3) == u'p' && token[at + 4] == u';') {
      token.replace(at, 5, u"&");
    }
  }
  return {token, head.size()};
}

std::u16string quotes(std::u16string_view head, bool opening) {
  std::u16string token = replaced(replaced(head, u"&apos;", u"'"), u"&quot;", u"\"");
  std::u16string out;
  for (char16_t unit : token) {
    switch (unit) {
      case u'\'':
        out += opening ? u"`" : u"'";
        break;
      case u'"':
        out += opening ? u"``" : u"''";
        break;
      case 0x91:
      case 0x2018:
      case 0x201B:
      case 0x2039:
        out += u"`";
        break;
      case 0x92:
      case 0x2019:
      case 0x203A:
        out += u"'";
        break;
      case 0x93:
      case 0x201C:
      case 0xAB:
        out += u"``";
        break;
      case 0x94:
      case 0x201D:
      case 0xBB:
        out += u"''";
        break;
      default:
        out += unit;
    }
  }
  return out;
}

Emitted opening_quote(std::u16string_view head) {
  return {quotes(head, true), head.size()};
}
Emitted closing_quote(std::u16string_view head) {
  return {quotes(head, false), head.size()};
}

Emitted currency(std::u16string_view head) {
  switch (head.front()) {
    case 0xA2:
      return {u"cents", 1};
    case 0xA3:
      return {u"#", 1};  // as the treebank writes pounds
    case 0x80:
    case 0xA4:
    case 0x20A0:
    case 0x20AC:
      return {u"$", 1};
    default:
      return whole(head);
  }
}

Emitted fraction(std::u16string_view head) {
  switch (head.front()) {
    case 0xBC:
      return {u"1/4", 1};
    case 0xBD:
      return {u"1/2", 1};
    case 0xBE:
      return {u"3/4", 1};
    case 0x2153:
      return {u"1/3", 1};
    case 0x2154:
      return {u"2/3", 1};
    default:
      return whole(head);
  }
}

Emitted hyphens(std::u16string_view head) {
  return head.size() == 3 || head.size() == 4 ? Emitted{u"--", head.size()} : whole(head);
}

template <char16_t... kText>
Emitted always(std::u16string_view head) {
  return {std::u16string{kText...}, head.size()};
}

// ---- Sets of units ----

template <typename Predicate>
CharSet units_where(Predicate predicate) {
  CharSet set;
  for (uint32_t unit = 0; unit < 65536; ++unit) set[unit] = predicate(static_cast<UChar32>(unit));
  return set;
}

CharSet letters() {
  static const CharSet set = units_where([](UChar32 c) { return u_isalpha(c); });
  return set;
}

CharSet digits() {
  static const CharSet set = units_where([](UChar32 c) { return u_isdigit(c); });
  return set;
}

// Letters and what words of many scripts carry with them: soft hyphens, accents, vowel signs.
CharSet word_letters() {
  const CharSet marks = units_where([](UChar32 c) {
    return (U_GET_GC_MASK(c) & U_GC_M_MASK) && ((c >= 0x300 && c <= 0xD48) || (c >= 0xE30 && c <= 0xECD));
  });
  return letters() | marks |
         char_set(
             u"\u00AD\u02C2-\u02C5\u02D2-\u02DF\u02E5-\u02FF\u0370-\u037D\u0384\u0385\u03F6\u055A-\u055F\u06D6-\u06EF"
             u"\u06FD-\u06FF\u070F\u07FA");
}

constexpr std::u16string_view kAscii = u"A-Za-z";
constexpr std::u16string_view kAsciiAndDigits = u"A-Za-z0-9";

}  // namespace

std::vector<PtbRule> ptb_rules() {
  // ---- Building blocks ----
  const Pattern digit = chars(digits());
  const Pattern ascii_digit = chars(u"0-9");
  const Pattern letter = chars(letters());
  const Pattern alnum = chars(letters() | digits());
  const Pattern space = chars(u" \t\u00A0\u2000-\u200A\u3000");
  const Pattern space_or_line = chars(u" \t\n\u00A0\u2000-\u200A\u3000");
  const Pattern upper = chars(units_where([](UChar32 c) { return u_isupper(c); }));
  const Pattern any = chars(~CharSet());
  const Pattern ascii = chars(kAscii);
  const Pattern ascii_alnum = chars(kAsciiAndDigits);
  const Pattern dot = text(".");
  const Pattern ampersand = text("&amp;");

  const Pattern apostrophe = chars(u"'\u0092\u2019") | text("&apos;");
  const Pattern tick = apostrophe | chars(u"`\u0091\u2018\u201B");  // whatever people type for an apostrophe
  const Pattern hyphen = chars(u"-_\u058A\u2010\u2011");
  const Pattern in_sentence = chars(u",;:\u3001");  // goes on after it

  const Pattern word_letter = chars(word_letters()) | (text("&") + chars(u"aeiouAEIOU") + words("acute grave uml"));
  const Pattern word_part = word_letter + many(word_letter | digit);
  const Pattern word = word_part + many(chars(u".!?") + word_part);
  const Pattern negated = chars(u"A-Za-z\u00AD");  // `is` of isn't: must not end with n
  const Pattern negated_word = many(negated) + chars(u"A-MO-Za-mo-z") + many(chars(u"\u00AD"));
  const Pattern not_suffix = text("n") + tick + text("t");
  const Pattern clitic = apostrophe + (chars(u"msdMSD") | words("re ve ll"));

  const Pattern number = some(digit) | (many(digit) + some(chars(u".:,\u00AD\u066B\u066C") + some(digit)));

  // <b>, </b>, <br/>, <a href="x">, <!-- x>
  const Pattern tag_name = ascii + many(chars(u"A-Za-z0-9_:.-"));
  const Pattern tag_value =
      (text("'") + many(not_chars(u"'\n")) + text("'")) | (text("\"") + many(not_chars(u"\"\n")) + text("\""));
  const Pattern blanks = many(text(" "));
  const Pattern attribute = tag_name + maybe(blanks + text("=") + blanks + tag_value);
  const Pattern tag =
      text("<") +
      ((chars(u"!?") + chars(u"A-Za-z-") + many(not_chars(u">\r\n"))) |
       (tag_name + many(some(text(" ")) + attribute) + blanks + maybe(text("/"))) | (text("/") + tag_name)) +
      blanks + text(">");
  const Pattern sentence_end = space_or_line + (space_or_line | upper | tag);

  // u.s, a.m; a single letter is the shortest
  const Pattern country_us = words("canada eu japan korean non sino") + text("-u.s");
  const Pattern us_country = text("u.s.-") + (text("u.k") | text("u.s.s.r"));
  const Pattern acronym = (ascii + many(dot + ascii)) | country_us | us_country;
  const Pattern long_acronym = (ascii + some(dot + ascii)) | country_us | us_country;

  // Mostly followed by lower case: before a capital letter they end the sentence.
  const Pattern closing_abbreviation =
      (words("al ala ariz assn bancorp bhd bldg blvd bros calif co colo conn corp cos ct dak dec etc ed.d esq est ext "
             "feb "
             "apr aug fla fri ga inc ind intl jan jr jul jun kan kans ky ltd mar md mich minn mo mon mont neb nev nov "
             "oct okla penn ph.d plc pte pty ptes ptys ppte ppty pptes pptys rd rt sep sept seq sq sr sys tel tenn thu "
             "thurs tue tues univ va vt wed wis wisc wyo") |
       capitalised("Az Ark Del Ill La Mass Miss Ore Pa Tex Wash")) +
      dot;
  // Mostly followed by a name.
  const Pattern opening_abbreviation =
      words(
          "a.k.a adj adm adv alex asst assoc atty attys ave brig capt cf cie cmdr col comdr cpl dept det dr drs elec "
          "ens "
          "ft gen gov govs hon insp invt jos lieut lt maj messrs mlle mme mr mrs ms msgr mt natl pfc ph pres prof "
          "profs pvt rep reps rev sen sens sfc sgt spc st ste supt supts treas vs wm") |
      capitalised("Miss") | (text("m") + chars(u"ft") + text("g")) | acronym;
  const Pattern number_abbreviation = words("art bldg ca fig figs no nos op pp prop") + dot;
  // Words that show that an acronym before them ended its sentence.
  const Pattern sentence_opener = capitalised(
      "A About According Additionally After An As At But Earlier He Her Here However If In It Last Many More Mr. Ms. "
      "Now "
      "Once One Other Our She Since So Some Such That The Their Then There These They This We What When While Yet You");

  const Pattern file_name = some(word_letter | digit) + many(dot + some(word_letter | digit)) + dot +
                            words(
                                "bat bmp c cgi class cpp dll doc docx exe gif gz h htm html jar java jpeg jpg mov mp3 "
                                "pdf php pl png ppt ps py sql "
                                "tar txt wav x xml zip");

  const Pattern url_end = not_chars(u" \t\n\u000C\r\"<>|.!?(){},-");
  const Pattern url =
      text("http") + maybe(text("s")) + text("://") + some(not_chars(u" \t\n\u000C\r\"<>|(){}")) + url_end;
  const Pattern host_part = some(not_chars(u" \t\n\u000C\r\"<>|.!?(){},"));
  // The published set has a range here where a hyphen was meant; it shuts out digits and capitals.
  const Pattern plain_host_part = some(not_chars(u" \t\n\u000C\r\"`'<>|.!?(){},-_$"));
  const Pattern bare_url = ((text("www.") + some(host_part + dot) + times(ascii, 2, 4)) |
                            (some(plain_host_part + dot) + words("com edu net org"))) +
                           maybe(text("/") + some(not_chars(u" \t\n\u000C\r\"<>|()")) + url_end);
  const Pattern mail_part = some(not_chars(u" \t\n\u000C\r\"<>|(){}.\u00A0"));
  const Pattern email = maybe(text("&lt;") | text("<")) + ascii_alnum +
                        many(not_chars(u" \t\n\u000C\r\"<>|()\u00A0{}")) + text("@") + many(mail_part + dot) +
                        mail_part + maybe(text("&gt;") | text(">"));

  const Pattern to_four = times(digit, 1, 4);
  const Pattern slash_fraction =
      maybe(to_four + chars(u"- \u00A0")) + to_four + ((maybe(text("\\")) + text("/")) | chars(u"\u2044")) + to_four;
  const Pattern phone_gap = chars(u"- \u00A0");
  const Pattern phone_plus = maybe(text("+") | text("++"));
  const Pattern phone_area = times(ascii_digit, 2, 4);
  const Pattern phone = (((text("(") + times(ascii_digit, 2, 3) + text(")") + maybe(chars(u" \u00A0"))) |
                          (phone_plus + maybe(phone_area + phone_gap) + phone_area + phone_gap)) +
                         times(ascii_digit, 3, 4) + maybe(phone_gap) + times(ascii_digit, 3, 5)) |
                        (maybe(phone_plus + phone_area + dot) + phone_area + dot + times(ascii_digit, 3, 4) + dot +
                         times(ascii_digit, 3, 5));

  const Pattern dashed = times(text("-") + some(ascii), 0, 2);
  const Pattern slashed =
      some(ascii_alnum) + dashed + times(maybe(text("\\")) + text("/") + some(ascii_alnum) + dashed, 1, 2);
  const Pattern hyphenated = ascii_alnum + many(chars(u"A-Za-z0-9.,\u00AD")) +
                             some(text("-") + (some(chars(u"A-Za-z0-9\u00AD")) | (long_acronym + dot)));
  const Pattern elided = maybe(chars(u"dDoOlL") + tick + alnum) + some(alnum);
  const Pattern thing = elided + many(hyphen + elided);
  const Pattern capitals = some(chars(u"A-Z"));
  const Pattern joined_capitals = capitals + some((chars(u"+&") | ampersand) + capitals);

  const Pattern apostrophe_word =
      (apostrophe + text("n") + maybe(apostrophe)) | (chars(u"lLdDjJ") + apostrophe) |
      (words("dunkin ol somethin") + apostrophe) | (apostrophe + words("cause em ti til till")) |
      (chars(u"A-HJ-XZn") + tick + letter + some(letter)) | (apostrophe + chars(u"2-9") + text("0s")) |
      (some(letter) + chars(u"aeiouyAEIOUY") + tick + chars(u"aeiouA-Z") + many(letter)) |
      words("'twas c'mon cont'd cont'd. e'er ev'ry li'l nat'l nor'easter s'mores") | (text("o") + tick + text("o"));

  const Pattern amp_or_entity = text("&") | ampersand;
  const Pattern treebank_word = words("-lcb- -lrb- -lsb- -rcb- -rrb- -rsb- c.d.s anti- pro-") |
                                (text("s") + amp_or_entity + words("p-500 ls")) |
                                (text("cap") + apostrophe + text("n")) | (text("c") + apostrophe + text("est"));

  const Pattern smiley = maybe(chars(u"<>")) + chars(u":;=") + maybe(chars(u"-o*'")) + chars(u"()DPdpO\\{@|[]");
  const Pattern eye = chars(u"-^x=~<>'");
  const Pattern open_eye = chars(u"^x=~<>'");
  const Pattern face = (eye + text("_") + eye) | (text("(") + eye + maybe(chars(u"_.")) + eye + text(")")) |
                       (text("(") + open_eye + text("-") + chars(u"^x=~<>'`") + text(")"));

  const Pattern symbol = chars(
      u"%&+\\^|~\u00A6-\u00A9\u00AC\u00AE-\u00BA\u00D7\u00F7\u0387\u05BE\u05C0\u05C3\u05C6\u05F3\u05F4\u0600-\u0603"
      u"\u0606-\u060A\u060C\u0614\u061B\u061E\u066A\u066D\u0703-\u070D\u07F6-\u07F8\u0964\u0965\u0E4F\u1FBD\u2016\u2017"
      u"\u2020-\u2023\u2030-\u2038\u203B\u203E-\u2042\u2044\u207A-\u207F\u208A-\u208E\u2100-\u214F\u2190-\u2BFF\u3012"
      u"\u30FB\uFF01-\uFF0F\uFF1A-\uFF20\uFF3B-\uFF40\uFF5B-\uFF65");
  const Pattern quote_mark = chars(u"`\u2018-\u201F\u0091-\u0094\u2039\u203A\u00AB\u00BB");

  const Pattern not_ascii_letter = not_chars(kAscii);
  const auto none = std::optional<Pattern>();

  // ---- The table. Earlier rules win ties, so the order is part of the behaviour. ----
  return {
      {text("c++"), none, whole},
      {words("c# f#"), none, whole},
      {text("cannot"), none, all_but_last<3>},                          // cannot -> can not
      {text("'twas"), none, all_but_last<3>},                           // 'twas -> 't was
      {text("'tis"), none, all_but_last<2>},                            // 'tis -> 't is
      {words("gimme gonna gotta lemme wanna"), none, all_but_last<2>},  // gonna -> gon na
      {tag, none, joined},                                              // <br/>
      {words("&md; &mdash; &ndash;") | chars(u"\u0096\u0097\u2013-\u2015"), none, always<u'-', u'-'>},
      {ampersand, none, plain_ampersand},
      {words("&ht; &tl; &ur; &lr; &qc; &ql; &qr; &odq; &cdq;") | (text("&#") + some(ascii_digit) + text(";")), none,
       whole},
      {word, clitic, without_soft_hyphens},              // dog's -> dog 's
      {negated_word, not_suffix, without_soft_hyphens},  // isn't -> is n't
      {word, none, without_soft_hyphens},
      {apostrophe_word, none, whole},           // O'Brien, 'em, c'mon
      {text("y") + apostrophe, letter, whole},  // y'all -> y' all
      {url, none, whole},
      {bare_url, none, whole},
      {email, none, whole},
      {(text("@") + chars(u"A-Za-z_") + many(chars(u"A-Za-z0-9_"))) | (text("#") + some(word_letter)), none, whole},
      {clitic, not_ascii_letter, closing_quote},
      {not_suffix, not_ascii_letter, closing_quote},
      {times(digit, 1, 2) + chars(u"-/") + times(digit, 1, 2) + chars(u"-/") + times(digit, 2, 4), none, whole},
      {maybe(chars(u"+-")) + number, none, without_soft_hyphens},  // 1,000  -5  2:30
      {maybe(chars(u"\u207A\u207B\u208A\u208B")) +
           (some(chars(u"\u2070\u00B9\u00B2\u00B3\u2074-\u2079")) | some(chars(u"\u2080-\u2089"))),
       none, whole},
      {slash_fraction, none, joined},                          // 2 1/2 is one token
      {chars(u"\u00BC-\u00BE\u2153-\u215E"), none, fraction},  // one half -> 1/2
      {treebank_word, none, plain_ampersand},
      {slashed, none, whole},                                        // and/or
      {(many(chars(u"A-Z")) + text("$")) | text("#"), none, whole},  // US$5 -> us$ 5
      {chars(u"\u0080\u00A2-\u00A5\u060B\u0E3F\u20A0\u20A4\u20AC\uFFE0\uFFE1\uFFE5\uFFE6"), none, currency},
      {acronym + dot, some(space_or_line) + (sentence_opener | tag) + space_or_line, acronym_before_sentence},
      {number_abbreviation, maybe(space_or_line) + digit, whole},  // fig. 3
      {((text("pt") + chars(u"eyEY")) | text("co")) + dot, space + words("lim ltd"), whole},
      {closing_abbreviation, sentence_end, with_second_period},  // Inc. The -> inc. . the
      {closing_abbreviation, any + any, whole},
      {closing_abbreviation, none, with_second_period},  // at the end of everything
      {opening_abbreviation + dot, none, whole},         // Mr.
      {opening_abbreviation, space, whole},
      {acronym, space_or_line, whole},
      {apostrophe + ascii_digit + ascii_digit, space_or_line, whole},  // '99
      {file_name, space_or_line | chars(u".?!,"), whole},              // file.txt
      {word + dot, in_sentence, without_soft_hyphens},
      {phone, none, phone_number},  // (555) 555-1234
      {text("\"") | text("&quot;"), chars(u"A-Za-z0-9$"), opening_quote},
      {text("\"") | text("&quot;"), none, closing_quote},
      {chars(u"\u007F"), none, skip},
      {text("<") | text("&lt;"), none, always<u'<'>},
      {text(">") | text("&gt;"), none, always<u'>'>},
      {smiley, not_chars(kAsciiAndDigits), with_round_brackets},  // :-) -> :--rrb-
      {face, none, with_round_brackets},                          // ^_^
      {text("{"), none, always<u'-', u'L', u'C', u'B', u'-'>},
      {text("}"), none, always<u'-', u'R', u'C', u'B', u'-'>},
      {text("["), none, always<u'-', u'L', u'S', u'B', u'-'>},
      {text("]"), none, always<u'-', u'R', u'S', u'B', u'-'>},
      {text("("), none, with_round_brackets},
      {text(")"), none, with_round_brackets},
      {some(text("-")), none, hyphens},
      {times(dot, 3, 5) | (times(dot + chars(u" \u00A0"), 2, 4) + dot) | chars(u"\u0085\u2026"), none,
       always<u'.', u'.', u'.'>},
      {some(text("@")) | some(text("#")) | some(text("_")), none, whole},
      {some(text("*")) | times(text("\\*"), 1, 3), none, whole},
      {in_sentence, none, whole},
      {some(chars(u"?!")), none, whole},
      {chars(u".\u00A1\u00BF\u037E\u0589\u061F\u06D4\u0700-\u0702\u07FA\u3002"), none, whole},
      {text("="), none, whole},
      {text("/"), none, whole},
      {hyphenated + dot, in_sentence, without_soft_hyphens},
      {hyphenated, none, without_soft_hyphens},  // t-shirt, 10-year-old
      {thing + dot, in_sentence, whole},
      {thing, none, whole},  // 2nd, d'Arc
      {joined_capitals + dot, in_sentence, plain_ampersand},
      {joined_capitals, none, plain_ampersand},  // R&B
      {text("'"), ascii + not_chars(u" \t\n\r\u00A0"), opening_quote},
      {clitic, none, closing_quote},
      {not_suffix, none, closing_quote},
      {apostrophe | text("''") | times(quote_mark, 1, 2), none, closing_quote},
      {text("<<") | text(">>"), none, whole},
      {symbol, none, whole},
      {chars(u"\u200B\u200E\u200F\uFEFF") | some(space), none, skip},
      {text("&nbsp;"), none, skip},
      {any, none, skip},  // what no rule knows is dropped, an emoji for example
  };
}

}  // namespace epalm::metrics
