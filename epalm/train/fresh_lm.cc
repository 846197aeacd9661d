#include "epalm/train/fresh_lm.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <fmt/ranges.h>

#include <array>
#include <cmath>

#include "epalm/base/error.h"
#include "epalm/lm/opt.h"

namespace epalm::train {
namespace {

constexpr int64_t kHeads = 4;
constexpr double kPositionSize = 0.1;  // amplitude of its waves, about a token's standard deviation
constexpr double kFastestWave = 2.8;   // radians per token: tells neighbours apart
constexpr double kSlowestWave = 0.01;
constexpr double kPositionSharpness = 1.5;  // of attention by position
constexpr double kMatchSharpness = 1.2;     // of attention by equal token
constexpr double kNoteSharpness = 1.56;     // of attention by equal note, which is fainter than a token
constexpr double kCopySize = 0.08;          // a normalised token copied into the states is as large as an embedding
constexpr double kOtherOutputs = 0.05;      // of the remaining attention outputs
constexpr double kNewOutputs = 0.02;        // of what a larger model has more

// Writes heads into the random weights. Rows of a projection: what a head reads from the P + R dimensions of a state, P
// of the position, then R of the token; P is also the width of a head.
class HeadWriter {
 public:
  HeadWriter(const nn::Weights& weights, int64_t width, uint64_t seed)
      : weights_(weights),
        head_width_(width / kHeads),
        token_width_(width - head_width_),
        generator_(at::detail::createCPUGenerator(seed)) {
    const auto count = static_cast<double>(head_width_ / 2);
    waves_ =
        kFastestWave * at::pow(kSlowestWave / kFastestWave, at::arange(head_width_ / 2, at::kDouble) / (count - 1));
  }

  // Positions and tokens in dimensions of their own.
  void embeddings() {
    const std::string root = "model.decoder.";
    weights_.at(root + "embed_tokens.weight").slice(1, 0, head_width_).zero_();
    const at::Tensor& table = weights_.at(root + "embed_positions.weight");  // [rows,P+R]
    table.zero_();
    table.slice(1, 0, head_width_).copy_(wave_pairs(at::arange(table.size(0), at::kDouble)) * kPositionSize);
  }

  // `rows` orthonormal directions of a token, [rows,R].
  at::Tensor directions(int64_t rows) {
    const at::Tensor square = at::randn({token_width_, token_width_}, generator_, at::kDouble);
    return std::get<0>(at::linalg_qr(square)).slice(0, 0, rows);
  }

  int64_t head_width() const { return head_width_; }
  int64_t token_width() const { return token_width_; }

  // The head attends to the token `back` places before.
  void look_back(int64_t layer, int64_t head, double back) {
    at::Tensor key = at::zeros({head_width_, head_width_ + token_width_}, at::kDouble);
    at::Tensor query = key.clone();
    key.slice(1, 0, head_width_).copy_(at::eye(head_width_, at::kDouble));
    // (sin a, cos a) of the position turned back by the wave's angle.
    for (int64_t i = 0; i < head_width_ / 2; ++i) {
      const double angle = waves_[i].item<double>() * back;
      query[2 * i][2 * i] = query[2 * i + 1][2 * i + 1] = std::cos(angle);
      query[2 * i][2 * i + 1] = -std::sin(angle);
      query[2 * i + 1][2 * i] = std::sin(angle);
    }
    put_rows(layer, head, "q_proj", query * kPositionSharpness);
    put_rows(layer, head, "k_proj", key * kPositionSharpness);
  }

  // The head attends where `key` [P,R] of a state equals `query` [P,R] of its own.
  void match(int64_t layer, int64_t head, const at::Tensor& query, const at::Tensor& key, double sharpness) {
    put_rows(layer, head, "q_proj", of_token(query) * sharpness);
    put_rows(layer, head, "k_proj", of_token(key) * sharpness);
  }

  // The head reads `from` [P,R] where it attends and writes it to `to` [P,R].
  void copy(int64_t layer, int64_t head, const at::Tensor& from, const at::Tensor& to) {
    put_rows(layer, head, "v_proj", of_token(from) * std::sqrt(kCopySize));
    projection(layer, "out_proj")
        .slice(1, head * head_width_, (head + 1) * head_width_)
        .copy_(of_token(to).t() * std::sqrt(kCopySize));
  }

 private:
  at::Tensor wave_pairs(const at::Tensor& positions) const {
    const at::Tensor angles = positions.unsqueeze(1) * waves_;  // [rows,P/2]
    return at::stack({angles.sin(), angles.cos()}, 2).flatten(1);
  }
  at::Tensor of_token(const at::Tensor& rows) const { return at::constant_pad_nd(rows, {head_width_, 0}, 0); }
  at::Tensor projection(int64_t layer, const std::string& name) const {
    return weights_.at("model.decoder.layers." + std::to_string(layer) + ".self_attn." + name + ".weight");
  }
  void put_rows(int64_t layer, int64_t head, const std::string& name, const at::Tensor& rows) const {
    projection(layer, name).slice(0, head * head_width_, (head + 1) * head_width_).copy_(rows);
  }

  const nn::Weights& weights_;
  int64_t head_width_;
  int64_t token_width_;
  at::Generator generator_;
  at::Tensor waves_;  // [P/2] radians per token
};

}  // namespace

nn::Weights fresh_lm_weights(const lm::OptConfig& config, uint64_t seed) {
  require(
      config.num_attention_heads == kHeads && config.num_hidden_layers >= 3 && !config.has_projection() &&
          config.hidden_size % (2 * kHeads) == 0,
      "a language model to start from needs {} heads, 3 layers or more and no projections, got {} heads and {} layers",
      kHeads, config.num_attention_heads, config.num_hidden_layers);
  nn::Weights weights = nn::random_weights(lm::opt_weights(config), seed, config.init_std);
  for (int64_t i = 0; i < config.num_hidden_layers; ++i) {
    const std::string layer = "model.decoder.layers." + std::to_string(i) + ".";
    weights.at(layer + "self_attn.out_proj.weight").mul_(kOtherOutputs);
    weights.at(layer + "fc2.weight").zero_();
  }

  HeadWriter writer(weights, config.hidden_size, seed);
  writer.embeddings();
  const int64_t width = writer.head_width();
  std::array<at::Tensor, kHeads> seen;   // of the token so many places before …
  std::array<at::Tensor, kHeads> noted;  // … and where its note is written
  for (int64_t head = 0; head < kHeads; ++head) {
    const auto i = static_cast<size_t>(head);
    seen[i] = writer.directions(width);
    noted[i] = writer.directions(width);
    writer.look_back(0, head, static_cast<double>(head + 1));
    writer.copy(0, head, seen[i], noted[i]);
  }
  const at::Tensor same = writer.directions(width);
  for (const int64_t head : {0, 1}) {
    const auto i = static_cast<size_t>(head);
    writer.match(1, head, same, same, kMatchSharpness);
    writer.copy(1, head, noted[i], seen[i]);
  }
  for (const int64_t head : {2, 3}) {
    const auto i = static_cast<size_t>(head);
    writer.match(1, head, seen[i], noted[i], kNoteSharpness);
    const at::Tensor token = writer.directions(width);
    writer.copy(1, head, token, token);
  }
  const at::Tensor whole = writer.directions(writer.token_width());
  for (int64_t head = 0; head < kHeads - 1; ++head) {
    const at::Tensor part = whole.slice(0, head * width, (head + 1) * width);
    writer.look_back(2, head, 2);
    writer.copy(2, head, part, part);
  }
  return weights;
}

nn::Weights larger_lm_weights(const lm::OptConfig& larger, const lm::Opt& model, uint64_t seed) {
  const auto head_width = [](const lm::OptConfig& config) { return config.hidden_size / config.num_attention_heads; };
  require(head_width(larger) == head_width(model.config()), "a larger model keeps its heads' width of {}, got {}",
          head_width(model.config()), head_width(larger));
  const nn::Weights& weights = model.weights();
  nn::Weights result = nn::random_weights(lm::opt_weights(larger), seed, larger.init_std);
  int64_t taken = 0;
  for (const auto& [name, tensor] : result.items()) {
    const bool table = name.find("embed_") != std::string::npos;  // as many rows as there are tokens or positions
    if (table || name.ends_with("out_proj.weight") || name.ends_with("fc2.weight")) tensor.mul_(kNewOutputs);
    if (!weights.contains(name)) continue;
    const at::Tensor& old = weights.at(name);
    bool fits = old.dim() == tensor.dim() && !(table && old.size(0) != tensor.size(0));
    at::Tensor place = tensor;  // the first rows and columns
    for (int64_t i = 0; fits && i < old.dim(); ++i) {
      fits = old.size(i) <= tensor.size(i);
      if (fits) place = place.narrow(i, 0, old.size(i));
    }
    require(fits, "a larger model: {} has the shape [{}], in the one to take over [{}]", name,
            fmt::join(tensor.sizes(), ","), fmt::join(old.sizes(), ","));
    place.copy_(old);
    // Further numbers of a state that are about zero make the others of the normalised one larger by the inverse.
    if (name.ends_with("norm.weight")) place.mul_(std::sqrt(double(old.size(0)) / double(tensor.size(0))));
    ++taken;
  }
  require(taken == static_cast<int64_t>(weights.items().size()),
          "a larger model takes all {} tensors of the other over, only {} have a place in it", weights.items().size(),
          taken);
  return result;
}

}  // namespace epalm::train
