#include <fstream>
#include <set>

#include "epalm/io/torch_file.h"
#include "tests/golden/golden.h"
#include "tests/golden/tensors.h"

namespace epalm::golden {
namespace {

using Tensors = std::map<std::string, at::Tensor>;

// Base models are saved as `decoder.…`; the output matrix shares the embedding and stands in some files only (SPEC.md
// §1.3).
Tensors with_full_names(const Tensors& tensors) {
  Tensors renamed;
  for (const auto& [name, tensor] : tensors) {
    if (name != "lm_head.weight") renamed[name.starts_with("decoder.") ? "model." + name : name] = tensor;
  }
  return renamed;
}

void expect_same(const Tensors& got, const Tensors& expected, const std::string& what) {
  EXPECT_EQ(got.size(), expected.size()) << what;
  for (const auto& [name, tensor] : expected) {
    const auto found = got.find(name);
    ASSERT_NE(found, got.end()) << what << " lacks " << name;
    EXPECT_EQ(found->second.scalar_type(), tensor.scalar_type()) << what << ", " << name;
    EXPECT_TRUE(at::equal(found->second, tensor)) << what << ", " << name;
  }
}

// One model in every format: equal bit for bit, the half-precision files after rounding.
void check_formats(const Case& test_case) {
  const Tensors model = with_full_names(read_all(test_case.file("model.safetensors")));
  size_t compared = 0;
  for (const auto& [suffix, dtype] : {std::pair("", at::kFloat), {"_f16", at::kHalf}, {"_bf16", at::kBFloat16}}) {
    Tensors rounded;
    for (const auto& [name, tensor] : model) rounded[name] = tensor.to(dtype);
    const std::string end = suffix;
    for (const auto& name : {"model" + end + ".safetensors", "pytorch_model" + end + ".bin",
                             "pytorch_model" + end + "_base.bin", "pytorch_model" + end + "_legacy.bin"}) {
      if (!std::filesystem::exists(test_case.file(name))) continue;
      expect_same(with_full_names(read_all(test_case.file(name))), rounded, name);
      ++compared;
    }
  }
  for (const char* folder : {"", "sharded"}) {
    if (!std::filesystem::is_directory(test_case.file(folder))) continue;
    expect_same(with_full_names(read_all(test_case.file(folder))), model, "the folder " + std::string(folder));
    ++compared;
  }
  EXPECT_GE(compared, 2u);
}

// Equal trees; a tuple equals a list in JSON only, not here.
void expect_equal(const io::Value& got, const io::Value& expected) {
  ASSERT_EQ(got.kind(), expected.kind()) << got.where();
  if (got.is_tensor()) {
    EXPECT_TRUE(at::equal(got.as_tensor(), expected.as_tensor())) << got.where();
  } else if (got.is_dict()) {
    ASSERT_EQ(got.size(), expected.size()) << got.where();
    for (const auto& [key, value] : expected.as_dict()) {
      if (key.is_string()) {
        expect_equal(got.at(key.as_string()), expected.at(key.as_string()));
      } else {
        expect_equal(got.at(key.as_int()), expected.at(key.as_int()));
      }
    }
  } else if (got.kind() == io::Value::Kind::kList || got.kind() == io::Value::Kind::kTuple) {
    ASSERT_EQ(got.size(), expected.size()) << got.where();
    for (int64_t i = 0; i < static_cast<int64_t>(got.size()); ++i) expect_equal(got.at(i), expected.at(i));
  } else {
    EXPECT_EQ(io::json_from_value(got), io::json_from_value(expected)) << got.where();
  }
}

void check_checkpoints(const Case& test_case) {
  const io::Value zip = io::read_torch(test_case.file("checkpoint_last.pth"));
  expect_equal(io::read_torch(test_case.file("checkpoint_legacy.pth")), zip);
  std::set<std::string> keys;
  for (const auto& [key, value] : zip.as_dict()) keys.insert(key.as_string());
  EXPECT_EQ(keys, (std::set<std::string>{"model", "optimizer", "lr_scheduler", "config", "epoch", "best_valid",
                                         "best_epoch"}));
  const auto& hyper = test_case.manifest.at("hyper");
  EXPECT_EQ(zip.at("epoch").as_int(), hyper.at("epochs").get<int64_t>() - 1);
  const nlohmann::json config = io::json_from_value(zip.at("config"));
  for (const auto& [key, value] : config.items()) {
    EXPECT_EQ(value, hyper.at("config").at(key)) << "config " << key;
  }
  const Tensors trained = read_all(test_case.file("final.safetensors"));
  for (const auto& [name, tensor] : trained)
    EXPECT_TRUE(at::equal(zip.at("model").at(name).as_tensor(), tensor)) << name;
  EXPECT_TRUE(zip.at("optimizer").at("state").is_dict());
  EXPECT_GE(zip.at("optimizer").at("param_groups").size(), 1u);

  const auto copy = std::filesystem::path(testing::TempDir()) / (test_case.name + "_checkpoint.pth");
  io::write_torch(copy, zip);
  expect_equal(io::read_torch(copy), zip);
}

const bool formats = register_check("opt_", check_formats);
const bool checkpoints = register_check("train_", check_checkpoints);

}  // namespace
}  // namespace epalm::golden
