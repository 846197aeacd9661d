#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "epalm/infer/bundle.h"
#include "epalm/media/image_transform.h"
#include "epalm/text/batch.h"
#include "epalm/world/questions.h"
#include "epalm/world/render.h"
#include "epalm/world/scene.h"

namespace epalm::infer {
namespace {

constexpr int kScenes = 16;
constexpr int64_t kLayers = 6;  // of the tiny world's language model

// Questions about pictures with their answers.
struct Asked {
  at::Tensor pictures, ids, mask, labels;
};

Asked asked(const Bundle& bundle) {
  PythonRandom random(3);
  std::vector<at::Tensor> pictures;
  std::vector<std::vector<int64_t>> texts;
  std::vector<size_t> question_lengths;
  const int64_t size = bundle.config.image_res;
  for (int i = 0; i < kScenes; ++i) {
    const auto scene = world::random_scene(random, world::Split::kTest);
    const auto picture = media::to_normalised(world::render(scene, static_cast<int>(size), random));
    pictures.push_back(at::tensor(picture).view({3, size, size}));
    const auto question = world::questions(scene, random).front();
    texts.push_back(bundle.tokenizer.encode(question.text + "?</a>"));
    question_lengths.push_back(texts.back().size());
    const auto answer = bundle.tokenizer.encode(question.answer + "</s>", false);
    texts.back().insert(texts.back().end(), answer.begin(), answer.end());
  }
  const auto padded = text::pad(texts, bundle.tokenizer.pad_id());
  Asked result;
  result.pictures = at::stack(pictures);
  result.ids = at::tensor(padded.ids).view({padded.rows, padded.columns});
  result.mask = at::tensor(padded.mask).view({padded.rows, padded.columns});
  result.labels = result.ids.masked_fill(result.mask == 0, -100);
  for (int64_t i = 0; i < kScenes; ++i) {
    result.labels[i].slice(0, 0, static_cast<int64_t>(question_lengths[static_cast<size_t>(i)])).fill_(-100);
  }
  return result;
}

struct Outcome {
  at::Tensor logits;    // of the rows that predict something
  double loss;          // mean
  at::Tensor gradient;  // of all that trains, in one row
};

// Of the tiny world's models beside an adapter at its start: a trained one's gradients are small sums of large parts.
Outcome outcome_in(const std::string& precision) {
  const std::string models = EPALM_SOURCE_DIR "/assets/tiny_world/";
  const Bundle bundle = load_bundle(
      load_run_config(models + "vqa.yaml", {"text_model=" + models + "opt", "encoder_weights=" + models + "vit",
                                            "precision=" + precision, "encoder_precision=fp32"}));
  const auto& model = bundle.model;
  const Asked batch = asked(bundle);
  const at::Tensor features = model.features(batch.pictures).detach();
  const at::Tensor loss = model.loss(features, batch.ids, batch.mask, batch.labels).mean();
  loss.backward();
  std::vector<at::Tensor> gradients;
  for (const auto& [name, tensor] : model.parameters()) {
    if (tensor.grad().defined()) gradients.push_back(tensor.grad().flatten());
  }
  const at::Tensor logits = model.logits(features, batch.ids, batch.mask).detach();
  const int64_t length = batch.ids.size(1);
  const at::Tensor text = logits.slice(1, logits.size(1) - length, logits.size(1) - 1);
  return {text.index({batch.labels.slice(1, 1) >= 0}), loss.item<double>(), at::cat(gradients)};
}

double length_of(const at::Tensor& tensor) {
  return tensor.norm().item<double>();
}

struct Bound {
  std::string precision;
  // Root mean square of the error of a weight or a state, as a share of theirs: bfloat16 errs by up to 2^-9, equally
  // likely everywhere. A step of int8 is a 127th of the largest of a row, three deviations where 256 are normal; one of
  // int4 a 7th of the largest of 32, two and a quarter; an error is a step's square root of a twelfth.
  double rounding;
  double cosine;  // of the gradients, at least
};

class RoundedModel : public testing::TestWithParam<Bound> {};

// A pass has four products one after the other in each layer and the head's, whose weights and states are rounded;
// these errors add up as independent ones do.
TEST_P(RoundedModel, KeepsLogitsLossAndGradients) {
  const auto& [precision, rounding, cosine] = GetParam();
  const Outcome exact = outcome_in("fp32"), rounded = outcome_in(precision);
  const double off = length_of(rounded.logits - exact.logits) / length_of(exact.logits);
  const double bound = std::sqrt(2.0 * (4 * kLayers + 1)) * rounding;
  const double same = (rounded.gradient * exact.gradient).sum().item<double>() /
                      (length_of(rounded.gradient) * length_of(exact.gradient));
  fmt::print("{}: logits off by {:.2g} of {:.2g} allowed, loss {:.4f} for {:.4f}, gradients' cosine {:.5f}\n",
             precision, off, bound, rounded.loss, exact.loss, same);
  EXPECT_GT(off, 0);
  EXPECT_LE(off, bound);
  EXPECT_GE(same, cosine);
}

INSTANTIATE_TEST_SUITE_P(In, RoundedModel,
                         testing::Values(Bound{"bf16", 0x1p-9 / std::sqrt(3), 0.999},
                                         Bound{"int8", 3.0 / 127 / std::sqrt(12), 0.99},
                                         Bound{"int4", 2.25 / 7 / std::sqrt(12), 0.8}),
                         [](const auto& info) { return info.param.precision; });

}  // namespace
}  // namespace epalm::infer
