#include "epalm/train/pretrain_encoder.h"

#include <torch/torch.h>

#include <map>

#include "epalm/media/image_transform.h"
#include "epalm/train/optimizer.h"
#include "epalm/world/labels.h"
#include "epalm/world/render.h"

namespace epalm::train {
namespace {

struct LabelledBatch {
  at::Tensor pixels;  // [B,3,S,S]
  at::Tensor labels;  // [B,heads]
};

LabelledBatch draw_batch(PythonRandom& random, world::Split split, int64_t size, int64_t image_size_px) {
  LabelledBatch batch;
  const auto heads = static_cast<int64_t>(world::label_heads().size());
  batch.pixels = torch::empty({size, 3, image_size_px, image_size_px});
  batch.labels = torch::empty({size, heads}, torch::kLong);
  for (int64_t i = 0; i < size; ++i) {
    const auto scene = world::random_scene(random, split);
    const auto pixels = media::to_normalised(world::render(scene, static_cast<int>(image_size_px), random));
    const auto labels = world::labels(scene);
    batch.pixels[i].copy_(torch::from_blob(const_cast<float*>(pixels.data()), {3, image_size_px, image_size_px}));
    batch.labels[i].copy_(torch::tensor(labels));
  }
  return batch;
}

int64_t total_classes() {
  int64_t total = 0;
  for (const auto& head : world::label_heads()) total += head.classes;
  return total;
}

at::Tensor classify(const encoders::Vit& vit, const LabelProbe& probe, const at::Tensor& pixels) {
  return nn::Linear(probe.weight, probe.bias)(vit.cls_states(pixels, 1).squeeze(1));  // [B,classes]
}

}  // namespace

LabelProbe pretrain_encoder(const encoders::Vit& vit, const PretrainOptions& options,
                            const OnPretrainProgress& progress) {
  torch::manual_seed(options.seed);
  LabelProbe probe{torch::randn({total_classes(), vit.width()}) * 0.02, torch::zeros({total_classes()})};
  ParameterGroup group;
  for (const auto& [name, tensor] : vit.weights().items()) group.parameters.push_back({name, tensor.dim(), tensor});
  group.parameters.push_back({"probe.weight", 2, probe.weight});
  group.parameters.push_back({"probe.bias", 1, probe.bias});
  for (auto& parameter : group.parameters) parameter.tensor.set_requires_grad(true);
  group.weight_decay = options.weight_decay;
  Optimizer optimizer({}, {group});
  PythonRandom random(options.seed);
  const auto next_loss = [&] {
    const LabelledBatch batch =
        draw_batch(random, world::Split::kTrain, options.batch_size, vit.config().image_size_px);
    const at::Tensor scores = classify(vit, probe, batch.pixels);
    at::Tensor loss = torch::zeros({});
    int64_t first = 0;
    for (size_t head = 0; head < world::label_heads().size(); ++head) {
      const int64_t classes = world::label_heads()[head].classes;
      loss = loss + at::cross_entropy_loss(scores.slice(1, first, first + classes),
                                           batch.labels.select(1, static_cast<int64_t>(head)));
      first += classes;
    }
    return loss;
  };
  minimise(options, optimizer, next_loss, progress);
  for (auto& parameter : group.parameters) parameter.tensor.set_requires_grad(false);
  return probe;
}

ProbeAccuracy probe_accuracy(const encoders::Vit& vit, const LabelProbe& probe, world::Split split, int64_t scenes,
                             uint64_t seed) {
  const torch::NoGradGuard no_grad;
  PythonRandom random(seed);
  std::map<std::string, std::pair<int64_t, int64_t>> kinds;
  int64_t right = 0;
  int64_t asked = 0;
  for (int64_t done = 0; done < scenes; done += 100) {
    const LabelledBatch batch =
        draw_batch(random, split, std::min<int64_t>(100, scenes - done), vit.config().image_size_px);
    const at::Tensor scores = classify(vit, probe, batch.pixels);
    int64_t first = 0;
    for (size_t head = 0; head < world::label_heads().size(); ++head) {
      const auto& [name, classes] = world::label_heads()[head];
      const at::Tensor labels = batch.labels.select(1, static_cast<int64_t>(head));
      const at::Tensor correct = scores.slice(1, first, first + classes).argmax(1) == labels;
      first += classes;
      std::string kind;  // the head's name without its number
      for (const char c : name) {
        if (!std::isdigit(static_cast<unsigned char>(c)) && !(c == ' ' && kind.ends_with(' '))) kind += c;
      }
      // Class 0 means "nobody there" for every head but the counts: only heads that say something count.
      const at::Tensor matters = labels > 0;
      kinds[kind].first += (correct & matters).sum().item<int64_t>();
      kinds[kind].second += matters.sum().item<int64_t>();
      right += correct.sum().item<int64_t>();
      asked += correct.numel();
    }
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
