#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "epalm/world/questions.h"

namespace epalm::world {

// What must hold for the questions of every world; `scene` draws one from a generator.
template <typename Solver, typename DrawScene>
void expect_true_answers(DrawScene scene, size_t kinds) {
  PythonRandom random(1);
  std::set<std::string> types;
  std::set<std::string> texts;
  for (int i = 0; i < 3000; ++i) {
    const auto drawn = scene(random);
    const Solver solver(drawn);
    for (const Question& question : questions(drawn, random)) {
      ASSERT_EQ(solver.solve(question.text), question.answer) << question.text;
      EXPECT_EQ(question.text.find('?'), std::string::npos);
      types.insert(question.question_type);
      texts.insert(question.text);
    }
  }
  EXPECT_EQ(types.size(), kinds);
  EXPECT_GT(texts.size(), 100U);
}

struct Tally {
  int yes = 0;
  int all = 0;
};

// Of every yes/no question, counted by what `key` makes of it.
template <typename DrawScene>
std::map<std::string, Tally> tally_yes(DrawScene scene, int scenes, std::string Question::*key) {
  PythonRandom random(2);
  std::map<std::string, Tally> tallies;
  for (int i = 0; i < scenes; ++i) {
    for (const Question& question : questions(scene(random), random)) {
      if (question.answer_type != "yes/no") continue;
      Tally& tally = tallies[question.*key];
      tally.yes += question.answer == "yes" ? 1 : 0;
      ++tally.all;
    }
  }
  return tallies;
}

template <typename DrawScene>
void expect_balance(DrawScene scene, size_t kinds) {
  const auto tallies = tally_yes(scene, 20'000, &Question::question_type);
  EXPECT_EQ(tallies.size(), kinds);
  for (const auto& [kind, tally] : tallies) {
    // Five standard deviations of a fair coin's share: fails by chance less than once in a million checks.
    EXPECT_NEAR(tally.yes / double(tally.all), 0.5, 5.0 * std::sqrt(0.25 / tally.all)) << kind;
  }
}

// The share of questions that are neither yes/no nor number, where guessing is hardest.
template <typename DrawScene>
void expect_mostly_other(DrawScene scene) {
  PythonRandom random(3);
  int other = 0;
  int all = 0;
  for (int i = 0; i < 2000; ++i) {
    for (const Question& question : questions(scene(random), random)) {
      other += question.answer_type == "other" ? 1 : 0;
      ++all;
    }
  }
  EXPECT_GT(other / double(all), 0.55);
}

// The most frequent answer of every kind of question: what a model gets right that only knows the kinds.
template <typename DrawScene>
void expect_no_frequent_answer(DrawScene scene) {
  PythonRandom random(6);
  std::map<std::string, std::map<std::string, int>> counts;
  for (int i = 0; i < 5000; ++i) {
    for (const Question& question : questions(scene(random), random)) ++counts[question.question_type][question.answer];
  }
  for (const auto& [type, answers] : counts) {
    int most = 0;
    int all = 0;
    for (const auto& [answer, count] : answers) {
      most = std::max(most, count);
      all += count;
    }
    // Two answers at the least, as often as each other; but most things that can be counted are there once.
    EXPECT_LT(most / double(all), type.starts_with("how many of") ? 0.62 : 0.54) << type;
  }
}

// The most frequent answer to every wording in train scenes: all that can be learned without looking.
using LearnedAnswers = std::map<std::string, std::string>;

template <typename DrawScene>
LearnedAnswers learn_answers(DrawScene train_scene, int scenes) {
  PythonRandom random(4);
  std::map<std::string, std::map<std::string, int>> counts;
  for (int i = 0; i < scenes; ++i) {
    for (const Question& question : questions(train_scene(random), random)) ++counts[question.text][question.answer];
  }
  LearnedAnswers learned;
  for (const auto& [text, answers] : counts) {
    learned[text] = std::max_element(answers.begin(), answers.end(), [](const auto& a, const auto& b) {
                      return a.second < b.second;
                    })->first;
  }
  return learned;
}

// The share of right answers by answer type ("yes/no", "number", "other") and over all ("all").
template <typename DrawScene>
std::map<std::string, double> blind_accuracy(const LearnedAnswers& learned, DrawScene scene, int scenes) {
  PythonRandom random(5);
  std::map<std::string, std::pair<int, int>> right;
  for (int i = 0; i < scenes; ++i) {
    for (const Question& question : questions(scene(random), random)) {
      const auto known = learned.find(question.text);
      const int hit = known != learned.end() && known->second == question.answer ? 1 : 0;
      for (const std::string& type : {question.answer_type, std::string("all")}) {
        right[type].first += hit;
        ++right[type].second;
      }
    }
  }
  std::map<std::string, double> shares;
  for (const auto& [type, counts] : right) shares[type] = counts.first / double(counts.second);
  return shares;
}

}  // namespace epalm::world
