#include "epalm/train/pretrain_lm.h"

#include <torch/torch.h>

#include <cmath>

#include "epalm/text/batch.h"
#include "epalm/train/optimizer.h"
#include "epalm/train/world_text.h"

namespace epalm::train {
namespace {

constexpr double kAnswerWeight = 5.0;
constexpr double kDescriptionWeight = 0.1;  // its order and wording cannot be known beforehand
constexpr double kPositionSize = 0.1;       // about the standard deviation of a token's embedding
constexpr double kLongestWave = 1000.0;     // radians per token: from 1 to a thousandth
const std::string kAnswerMark = "</a>";
const std::string kEnd = "</s>";

struct Line {
  std::vector<int64_t> ids;
  std::vector<double> weights;  // of predicting ids[i]
};

void append(Line& line, const text::Tokenizer& tokenizer, const std::string& text, double weight) {
  for (const int64_t id : tokenizer.encode(text, false)) {
    line.ids.push_back(id);
    line.weights.push_back(weight);
  }
}

// </s> description </s> Q? </a> A </s> Q? </a> A </s> …; one in eight without the description, so that a question at
// the start of a text is nothing new.
Line document_line(const text::Tokenizer& tokenizer, PythonRandom& random) {
  const auto document = random_document(random_medium(random), random);
  Line line{{tokenizer.bos_id()}, {0.0}};
  const bool described = random.random() >= 0.125;
  if (described) append(line, tokenizer, document.description + kEnd, kDescriptionWeight);
  for (const auto& [question, answer] : document.question_answers) {
    append(line, tokenizer, question + "?" + kAnswerMark, kDescriptionWeight);
    append(line, tokenizer, answer, described ? kAnswerWeight : 1.0);
    append(line, tokenizer, kEnd, 1.0);
    if (!described) break;
  }
  return line;
}

Line plain_line(const text::Tokenizer& tokenizer, PythonRandom& random) {
  Line line{{tokenizer.bos_id()}, {0.0}};
  append(line, tokenizer, random_sentence(random_medium(random), random) + kEnd, 1.0);
  return line;
}

struct TextTensors {
  at::Tensor ids, mask, weights;  // [B,T]
};

TextTensors make_batch(const text::Tokenizer& tokenizer, PythonRandom& random, int64_t size) {
  std::vector<std::vector<int64_t>> ids;
  std::vector<std::vector<double>> weights;
  for (int64_t i = 0; i < size; ++i) {
    Line line = random.random() < 0.15 ? plain_line(tokenizer, random) : document_line(tokenizer, random);
    ids.push_back(std::move(line.ids));
    weights.push_back(std::move(line.weights));
  }
  const text::TokenBatch padded = text::pad(ids, tokenizer.pad_id());
  TextTensors batch;
  batch.ids = torch::tensor(padded.ids).view({padded.rows, padded.columns});
  batch.mask = torch::tensor(padded.mask).view({padded.rows, padded.columns});
  batch.weights = torch::zeros({padded.rows, padded.columns});
  for (size_t row = 0; row < weights.size(); ++row) {
    batch.weights[static_cast<int64_t>(row)]
        .slice(0, 0, static_cast<int64_t>(weights[row].size()))
        .copy_(torch::tensor(weights[row]));
  }
  return batch;
}

at::Tensor weighted_loss(const lm::Opt& lm, const TextTensors& batch) {
  lm::OptInput input;
  input.ids = batch.ids;
  input.mask = batch.mask;
  input.training = true;
  const at::Tensor hidden = lm.hidden(input);
  const int64_t length = batch.ids.size(1);
  const at::Tensor weights = batch.weights.slice(1, 1).reshape({-1});
  const at::Tensor rows = weights.nonzero().squeeze(1);
  const at::Tensor states = hidden.slice(1, 0, length - 1).reshape({-1, hidden.size(2)}).index_select(0, rows);
  const at::Tensor targets = batch.ids.slice(1, 1).reshape({-1}).index_select(0, rows);
  const at::Tensor losses = at::cross_entropy_loss(lm.head(states), targets, {}, at::Reduction::None);
  const at::Tensor used = weights.index_select(0, rows);
  return (losses * used).sum() / used.sum();
}

}  // namespace

nn::Weights fresh_lm_weights(const lm::OptConfig& config, uint64_t seed) {
  nn::Weights weights = nn::random_weights(lm::opt_weights(config), seed, config.init_std);
  const at::Tensor& positions = weights.at("model.decoder.embed_positions.weight");  // [rows,D]
  const int64_t half = positions.size(1) / 2;
  const at::Tensor waves = at::pow(kLongestWave, -at::arange(half, at::kDouble) / static_cast<double>(half));
  const at::Tensor angles = at::arange(positions.size(0), at::kDouble).unsqueeze(1) * waves;  // [rows,D/2]
  positions.copy_(at::stack({angles.sin(), angles.cos()}, 2).flatten(1) * kPositionSize);     // [rows,D]
  return weights;
}

void pretrain_lm(const lm::Opt& lm, const text::Tokenizer& tokenizer, const PretrainOptions& options,
                 const OnPretrainProgress& progress) {
  ParameterGroup group;
  for (const auto& [name, tensor] : lm.weights().items()) {
    tensor.set_requires_grad(true);
    group.parameters.push_back({name, tensor.dim(), tensor});
  }
  group.weight_decay = options.weight_decay;
  OptimizerSettings settings;
  settings.opt_betas = {0.9, 0.98};
  Optimizer optimizer(settings, {group});
  PythonRandom random(options.seed);
  torch::manual_seed(options.seed);
  minimise(
      options, optimizer, [&] { return weighted_loss(lm, make_batch(tokenizer, random, options.batch_size)); },
      progress);
  for (const auto& [name, tensor] : lm.weights().items()) tensor.set_requires_grad(false);
}

}  // namespace epalm::train
