#include "epalm/nn/weights.h"

#include <gmock/gmock.h>

#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "epalm/base/error.h"
#include "epalm/io/safetensors.h"
#include "tests/nn/memory_file.h"

namespace epalm::nn {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::string error_of(const std::vector<WeightSpec>& table, const io::TensorFile& file,
                     const LoadOptions& options = {}) {
  try {
    load_weights(table, file, options);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(LoadWeights, ReadsTheTableInItsOrder) {
  const MemoryFile file({{"b", at::ones({3})}, {"a", at::ones({2, 3})}});
  const Weights weights = load_weights({{"a", {2, 3}}, {"b", {3}}}, file);
  ASSERT_EQ(weights.items().size(), 2u);
  EXPECT_EQ(weights.items()[0].first, "a");
  EXPECT_EQ(weights.items()[1].first, "b");
  EXPECT_EQ(weights.count(), 9);
  EXPECT_TRUE(weights.contains("a"));
  EXPECT_THROW(weights.at("c"), std::logic_error);
}

TEST(LoadWeights, NamesMissingMisshapenAndUnusedTensorsInOneError) {
  const MemoryFile file({{"turned", at::ones({3, 2})}, {"stranger", at::ones({1})}});
  EXPECT_THAT(error_of({{"turned", {2, 3}}, {"absent", {4}}}, file),
              AllOf(HasSubstr("memory.safetensors"), HasSubstr("missing: absent"),
                    HasSubstr("turned expected [2,3], got [3,2]"), HasSubstr("not part of the model: stranger")));
}

TEST(LoadWeights, NamesTenOfEachKindAtMost) {
  std::vector<WeightSpec> table;
  std::vector<std::pair<std::string, at::Tensor>> strangers;
  for (int i = 10; i < 35; ++i) {
    table.push_back({fmt::format("absent{}", i), {1}});
    strangers.emplace_back(fmt::format("stranger{}", i), at::ones({1}));
  }
  EXPECT_THAT(error_of(table, MemoryFile(strangers)),
              AllOf(HasSubstr("absent19 and 15 more"), Not(HasSubstr("absent20")), HasSubstr("stranger19 and 15 more"),
                    Not(HasSubstr("stranger20"))));
}

TEST(LoadWeights, TriesFileNamesInOrderAndLeavesOutWhatMayBeUnused) {
  LoadOptions options;
  options.file_names = [](const std::string& name) { return std::vector<std::string>{"new." + name, name}; };
  options.may_be_unused = [](const std::string& name) { return name == "version"; };
  const MemoryFile file({{"a", at::zeros({1})}, {"new.b", at::ones({1})}, {"version", at::ones({1})}});
  const Weights weights = load_weights({{"a", {1}}, {"b", {1}}}, file, options);
  EXPECT_EQ(weights.at("a").item<float>(), 0);
  EXPECT_EQ(weights.at("b").item<float>(), 1);
}

TEST(LoadWeights, KeepsVectorsInFloat32AndMatricesInThePrecisionAskedFor) {
  const MemoryFile file({{"m", at::ones({2, 3}, at::kHalf)}, {"v", at::ones({3}, at::kHalf)}});
  const std::vector<WeightSpec> table{{"m", {2, 3}}, {"v", {3}}};
  EXPECT_EQ(load_weights(table, file).at("m").scalar_type(), at::kFloat);
  const Weights rounded = load_weights(table, file, {.precision = Precision::kBFloat16});
  EXPECT_EQ(rounded.at("m").scalar_type(), at::kBFloat16);
  EXPECT_EQ(rounded.at("v").scalar_type(), at::kFloat);
}

TEST(LoadWeights, SharesTheMemoryOfAFileThatHoldsTheTypeAlready) {
  const auto path = std::filesystem::path(testing::TempDir()) / "weights_shared.safetensors";
  io::write_safetensors(path, {{"m", at::ones({2, 3}, at::kBFloat16)}, {"v", at::ones({4})}});
  const auto file = io::open_safetensors(path);
  const Weights weights = load_weights({{"m", {2, 3}}, {"v", {4}}}, *file, {.precision = Precision::kBFloat16});
  EXPECT_EQ(weights.at("m").data_ptr(), file->read("m").data_ptr());
  EXPECT_EQ(weights.at("v").data_ptr(), file->read("v").data_ptr());
}

// Pages of files that count as this process's memory, in KiB.
int64_t file_pages() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word == "RssFile:" && status >> word) return std::stoll(word);
  }
  return -1;
}

TEST(LoadWeights, GivesBackThePagesOfWhatItKeepsInAnotherForm) {
  const auto path = std::filesystem::path(testing::TempDir()) / fmt::format("pages_{}.safetensors", ::getpid());
  constexpr int64_t kRows = 2048, kColumns = 4096, kKib = kRows * kColumns * 2 / 1024;
  io::write_safetensors(path, {{"m", at::ones({kRows, kColumns}, at::kBFloat16)}});
  const auto file = io::open_safetensors(path);
  const std::vector<WeightSpec> table{{.name = "m", .shape = {kRows, kColumns}, .fewest_bits = 4}};
  file->read("m").sum();
  const int64_t with_file = file_pages();
  ASSERT_GE(with_file, kKib);
  for (const Precision precision : {Precision::kFloat32, Precision::kInt8, Precision::kBFloat16}) {
    const Weights weights = load_weights(table, *file, {.precision = precision});
    // Half of them: what else the process touches of files, its own code above all, is less than the other half.
    if (precision == Precision::kBFloat16) {
      EXPECT_EQ(weights.at("m").sum().item<float>(), at::ones({kRows, kColumns}).to(at::kBFloat16).sum().item<float>());
      EXPECT_GT(file_pages(), with_file - kKib / 2);
    } else {
      EXPECT_LT(file_pages(), with_file - kKib / 2);
    }
  }
  std::filesystem::remove(path);
}

TEST(LoadWeights, RefusesNumbersThatAreNotFloatingPoint) {
  EXPECT_THAT(error_of({{"a", {2}}}, MemoryFile({{"a", at::ones({2}, at::kLong)}})),
              AllOf(HasSubstr("tensor a"), HasSubstr("Long")));
}

TEST(RandomWeights, RepeatForTheSameSeedOnly) {
  const std::vector<WeightSpec> table{{"a", {4, 5}}, {"b", {6}}};
  const Weights first = random_weights(table, 7, 0.02), second = random_weights(table, 7, 0.02),
                other = random_weights(table, 8, 0.02);
  for (const auto& [name, tensor] : first.items()) {
    EXPECT_TRUE(at::equal(tensor, second.at(name))) << name;
    EXPECT_FALSE(at::equal(tensor, other.at(name))) << name;
  }
}

TEST(RandomWeights, DoNotDependOnTheGlobalGenerator) {
  at::manual_seed(1);
  const Weights first = random_weights({{"a", {4, 5}}}, 7, 0.02);
  at::manual_seed(2);
  EXPECT_TRUE(at::equal(first.at("a"), random_weights({{"a", {4, 5}}}, 7, 0.02).at("a")));
}

TEST(RandomWeights, StartAsTheTableSays) {
  const Weights weights =
      random_weights({{"n", {100, 100}}, {"z", {3}, Init::kZeros}, {"o", {3}, Init::kOnes}}, 7, 0.02);
  // The standard deviation of 10'000 draws errs by std/sqrt(20'000), their mean by std/100: five times that.
  EXPECT_NEAR(weights.at("n").std().item<double>(), 0.02, 5 * 0.02 / std::sqrt(20'000.0));
  EXPECT_NEAR(weights.at("n").mean().item<double>(), 0, 5 * 0.02 / 100);
  EXPECT_TRUE(at::equal(weights.at("z"), at::zeros({3})));
  EXPECT_TRUE(at::equal(weights.at("o"), at::ones({3})));
}

TEST(RandomWeights, HoldMatricesInThePrecisionAskedFor) {
  const Weights weights = random_weights({{"m", {2, 2}}, {"v", {2}}}, 7, 0.02, Precision::kBFloat16);
  EXPECT_EQ(weights.at("m").scalar_type(), at::kBFloat16);
  EXPECT_EQ(weights.at("v").scalar_type(), at::kFloat);
}

TEST(Weights, RefuseTheSameNameTwice) {
  Weights weights;
  weights.add("a", at::ones({1}));
  EXPECT_THROW(weights.add("a", at::ones({1})), std::logic_error);
}

TEST(LoadWeights, QuantizesWhatTheTableAllows) {
  const at::Tensor matrix = at::rand({4, 64});
  const MemoryFile file(
      {{"m", matrix}, {"table", at::rand({4, 64})}, {"v", at::rand({4})}, {"words", at::rand({4, 64})}});
  const std::vector<WeightSpec> specs{{"m", {4, 64}, Init::kNormal, 4},
                                      {"table", {4, 64}},
                                      {"v", {4}, Init::kZeros},
                                      {"words", {4, 64}, Init::kNormal, 8}};
  const Weights plain = load_weights(specs, file);
  EXPECT_EQ(plain.quantized("m"), nullptr);
  for (const Precision precision : {Precision::kInt8, Precision::kInt4}) {
    const Weights weights = load_weights(specs, file, {.precision = precision});
    ASSERT_NE(weights.quantized("m"), nullptr);
    EXPECT_EQ(weights.quantized("m")->bits(), precision == Precision::kInt8 ? 8 : 4);
    EXPECT_EQ(weights.at("m").sizes(), matrix.sizes());
    EXPECT_TRUE(weights.at("m").is_meta());
    EXPECT_EQ(weights.at("table").scalar_type(), at::kBFloat16);
    EXPECT_EQ(weights.count(), plain.count());
    ASSERT_NE(weights.quantized("words"), nullptr);
    EXPECT_EQ(weights.quantized("words")->bits(), 8);
    EXPECT_TRUE(at::equal(weights.rows("words").slice(1, 2), weights.quantized("words")->rows(1, 2)));
    EXPECT_TRUE(at::equal(weights.rows("table").slice(1, 2), weights.at("table").slice(0, 1, 3)));
    EXPECT_EQ(weights.bytes(),
              weights.quantized("m")->bytes() + weights.quantized("words")->bytes() + 4 * 64 * 2 + 4 * 4);
    EXPECT_TRUE(at::equal(weights.samples("m"), plain.samples("m")));
    EXPECT_TRUE(at::equal(weights.samples("table"), plain.samples("table")));
  }
}

}  // namespace
}  // namespace epalm::nn
