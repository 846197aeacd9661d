#pragma once

#include <string>
#include <string_view>
#include <vector>

// How the VQA evaluators rewrite answers before they compare them (SPEC.md §8). Texts are UTF-8.
namespace epalm::metrics {

// Removes or blanks punctuation, then removes the first 32 periods that no digit follows. More periods stay: the
// published code passes a flag of value 32 where a count belongs, and its numbers depend on it.
std::string process_punctuation(std::string_view answer);

// Lower case, number words as digits, articles dropped, contractions with their apostrophes, single spaces.
std::string process_digit_article(std::string_view answer);

// Both, after line breaks and tabs became spaces and the ends were stripped. Equal normal forms are equal answers.
std::string normalize_answer(std::string_view answer);

// Line breaks and tabs become spaces; white space at both ends goes.
std::string tidy_answer(std::string_view answer);

// Without (Unicode) white space at both ends; a view into the text.
std::string_view strip(std::string_view text);

// Words between runs of (Unicode) white space.
std::vector<std::string> split_words(std::string_view text);

}  // namespace epalm::metrics
