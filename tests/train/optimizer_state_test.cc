#include "epalm/train/optimizer_state.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>

#include "epalm/base/error.h"
#include "epalm/io/torch_file.h"
#include "tests/train/tiny_run.h"

namespace epalm::train {
namespace {

constexpr double kRate = 0.01, kDecay = 0.1;

// A matrix, a frozen parameter and a vector in two groups, and their optimiser.
struct Twin {
  explicit Twin(const std::string& opt)
      : matrix(at::linspace(-1, 1, 6).view({2, 3}).requires_grad_(true)),
        vector(at::linspace(2, 3, 4).requires_grad_(true)),
        optimizer({.opt = opt}, {{"a", kRate, kDecay, {{"matrix", 2, matrix}, {"frozen", 2, {}}}},
                                 {"b", kRate, kDecay, {{"vector", 1, vector}}}}) {}
  void step(int number) {
    for (at::Tensor* p : {&matrix, &vector}) p->mutable_grad() = (p->detach() * (number + 1)).sin();
    optimizer.step();
  }
  at::Tensor matrix, vector;
  Optimizer optimizer;
};

const std::vector<std::string> kAll{"adamw",   "adam",  "sgd",       "momentum", "rmsprop",
                                    "adagrad", "nadam", "adafactor", "muon"};

TEST(OptimizerState, GoesThroughAFileBitForBit) {
  const TemporaryFolder folder("optimizer_state");
  for (const std::string& opt : kAll) {
    Twin whole(opt), resumed(opt);
    for (int i = 0; i < 3; ++i) whole.step(i);
    whole.optimizer.groups()[1].lr = 0.125;
    io::write_torch(folder.path() / "state.pth", optimizer_value(whole.optimizer, {kRate, kRate}));
    {
      const at::NoGradGuard no_grad;
      resumed.matrix.copy_(whole.matrix);
      resumed.vector.copy_(whole.vector);
    }
    restore_optimizer(io::read_torch(folder.path() / "state.pth"), "state.pth", resumed.optimizer);
    for (int i = 3; i < 6; ++i) {
      whole.step(i);
      resumed.step(i);
    }
    EXPECT_TRUE(whole.matrix.equal(resumed.matrix)) << opt;
    EXPECT_TRUE(whole.vector.equal(resumed.vector)) << opt;
  }
}

TEST(OptimizerState, OfAnotherOptimizerIsRefusedByName) {
  for (const std::string& written : kAll) {
    Twin from(written);
    from.step(0);
    const io::Value value = optimizer_value(from.optimizer, {kRate, kRate});
    for (const std::string& read : kAll) {
      const auto moments = [](const std::string& opt) { return opt == "adamw" || opt == "adam" || opt == "nadam"; };
      const auto buffers = [](const std::string& opt) { return opt == "sgd" || opt == "momentum"; };
      if (read == written || (moments(read) && moments(written)) || (buffers(read) && buffers(written))) continue;
      Twin into(read);
      try {
        restore_optimizer(value, "run.pth", into.optimizer);
        ADD_FAILURE() << read << " took the state of " << written;
      } catch (const Error& error) {
        EXPECT_THAT(error.what(), testing::HasSubstr("run.pth"));
      }
    }
  }
}

TEST(OptimizerState, OfOtherGroupsOrParametersIsRefused) {
  Twin from("adamw");
  from.step(0);
  const io::Value value = optimizer_value(from.optimizer, {kRate, kRate});
  const at::Tensor matrix = at::zeros({2, 3}).requires_grad_(true);
  Optimizer one_group({}, {{"a", kRate, 0, {{"matrix", 2, matrix}}}});
  EXPECT_THROW(restore_optimizer(value, "run.pth", one_group), Error);
  Optimizer fewer({}, {{"a", kRate, 0, {{"matrix", 2, matrix}}}, {"b", kRate, 0, {}}});
  EXPECT_THROW(restore_optimizer(value, "run.pth", fewer), Error);
}

constexpr const char* kPythonStep = R"(
import sys
try:
    import torch
except ImportError:
    sys.exit(77)
kinds = {'adamw': torch.optim.AdamW, 'adam': torch.optim.Adam, 'rmsprop': torch.optim.RMSprop,
         'adagrad': torch.optim.Adagrad, 'sgd': torch.optim.SGD, 'momentum': torch.optim.SGD}
for name, kind in kinds.items():
    file = torch.load(f'{sys.argv[1]}/{name}.in')
    matrix, frozen, vector = (torch.nn.Parameter(file[n]) for n in ('matrix', 'frozen', 'vector'))
    optimizer = kind([{'params': [matrix, frozen]}, {'params': [vector]}], lr=1)
    optimizer.load_state_dict(file['optimizer'])
    for p in (matrix, vector): p.grad = (p.detach() * 4).sin()
    optimizer.step()
    torch.save({'matrix': matrix.data, 'vector': vector.data, 'optimizer': optimizer.state_dict()},
               f'{sys.argv[1]}/{name}.out')
)";

// Python continues our states with torch's own optimisers, writes its states, and we continue those: one trajectory.
// Its kernels are ours, and the operations are the same: equality is exact.
TEST(OptimizerState, IsReadAndWrittenByTorchItself) {
  const TemporaryFolder folder("optimizer_python");
  const std::vector<std::string> known{"adamw", "adam", "sgd", "momentum", "rmsprop", "adagrad"};
  std::map<std::string, std::unique_ptr<Twin>> runs;
  for (const std::string& opt : known) {
    Twin& ours = *(runs[opt] = std::make_unique<Twin>(opt));
    for (int i = 0; i < 3; ++i) ours.step(i);
    io::write_torch(folder.path() / (opt + ".in"),
                    io::Value::Dict{{"matrix", ours.matrix.detach()},
                                    {"frozen", at::zeros({1})},
                                    {"vector", ours.vector.detach()},
                                    {"optimizer", optimizer_value(ours.optimizer, {kRate, kRate})}});
  }
  write_text(folder.path() / "step.py", kPythonStep);
  const std::string command = "/usr/bin/python3 " + (folder.path() / "step.py").string() + " " + folder.path().string();
  const int status = std::system(command.c_str());
  if (WEXITSTATUS(status) == 77 || WEXITSTATUS(status) == 127) GTEST_SKIP() << "python3-torch is not installed";
  ASSERT_EQ(status, 0);
  for (const std::string& opt : known) {
    Twin& ours = *runs[opt];
    const io::Value file = io::read_torch(folder.path() / (opt + ".out"));
    ours.step(3);
    EXPECT_TRUE(ours.matrix.equal(file.at("matrix").as_tensor())) << opt;
    EXPECT_TRUE(ours.vector.equal(file.at("vector").as_tensor())) << opt;
    Twin after(opt);
    {
      const at::NoGradGuard no_grad;
      after.matrix.copy_(ours.matrix);
      after.vector.copy_(ours.vector);
    }
    restore_optimizer(file.at("optimizer"), opt, after.optimizer);
    ours.step(4);
    after.step(4);
    EXPECT_TRUE(ours.matrix.equal(after.matrix)) << opt;
    EXPECT_TRUE(ours.vector.equal(after.vector)) << opt;
  }
}

}  // namespace
}  // namespace epalm::train
