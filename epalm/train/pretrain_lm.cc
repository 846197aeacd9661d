#include "epalm/train/pretrain_lm.h"

#include <torch/torch.h>

#include <algorithm>

#include "epalm/base/error.h"
#include "epalm/text/batch.h"
#include "epalm/train/world_text.h"

namespace epalm::train {
namespace {

constexpr double kAnswerWeight = 5.0;
constexpr double kContextWeight = 0.1;     // order and wording of descriptions and questions cannot be known beforehand
constexpr double kListsBefore = 1.0 / 6;   // share of the steps that are lists alone
constexpr double kListsAmong = 0.1;        // share of the lines afterwards
constexpr double kPlainShare = 0.15;       // of the other lines
constexpr double kUndescribedShare = 0.1;  // of the documents
constexpr int kAskedOfLists = 8;
constexpr double kCondensedShare = 0.6;         // of the lines in the second stage …
constexpr double kListsBesideCondensed = 0.04;  // … which has these shares of lists
constexpr double kPlainBesideCondensed = 0.1;   // and of plain lines, in place of those above
const std::string kAnswerMark = "</a>";
const std::string kEnd = "</s>";

struct Line {
  std::vector<int64_t> ids;
  std::vector<double> weights;  // of predicting ids[i]
  std::vector<int64_t> branches;
  int64_t branch = 0;

  void add(int64_t id, double weight) {
    ids.push_back(id);
    weights.push_back(weight);
    branches.push_back(branch);
  }
};

class LineMaker {
 public:
  LineMaker(const text::Tokenizer& tokenizer, PythonRandom& random) : tokenizer_(tokenizer), random_(random) {
    for (int64_t id = 0; id < tokenizer.size(); ++id) {
      const std::string word = tokenizer.decode(std::vector<int64_t>{id}, false);
      if (word.size() > 2 && word.front() == ' ') words_.push_back(id);
    }
  }

  Line line(double lists, double plain = kPlainShare) {
    if (random_.random() < lists) return list_line();
    return random_.random() < plain ? plain_line() : document_line();
  }

  // </s> description </s>, and apart from it </s>  Q?</a> A</s>  Q?</a> A</s> …
  std::pair<Line, Line> condensed_lines() {
    const auto document = random_document(random_medium(random_), random_);
    Line told = begin();
    append(told, document.description + kEnd, kContextWeight);
    Line asked = begin();
    append_questions(asked, document, kAnswerWeight);
    return {told, asked};
  }

 private:
  Line begin() const {
    Line line;
    line.add(tokenizer_.bos_id(), 0);
    return line;
  }

  void append(Line& line, const std::string& text, double weight) const {
    for (const int64_t id : tokenizer_.encode(text, false)) line.add(id, weight);
  }

  // Two to four lists of two to four words, then questions: </s> a b c, d e f. </s>  e?</a> d f</s>  b?</a> a c</s> …
  Line list_line() {
    Line line = begin();
    const int64_t lists = 2 + random_.randrange(3);
    const int64_t length = 2 + random_.randrange(3);
    const auto drawn = random_.sample_indices(static_cast<int64_t>(words_.size()), lists * length);
    const auto word = [&](int64_t list, int64_t place) {
      return words_[static_cast<size_t>(drawn[static_cast<size_t>(list * length + place)])];
    };
    for (int64_t list = 0; list < lists; ++list) {
      for (int64_t place = 0; place < length; ++place) line.add(word(list, place), 0);
      append(line, list + 1 == lists ? "." + kEnd : ",", 0);
    }
    for (int i = 0; i < kAskedOfLists; ++i) {
      ++line.branch;
      const int64_t list = random_.randrange(lists);
      const int64_t asked = random_.randrange(length);
      line.add(word(list, asked), 0);
      append(line, "?" + kAnswerMark, 0);
      for (int64_t place = 0; place < length; ++place) {
        if (place != asked) line.add(word(list, place), kAnswerWeight);
      }
      append(line, kEnd, 1);
    }
    return line;
  }

  // </s> description </s>  Q?</a> A</s>  Q?</a> A</s> …; some without the description and with one question, so that a
  // question at the start of a text is nothing new.
  Line document_line() {
    auto document = random_document(random_medium(random_), random_);
    Line line = begin();
    const bool described = random_.random() >= kUndescribedShare;
    if (described) append(line, document.description + kEnd, kContextWeight);
    if (!described) document.question_answers.resize(1);
    append_questions(line, document, described ? kAnswerWeight : 1);
    return line;
  }

  void append_questions(Line& line, const world::Document& document, double weight) const {
    for (const auto& [question, answer] : document.question_answers) {
      ++line.branch;
      append(line, question + "?" + kAnswerMark, kContextWeight);
      append(line, answer + kEnd, weight);
    }
  }

  Line plain_line() {
    Line line = begin();
    append(line, random_sentence(random_medium(random_), random_) + kEnd, 1);
    return line;
  }

  const text::Tokenizer& tokenizer_;
  PythonRandom& random_;
  std::vector<int64_t> words_;
};

struct TextTensors {
  at::Tensor ids, mask, branches, weights;  // [B,T]
};

TextTensors as_tensors(const std::vector<Line>& lines, int64_t pad_id) {
  std::vector<std::vector<int64_t>> ids;
  for (const Line& line : lines) ids.push_back(line.ids);
  const text::TokenBatch padded = text::pad(ids, pad_id);
  TextTensors batch;
  batch.ids = torch::tensor(padded.ids).view({padded.rows, padded.columns});
  batch.mask = torch::tensor(padded.mask).view({padded.rows, padded.columns});
  batch.branches = torch::zeros_like(batch.ids);
  batch.weights = torch::zeros({padded.rows, padded.columns});
  for (size_t i = 0; i < lines.size(); ++i) {
    const auto row = static_cast<int64_t>(i);
    const auto length = static_cast<int64_t>(lines[i].ids.size());
    batch.branches[row].slice(0, 0, length).copy_(torch::tensor(lines[i].branches));
    batch.weights[row].slice(0, 0, length).copy_(torch::tensor(lines[i].weights));
  }
  return batch;
}

lm::OptInput input_of(const TextTensors& batch) {
  lm::OptInput input;
  input.ids = batch.ids;
  input.mask = batch.mask;
  input.branches = batch.branches;
  input.training = true;
  return input;
}

// Sums over the predicted tokens.
struct WeightedLoss {
  at::Tensor loss, weight;

  void operator+=(const WeightedLoss& other) {
    loss = loss + other.loss;
    weight = weight + other.weight;
  }
  at::Tensor mean() const { return loss / weight; }
};

// hidden [B,S,W]: its last T rows are of the batch's tokens.
WeightedLoss weighted_loss(const lm::Opt& lm, const TextTensors& batch, const at::Tensor& hidden) {
  const int64_t length = batch.ids.size(1);
  const at::Tensor weights = batch.weights.slice(1, 1).reshape({-1});
  const at::Tensor rows = weights.nonzero().squeeze(1);
  const at::Tensor states =
      hidden.slice(1, hidden.size(1) - length, -1).reshape({-1, hidden.size(2)}).index_select(0, rows);
  const at::Tensor targets = batch.ids.slice(1, 1).reshape({-1}).index_select(0, rows);
  const at::Tensor losses = at::cross_entropy_loss(lm.head(states), targets, {}, at::Reduction::None);
  const at::Tensor used = weights.index_select(0, rows);
  return {(losses * used).sum(), used.sum()};
}

WeightedLoss reading_loss(const lm::Opt& lm, const TextTensors& batch) {
  return weighted_loss(lm, batch, lm.hidden(input_of(batch)));
}

// The questions see of what was told its last token alone, put before them as a perceptual token will be.
WeightedLoss condensed_loss(const lm::Opt& lm, const TextTensors& told, const TextTensors& asked) {
  lm::OptInput telling = input_of(told);
  int64_t layer = 0;
  at::Tensor condensed;  // [B,1,D]
  const at::Tensor last = told.mask.sum(1) - 1;
  telling.observe = [&](const at::Tensor& x) {
    if (layer++ == kCondensedLayer) condensed = x.index({at::arange(x.size(0)), last}).unsqueeze(1);
  };
  WeightedLoss loss = weighted_loss(lm, told, lm.hidden(telling));
  lm::OptInput asking = input_of(asked);
  asking.slots.resize(static_cast<size_t>(lm.config().num_hidden_layers));
  std::fill(asking.slots.begin() + kCondensedLayer, asking.slots.end(), condensed);
  loss += weighted_loss(lm, asked, lm.hidden(asking));
  return loss;
}

}  // namespace

void pretrain_lm(const lm::Opt& lm, const text::Tokenizer& tokenizer, const PretrainOptions& options,
                 const OnPretrainProgress& progress) {
  PythonRandom random(options.seed);
  torch::manual_seed(options.seed);
  LineMaker maker(tokenizer, random);
  const auto lists_before = static_cast<int64_t>(static_cast<double>(options.steps) * kListsBefore);
  int64_t step = 0;
  const auto next_loss = [&] {
    const double lists = step++ < lists_before ? 1 : kListsAmong;
    std::vector<Line> lines;
    for (int64_t i = 0; i < options.batch_size; ++i) lines.push_back(maker.line(lists));
    return reading_loss(lm, as_tensors(lines, tokenizer.pad_id())).mean();
  };
  minimise(options, lm.weights(), {}, next_loss, progress);
}

void pretrain_lm_condensed(const lm::Opt& lm, const text::Tokenizer& tokenizer, const PretrainOptions& options,
                           const OnPretrainProgress& progress) {
  require(lm.config().num_hidden_layers > kCondensedLayer,
          "a language model that condenses what it reads needs more than {} layers, got {}", kCondensedLayer,
          lm.config().num_hidden_layers);
  PythonRandom random(options.seed);
  torch::manual_seed(options.seed);
  LineMaker maker(tokenizer, random);
  const auto next_loss = [&] {
    std::vector<Line> whole, told, asked;
    for (int64_t i = 0; i < options.batch_size; ++i) {
      if (random.random() < kCondensedShare) {
        auto lines = maker.condensed_lines();
        told.push_back(std::move(lines.first));
        asked.push_back(std::move(lines.second));
      } else {
        const double others = 1 - kCondensedShare;
        whole.push_back(maker.line(kListsBesideCondensed / others, kPlainBesideCondensed / others));
      }
    }
    WeightedLoss loss{torch::zeros({}), torch::zeros({})};
    const int64_t pad = tokenizer.pad_id();
    if (!whole.empty()) loss += reading_loss(lm, as_tensors(whole, pad));
    if (!told.empty()) loss += condensed_loss(lm, as_tensors(told, pad), as_tensors(asked, pad));
    return loss.mean();
  };
  minimise(options, lm.weights(), {}, next_loss, progress);
}

}  // namespace epalm::train
