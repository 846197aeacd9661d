#include "epalm/train/recompute_plan.h"

#include <gtest/gtest.h>

#include "epalm/eval/samples.h"
#include "epalm/io/json_file.h"
#include "epalm/io/torch_file.h"
#include "epalm/lm/opt_layer.h"
#include "epalm/train/trainer.h"
#include "tests/train/tiny_run.h"

namespace epalm::train {
namespace {

TEST(RecomputePlan, FollowsTheKeyAndLeftOpenTheMemory) {
  constexpr int64_t kFree = 1000;
  for (const int64_t kept : {0, 500, 501, 2000}) {
    EXPECT_TRUE(recomputes_blocks("block", kept, kFree));
    EXPECT_FALSE(recomputes_blocks("none", kept, kFree));
    EXPECT_EQ(recomputes_blocks("auto", kept, kFree), kept > kFree / 2);
  }
  EXPECT_TRUE(recomputes_blocks("auto", 1, -5));  // what trains takes more than is free
}

// The tiny run: 8 samples, a perceptual row, two prompt rows, texts of one length, three layers.
TEST(RecomputePlan, CountsTheRowsOfABatchOfTheLongestTexts) {
  const TemporaryFolder folder("recompute_plan");
  make_tiny_run(folder.path());
  const auto bytes = [&](const std::vector<std::string>& keys, const data::SampleList& samples) {
    return kept_bytes(infer::load_bundle(tiny_config(folder.path(), keys)), samples);
  };
  const auto bundle = infer::load_bundle(tiny_config(folder.path()));
  data::Sample sample = eval::training_samples(bundle.config).get(0);
  sample.question = "is it red";
  sample.label = {{"no", 1.0}, {"yes", 1.0}};
  const auto tokens = static_cast<int64_t>(
      bundle.tokenizer.encode(data::question_training_text(bundle.rules, "is it red", "yes")).size());
  data::Sample shorter = sample;
  shorter.question = "is it";
  const auto& config = bundle.model.lm().config();
  const auto expected = [&](int64_t batch, int64_t rows, int64_t layers, bool drops_out = false) {
    return batch * rows * layers * lm::kept_bytes_per_row(config, rows, drops_out);
  };
  EXPECT_EQ(bytes({}, data::SampleList({shorter, sample, shorter})), expected(8, 1 + 2 + tokens, 3));
  const data::SampleList samples({sample});
  EXPECT_EQ(bytes({"batch_size_train=3"}, samples), expected(3, 1 + 2 + tokens, 3));
  EXPECT_EQ(bytes({"prompt_tuning=false", "start_layer_idx=1"}, samples), expected(8, 1 + tokens, 2));
  EXPECT_EQ(bytes({"semantics=reference"}, samples), [&] {
    const auto reference = infer::load_bundle(tiny_config(folder.path(), {"semantics=reference"}));
    const auto text = data::question_training_text(reference.rules, "is it red", "yes");
    return expected(8, 1 + 2 + static_cast<int64_t>(reference.tokenizer.encode(text).size()), 3, true);
  }());
  // All tokens of the encoder: a CLS and four patches.
  EXPECT_EQ(bytes({"encoder_tokens=all", "injected_hidden_states=1"}, samples), expected(8, 5 + 2 + tokens, 3));
}

TEST(RecomputePlan, IsInTheRecordOfARunAndChangesNoByte) {
  const TemporaryFolder folder("recompute_run");
  make_tiny_run(folder.path());
  const auto trained = [&](const std::string& recompute) {
    TrainOptions options;
    options.output_dir = folder.path() / recompute;
    train(tiny_config(folder.path(), {"semantics=reference", "schedular.epochs=2", "recompute=" + recompute}), options);
    const auto record = io::read_json_file(options.output_dir / "run.json");
    EXPECT_EQ(record[0].at("recompute"), recompute == "auto" ? "none" : recompute);
    return io::open_tensor_file(options.output_dir / "checkpoint_last.pth");
  };
  const auto kept = trained("none"), anew = trained("block"), open = trained("auto");
  for (const auto& name : kept->names()) {
    EXPECT_TRUE(at::equal(anew->read(name), kept->read(name))) << name;
    EXPECT_TRUE(at::equal(open->read(name), kept->read(name))) << name;
  }
}

}  // namespace
}  // namespace epalm::train
