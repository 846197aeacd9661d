#include "epalm/train/pretrain_lm.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "epalm/base/error.h"
#include "epalm/nn/dropout.h"
#include "epalm/text/batch.h"
#include "epalm/train/labelled_media.h"
#include "epalm/train/world_text.h"
#include "epalm/world/audio_labels.h"
#include "epalm/world/audio_language.h"
#include "epalm/world/language.h"
#include "epalm/world/video_labels.h"
#include "epalm/world/video_language.h"

namespace epalm::train {
namespace {

constexpr double kAnswerWeight = 5.0;
constexpr double kContextWeight = 0.1;     // order and wording of descriptions and questions cannot be known beforehand
constexpr double kListsBefore = 1.0 / 6;   // share of the steps that are lists alone
constexpr double kListsAmong = 0.1;        // share of the lines afterwards
constexpr double kPlainShare = 0.15;       // of the other lines
constexpr double kUndescribedShare = 0.1;  // of the documents
constexpr int kAskedOfLists = 8;
constexpr double kFactsShare = 0.9;         // of the lines in the second stage; the others …
constexpr double kListsBesideFacts = 0.2;   // … have these shares of lists
constexpr double kPlainBesideFacts = 0.35;  // and of plain lines, in place of those above
constexpr size_t kAskedOfFacts = 4;         // questions of a line at most, so that a batch has many scenes
constexpr double kCaptioned = 0.25;         // of the lines end with a caption
constexpr double kCaptionWeight = 0.7;
constexpr double kUnseenShare = 0.5;    // of the scenes have combinations that no encoder will have learned
constexpr double kCrowdedShare = 0.5;   // of the scenes have kMaxItems things: the fewer, the easier to guess
constexpr double kFactDeviation = 0.1;  // of a new vector's elements
constexpr double kDoubtful = 0.15;      // of the labels lose up to …
constexpr double kMostDoubt = 0.6;      // … this share of their weight to another class
constexpr double kNoise = 0.2;          // of the sum's own size
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

  // </s>  Q?</a> A</s>  Q?</a> A</s> …, some with a caption</s> at the end: what can be said of a scene whose facts
  // stand before it.
  Line told_line(world::Document document, const std::string& caption) {
    Line line = begin();
    auto& asked = document.question_answers;
    asked.resize(std::min(asked.size(), kAskedOfFacts));
    append_questions(line, document, kAnswerWeight);
    ++line.branch;
    if (random_.random() < kCaptioned) append(line, caption + kEnd, kCaptionWeight);
    return line;
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
  batch.ids = at::tensor(padded.ids).view({padded.rows, padded.columns});
  batch.mask = at::tensor(padded.mask).view({padded.rows, padded.columns});
  batch.branches = at::zeros_like(batch.ids);
  batch.weights = at::zeros({padded.rows, padded.columns});
  for (size_t i = 0; i < lines.size(); ++i) {
    const auto row = static_cast<int64_t>(i);
    const auto length = static_cast<int64_t>(lines[i].ids.size());
    batch.branches[row].slice(0, 0, length).copy_(at::tensor(lines[i].branches));
    batch.weights[row].slice(0, 0, length).copy_(at::tensor(lines[i].weights));
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

// Rows that are at right angles to as many others as the width allows, of `length`.
at::Tensor spread_vectors(int64_t rows, int64_t width, double length) {
  std::vector<at::Tensor> turns;
  for (int64_t i = 0; i < rows; i += width) turns.push_back(std::get<0>(at::linalg_qr(at::randn({width, width}))));
  return at::cat(turns).slice(0, 0, rows).clone() * length;
}

// A scene as one vector: the sum of a learned vector for each fact (world::LabelHead::facts) and of one for all scenes,
// as a connector has its bias.
class FactVectors {
 public:
  explicit FactVectors(int64_t width) : base_(at::zeros({1, width})) {
    for (const auto medium : kMedia) {
      int64_t facts = 0;
      for (const auto& head : heads_of(medium)) facts += head.facts;
      vectors_.push_back(spread_vectors(facts, width, kFactDeviation * std::sqrt(static_cast<double>(width))));
    }
  }

  std::vector<Parameter> parameters() const {
    std::vector<Parameter> result{{"facts.base", 2, base_}};
    for (size_t i = 0; i < vectors_.size(); ++i) result.push_back({fmt::format("facts.{}", i), 2, vectors_[i]});
    return result;
  }

  // [1,1,D]
  at::Tensor operator()(world::Medium medium, const std::vector<int64_t>& labels, PythonRandom& random) const {
    const at::Tensor& vectors = vectors_[static_cast<size_t>(medium)];
    std::vector<float> weights(static_cast<size_t>(vectors.size(0)));
    const auto& heads = heads_of(medium);
    int64_t first = 0;
    for (size_t i = 0; i < heads.size(); ++i) {
      const auto add = [&](int64_t label, double weight) {
        const bool told = label > 0 && label <= heads[i].facts;
        if (told) weights[static_cast<size_t>(first + label - 1)] += static_cast<float>(weight);
      };
      const double doubt = random.random() < kDoubtful ? kMostDoubt * random.random() : 0;
      add(labels[i], 1 - doubt);
      if (doubt > 0) add(random.randrange(heads[i].classes), doubt);
      first += heads[i].facts;
    }
    const at::Tensor sum = at::matmul(at::tensor(weights).unsqueeze(0), vectors);
    const at::Tensor size = sum.detach().square().mean().sqrt();
    return (sum + kNoise * size * at::randn_like(sum) + base_).unsqueeze(0);
  }

 private:
  std::vector<at::Tensor> vectors_;  // of each medium [facts,D]
  at::Tensor base_;                  // [1,D]
};

struct Scene {
  world::Document document;
  std::string caption;
  std::vector<int64_t> labels;
};

// All combinations are talked of: only encoders and adapters are kept from the held-out ones.
Scene random_told_scene(world::Medium medium, PythonRandom& random) {
  const auto split = random.random() < kUnseenShare ? world::Split::kTest : world::Split::kTrain;
  const bool crowded = random.random() < kCrowdedShare;
  Scene told;
  do {
    told = with_random_scene(medium, split, random, [&](const auto& scene) {
      if (crowded && world::items(scene).size() < world::kMaxItems) return Scene{};
      return Scene{world::document(scene, random), world::captions(scene, random, 1).front(), world::labels(scene)};
    });
  } while (told.labels.empty());
  return told;
}

// Clips are the hardest to learn, recordings the easiest.
world::Medium random_told_medium(PythonRandom& random) {
  const double roll = random.random();
  return roll < 0.42 ? world::Medium::kImage : roll < 0.82 ? world::Medium::kVideo : world::Medium::kAudio;
}

WeightedLoss facts_loss(const lm::Opt& lm, const TextTensors& told, const at::Tensor& facts) {
  lm::OptInput input = input_of(told);
  input.slots.resize(static_cast<size_t>(lm.config().num_hidden_layers));
  std::fill(input.slots.begin() + kFactsLayer, input.slots.end(), facts);
  return weighted_loss(lm, told, lm.hidden(input));
}

}  // namespace

void pretrain_lm(const lm::Opt& lm, const text::Tokenizer& tokenizer, const PretrainOptions& options,
                 const OnPretrainProgress& progress) {
  PythonRandom random(options.seed);
  at::manual_seed(options.seed);
  nn::seed_dropout(options.seed);
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

void pretrain_lm_on_facts(const lm::Opt& lm, const text::Tokenizer& tokenizer, const PretrainOptions& options,
                          const OnPretrainProgress& progress) {
  require(lm.config().num_hidden_layers > kFactsLayer,
          "a language model that answers from facts needs more than {} layers, got {}", kFactsLayer,
          lm.config().num_hidden_layers);
  PythonRandom random(options.seed);
  at::manual_seed(options.seed);
  nn::seed_dropout(options.seed);
  LineMaker maker(tokenizer, random);
  const FactVectors vectors(lm.config().hidden_size);
  const auto next_loss = [&] {
    std::vector<Line> whole, told;
    std::vector<at::Tensor> facts;
    for (int64_t i = 0; i < options.batch_size; ++i) {
      if (random.random() < kFactsShare) {
        const world::Medium medium = random_told_medium(random);
        const Scene scene = random_told_scene(medium, random);
        told.push_back(maker.told_line(scene.document, scene.caption));
        facts.push_back(vectors(medium, scene.labels, random));
      } else {
        whole.push_back(maker.line(kListsBesideFacts, kPlainBesideFacts));
      }
    }
    WeightedLoss loss{at::zeros({}), at::zeros({})};
    const int64_t pad = tokenizer.pad_id();
    if (!whole.empty()) loss += reading_loss(lm, as_tensors(whole, pad));
    if (!told.empty()) loss += facts_loss(lm, as_tensors(told, pad), at::cat(facts));
    return loss.mean();
  };
  minimise(options, lm.weights(), vectors.parameters(), next_loss, progress);
}

}  // namespace epalm::train
