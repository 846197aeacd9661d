// train_*: whole training runs of the published program, step by step.
#include <set>

#include "epalm/infer/run_config.h"
#include "epalm/io/torch_file.h"
#include "epalm/model/loss.h"
#include "epalm/model/trainable.h"
#include "epalm/train/run_setup.h"
#include "tests/golden/golden.h"
#include "tests/golden/models.h"
#include "tests/golden/tensors.h"

namespace epalm::golden {
namespace {

// The published files number the optimiser's states over all parameters, frozen ones too, and name the adapter's
// tensors as we do.
void check_published_order(const Case& test_case, const model::EPalm& model, const train::Optimizer& optimizer) {
  const io::Value checkpoint = io::read_torch(test_case.file("checkpoint_last.pth"));
  const auto published = checkpoint.at("optimizer").at("state");
  const auto states = read_all(test_case.file("optimizer_state.safetensors"));
  const auto indices = train::state_indices(optimizer.groups());
  size_t compared = 0;
  for (const auto& [name, index] : indices) {
    const auto state = states.find(name + ".exp_avg");
    ASSERT_EQ(published.contains(index), state != states.end()) << name;
    if (state == states.end()) continue;
    EXPECT_TRUE(at::equal(published.at(index).at("exp_avg").as_tensor(), state->second)) << name;
    ++compared;
  }
  EXPECT_EQ(compared, published.size());

  std::set<std::string> expected, names;
  for (const auto& [key, tensor] : checkpoint.at("model").as_dict()) expected.insert(key.as_string());
  for (const auto& [name, tensor] : model.adapter().weights().items()) {
    for (const auto& published_name : adapter::published_names(name)) names.insert(published_name);
  }
  EXPECT_EQ(names, expected);
}

void check_trajectory(const Case& test_case) {
  const auto& hyper = test_case.manifest.at("hyper");
  const auto style = hyper.at("style").get<std::string>();
  const auto config = infer::run_config_from_json(hyper.at("config"), test_case.name, {},
                                                  style == "caption" ? infer::Task::kCaption : infer::Task::kVqa);
  const auto model = load_model(test_case, "adapter_init.safetensors");
  model::mark_trainable(model, config.trainable);
  auto optimizer = train::make_optimizer(model, config);
  check_published_order(test_case, model, optimizer);
  auto settings = train::schedule_settings(config);
  settings.step_size = hyper.at("step_size");
  train::Schedule schedule(settings, model.semantics(), optimizer.groups());

  const auto inputs = read_all(test_case.file("inputs.safetensors"));
  const auto expected = read_all(test_case.file("expected.safetensors"));
  const auto& measured = test_case.manifest.at("tolerance");
  const double loss_tolerance = 8 * measured.at("loss_f32_vs_f64").get<double>();
  const auto batches = hyper.at("batches_per_epoch").get<int64_t>();
  int64_t step = 0;
  for (int64_t epoch = 0; epoch < hyper.at("epochs").get<int64_t>(); ++epoch) {
    schedule.start_epoch(epoch, optimizer.groups());
    for (int64_t i = 0; i < batches; ++i, ++step) {
      const std::string batch = "batch" + std::to_string(i) + ".";
      const auto& ids = inputs.at(batch + "input_ids");
      const auto& mask = inputs.at(batch + "attention_mask");
      const at::Tensor losses =
          model.loss(model.features(inputs.at(batch + "image")), ids, mask, model::labels_of(ids, mask), true);
      const at::Tensor loss = losses.sum() / losses.size(0) * config.lm_loss_weight;
      ASSERT_NEAR(loss.item<double>(), expected.at("loss_f64")[step].item<double>(), loss_tolerance) << "step " << step;
      optimizer.zero_grad();
      loss.backward();
      optimizer.step();
      schedule.after_step(epoch, i, optimizer.groups());
    }
  }

  const auto final = read_all(test_case.file("final_f64.safetensors"));
  double scale = 0;
  for (const auto& [name, tensor] : final) scale = std::max(scale, tensor.abs().max().item<double>());
  const double tolerance = 8 * measured.at("final_rel_f32_vs_f64").get<double>() * scale;
  for (const auto& [name, tensor] : model.adapter().weights().items()) {
    expect_close(tensor.detach(), final.at(name), tolerance, name);
  }
  // Frozen means byte for byte.
  const auto opt = read_all(test_case.file("opt.safetensors"));
  for (const auto& [name, tensor] : model.lm().weights().items()) EXPECT_TRUE(at::equal(tensor, opt.at(name))) << name;
  const auto vision = read_all(test_case.file("vision.safetensors"));
  for (const auto& [name, tensor] : model.encoder().weights().items())
    EXPECT_TRUE(at::equal(tensor, vision.at(name))) << name;
}

const bool registered = register_check("train_", check_trajectory);

}  // namespace
}  // namespace epalm::golden
