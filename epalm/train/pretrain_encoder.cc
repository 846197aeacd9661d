#include "epalm/train/pretrain_encoder.h"

#include <ATen/ATen.h>

#include <cctype>
#include <map>

#include "epalm/nn/dropout.h"
#include "epalm/nn/linear.h"
#include "epalm/train/labelled_media.h"

namespace epalm::train {
namespace {

// What an encoder minimises: the likelihood of each label, and its squared error in a linear map of the CLS.
struct LossWeights {
  double likelihood, squared_error;
};

// A CLS of 160 numbers holds what texts tell of a clip, 393 classes, only where it holds nothing else linearly; of
// pictures and recordings it holds all.
LossWeights loss_weights(world::Medium medium, const world::LabelHead& head) {
  if (medium != world::Medium::kVideo) return {1, 2};
  return head.facts > 0 ? LossWeights{0.3, 6} : LossWeights{0.1, 0};
}

int64_t total_classes(const std::vector<world::LabelHead>& heads) {
  int64_t total = 0;
  for (const auto& head : heads) total += head.classes;
  return total;
}

at::Tensor scores_of(const LabelProbe& probe, const at::Tensor& cls) {
  return nn::Linear(probe.weight, probe.bias)(cls);  // [B,classes]
}

// Calls use(head, scores [B,classes of the head], labels [B]) for each head.
template <typename Use>
void for_each_head(const std::vector<world::LabelHead>& heads, const at::Tensor& scores, const at::Tensor& labels,
                   Use use) {
  int64_t first = 0;
  for (size_t i = 0; i < heads.size(); ++i) {
    use(heads[i], scores.slice(1, first, first + heads[i].classes), labels.select(1, static_cast<int64_t>(i)));
    first += heads[i].classes;
  }
}

// The head's name without its number: "place 0 colour" is one of the "place colour".
std::string kind_of(const std::string& name) {
  std::string kind;
  for (const char c : name) {
    if (!std::isdigit(static_cast<unsigned char>(c)) && !(c == ' ' && kind.ends_with(' '))) kind += c;
  }
  return kind;
}

}  // namespace

LabelProbe pretrain_encoder(const encoders::Encoder& encoder, const encoders::EncoderConfig& config,
                            const PretrainOptions& options, const OnPretrainProgress& progress) {
  at::manual_seed(options.seed);
  nn::seed_dropout(options.seed);
  const world::Medium medium = medium_of(config);
  const auto& heads = heads_of(medium);
  const int64_t classes = total_classes(heads);
  LabelProbe probe{at::randn({classes, encoder.width()}) * 0.02, at::zeros({classes})};
  // What a projection can read is what stands in the CLS linearly.
  LabelProbe linear{at::zeros({classes, encoder.width()}), at::zeros({classes})};
  PythonRandom random(options.seed);
  const auto next_loss = [&] {
    const LabelledBatch batch = draw_labelled(config, world::Split::kTrain, options.batch_size, random);
    at::Tensor loss = at::zeros({});
    const at::Tensor cls = encoder.cls_states(batch.media, 1).squeeze(1);
    for_each_head(heads, scores_of(linear, cls), batch.labels,
                  [&](const world::LabelHead& head, const at::Tensor& scores, const at::Tensor& labels) {
                    const at::Tensor known = (labels != kUnknownLabel).to(at::kFloat).unsqueeze(1);
                    const at::Tensor truth = at::one_hot(labels.clamp_min(0), head.classes).to(at::kFloat);
                    const double weight = loss_weights(medium, head).squared_error;
                    if (weight == 0) return;
                    const at::Tensor errors = (scores - truth).square() * known;  // [B,classes]
                    const at::Tensor counted =
                        medium == world::Medium::kVideo ? errors.slice(1, 1, 1 + head.facts) : errors;
                    loss = loss + weight * counted.sum() / known.sum().clamp_min(1);
                  });
    for_each_head(
        heads, scores_of(probe, cls), batch.labels,
        [&](const world::LabelHead& head, const at::Tensor& scores, const at::Tensor& labels) {
          const at::Tensor known = (labels != kUnknownLabel).sum().clamp_min(1);
          const double weight = loss_weights(medium, head).likelihood;
          loss = loss + weight * at::cross_entropy_loss(scores, labels, {}, at::Reduction::Sum, kUnknownLabel) / known;
        });
    return loss;
  };
  minimise(options, encoder.weights(),
           {{"probe.weight", 2, probe.weight},
            {"probe.bias", 1, probe.bias},
            {"linear.weight", 2, linear.weight},
            {"linear.bias", 1, linear.bias}},
           next_loss, progress);
  return probe;
}

ProbeAccuracy probe_accuracy(const encoders::Encoder& encoder, const encoders::EncoderConfig& config,
                             const LabelProbe& probe, world::Split split, int64_t scenes, uint64_t seed) {
  const at::NoGradGuard no_grad;
  PythonRandom random(seed);
  const auto& heads = heads_of(medium_of(config));
  std::map<std::string, std::pair<int64_t, int64_t>> kinds;
  int64_t right = 0;
  int64_t asked = 0;
  for (int64_t done = 0; done < scenes; done += 100) {
    const LabelledBatch batch = draw_labelled(config, split, std::min<int64_t>(100, scenes - done), random);
    for_each_head(heads, scores_of(probe, encoder.cls_states(batch.media, 1).squeeze(1)), batch.labels,
                  [&](const world::LabelHead& head, const at::Tensor& scores, const at::Tensor& labels) {
                    const at::Tensor correct = scores.argmax(1) == labels;
                    // Class 0 means "nobody there" for every head but the counts: only heads that say something count.
                    const at::Tensor matters = labels > 0;
                    auto& kind = kinds[kind_of(head.name)];
                    kind.first += (correct & matters).sum().item<int64_t>();
                    kind.second += matters.sum().item<int64_t>();
                    right += correct.sum().item<int64_t>();
                    asked += correct.numel();
                  });
  }
  ProbeAccuracy result;
  result.all = 100.0 * static_cast<double>(right) / static_cast<double>(asked);
  for (const auto& [kind, counts] : kinds) {
    result.by_kind.emplace_back(
        kind, 100.0 * static_cast<double>(counts.first) / static_cast<double>(std::max<int64_t>(counts.second, 1)));
  }
  return result;
}

}  // namespace epalm::train
