// gen_*: the sequences that the published system generates; rank_answer: its ranking of a closed list of answers.
#include "epalm/decode/generation.h"
#include "epalm/decode/rank_answers.h"
#include "epalm/model/loss.h"
#include "tests/golden/golden.h"
#include "tests/golden/models.h"

namespace epalm::golden {
namespace {

using Tensors = std::map<std::string, at::Tensor>;

// These cases state no float32 error. The epalm_* cases, models of the same sizes, measure up to 8.1e-6 on logits:
// eight times that for our error, as there, and once for the expected numbers, which are float32 too.
constexpr double kLogitsTolerance = (8 + 1) * 8.1e-6;
// A log-probability is a logit less a log-sum-exp of logits: twice the error of one. A score is a mean of at most one
// log-probability per token.
constexpr double kScoreTolerance = 2 * kLogitsTolerance;

at::Tensor select_rows(const at::Tensor& tensor, const std::vector<int64_t>& rows) {
  return tensor.defined() ? tensor.index_select(0, at::tensor(rows)) : tensor;
}

// The number that follows `word` in a name like `single.beam3.max30.output_ids`.
int64_t number_after(const std::string& word, const std::string& name) {
  return std::stoll(name.substr(name.find(word) + word.size()));
}

void check_scenario(const Case& test_case, const model::EPalm& model, const Tensors& input, const Tensors& expected,
                    const std::string& scenario) {
  SCOPED_TRACE(scenario);
  const auto image = input.find(scenario + ".image");
  const at::Tensor features = image == input.end() ? at::Tensor() : model.features(image->second);
  const auto& hyper = test_case.manifest.at("hyper");
  decode::GenerationOptions options;
  options.num_beams = number_after(".beam", scenario);
  options.max_length = number_after(".max", scenario);
  options.length_penalty = hyper.value("length_penalty", 1.0);
  options.eos_id = hyper.value("eos_token_id", 2);
  options.pad_id = hyper.value("pad_token_id", 1);
  std::vector<at::Tensor> steps;
  const decode::Step step = [&](const at::Tensor& ids, const at::Tensor& mask, const std::vector<int64_t>& source_row) {
    steps.push_back(model.next_token_logits(select_rows(features, source_row), ids, mask));
    return steps.back();
  };
  const auto generated =
      decode::generate(step, input.at(scenario + ".input_ids"), input.at(scenario + ".attention_mask"), options);

  const at::Tensor& sequences = expected.at(scenario + ".output_ids");
  EXPECT_TRUE(at::equal(generated.ids, sequences)) << "expected\n" << sequences << "\ngot\n" << generated.ids;
  if (const auto logits = expected.find(scenario + ".step_logits"); logits != expected.end()) {
    expect_close(at::stack(steps, 1), logits->second, kLogitsTolerance, "step logits");
  }
  if (const auto scores = expected.find(scenario + ".sequences_scores"); scores != expected.end()) {
    expect_close(generated.scores, scores->second, kScoreTolerance, "scores");
  }
}

void check_generation(const Case& test_case) {
  at::NoGradGuard no_grad;
  const auto model = load_model(test_case, "adapter.safetensors");
  const auto input = read_all(test_case.file("inputs.safetensors"));
  const auto expected = read_all(test_case.file("expected.safetensors"));
  const std::string suffix = ".output_ids";
  int scenarios = 0;
  for (const auto& [name, tensor] : expected) {
    if (!name.ends_with(suffix)) continue;
    check_scenario(test_case, model, input, expected, name.substr(0, name.size() - suffix.size()));
    ++scenarios;
  }
  EXPECT_GT(scenarios, 0);
}

struct Text {
  at::Tensor ids, mask;  // [B,T] int64

  Text followed_by(const Text& next) const { return {at::cat({ids, next.ids}, 1), at::cat({mask, next.mask}, 1)}; }
  Text rows(const std::vector<int64_t>& rows) const { return {select_rows(ids, rows), select_rows(mask, rows)}; }
};

// The question ends with the first token of an answer row, `</s>`, unless a special token of its own marks its end.
Text marked_question(const Text& question, const Text& answers, bool special) {
  if (special) return question;
  const at::Tensor bos = answers.ids.slice(0, 0, 1).slice(1, 0, 1).expand({question.ids.size(0), 1});
  return question.followed_by({bos, at::ones_like(bos)});
}

void check_ranking(const Case& test_case) {
  at::NoGradGuard no_grad;
  const auto model = load_model(test_case, "adapter.safetensors");
  const auto input = read_all(test_case.file("inputs.safetensors"));
  const auto expected = read_all(test_case.file("expected.safetensors"));
  const Text answers{input.at("answer_ids"), input.at("answer_mask")};
  const at::Tensor features = model.features(input.at("image"));
  const std::string suffix = ".topk_ids";
  int scenarios = 0;
  for (const auto& [name, ids] : expected) {
    if (!name.ends_with(suffix)) continue;
    SCOPED_TRACE(name);
    const std::string scenario = name.substr(0, name.size() - suffix.size());
    const bool special = scenario.find("special") != std::string::npos;
    const Text question = marked_question({input.at("question_ids"), input.at("question_mask")}, answers, special);
    const auto ranked =
        decode::rank_answers(model.next_token_logits(features, question.ids, question.mask), answers.ids.select(1, 1),
                             number_after("k", scenario),
                             [&](const std::vector<int64_t>& question_row, const std::vector<int64_t>& answer_row) {
                               const Text text = question.rows(question_row).followed_by(answers.rows(answer_row));
                               return model.loss(select_rows(features, question_row), text.ids, text.mask,
                                                 model::labels_of(text.ids, text.mask));
                             });
    EXPECT_TRUE(at::equal(ranked.answers, ids)) << "expected\n" << ids << "\ngot\n" << ranked.answers;
    // A candidate's score sums at most one log-probability per token of the sequence; a softmax moves by at most half
    // of what its scores move.
    const auto tokens = static_cast<double>(question.ids.size(1) + answers.ids.size(1));
    expect_close(ranked.probabilities, expected.at(scenario + ".topk_probs"), tokens * kScoreTolerance / 2,
                 "probabilities");
    ++scenarios;
  }
  EXPECT_GT(scenarios, 0);
}

const bool registered_generation = register_check("gen_", check_generation);
const bool registered_ranking = register_check("rank_answer", check_ranking);

}  // namespace
}  // namespace epalm::golden
