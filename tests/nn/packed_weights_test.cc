#include "epalm/nn/packed_weights.h"

#include <gmock/gmock.h>

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <fstream>

#include "epalm/base/error.h"
#include "epalm/io/mapped_tensor.h"
#include "epalm/io/safetensors.h"

namespace epalm::nn {
namespace {

using std::filesystem::path;
using testing::AllOf;
using testing::HasSubstr;

const std::vector<WeightSpec> kTable{{.name = "m", .shape = {5, 64}, .fewest_bits = 4},
                                     {.name = "table", .shape = {3, 64}},
                                     {.name = "v", .shape = {5}},
                                     {.name = "n", .shape = {2, 32}, .fewest_bits = 4}};

Weights some_weights(Precision precision) {
  return random_weights(kTable, 1, 0.5, precision);
}

void expect_bits(const at::Tensor& got, const at::Tensor& expected, const std::string& name) {
  ASSERT_EQ(got.scalar_type(), expected.scalar_type()) << name;
  ASSERT_EQ(got.sizes(), expected.sizes()) << name;
  EXPECT_EQ(std::memcmp(got.data_ptr(), expected.data_ptr(), expected.nbytes()), 0) << name;
}

void expect_same(const Weights& got, const Weights& expected) {
  ASSERT_EQ(got.items().size(), expected.items().size());
  EXPECT_EQ(got.bytes(), expected.bytes());
  for (size_t i = 0; i < expected.items().size(); ++i) {
    const auto& [name, tensor] = expected.items()[i];
    EXPECT_EQ(got.items()[i].first, name);
    expect_bits(got.samples(name), expected.samples(name), name);
    const QuantizedMatrix* matrix = expected.quantized(name);
    ASSERT_EQ(got.quantized(name) != nullptr, matrix != nullptr) << name;
    if (matrix == nullptr) {
      expect_bits(got.at(name), tensor, name);
      continue;
    }
    EXPECT_TRUE(got.at(name).is_meta()) << name;
    EXPECT_EQ(got.at(name).sizes(), tensor.sizes()) << name;
    expect_bits(got.quantized(name)->values(), matrix->values(), name);
    expect_bits(got.quantized(name)->scales(), matrix->scales(), name);
  }
}

class PackedWeights : public testing::TestWithParam<Precision> {
 protected:
  PackedWeights() { write_packed_weights(file_, some_weights(GetParam()), "a key"); }
  ~PackedWeights() override { std::filesystem::remove(file_); }

  Weights read(const std::vector<WeightSpec>& table = kTable) const {
    return read_packed_weights(file_, table, GetParam(), "a key");
  }
  std::string content() const {
    std::ifstream stream(file_, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  void write(const std::string& bytes) const { std::ofstream(file_, std::ios::binary) << bytes; }

  const path file_ = path(testing::TempDir()) / fmt::format("packed_weights_{}", ::getpid());
};

std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST_P(PackedWeights, ComeBackBitForBit) {
  expect_same(read(), some_weights(GetParam()));
}

TEST_P(PackedWeights, ShareThePagesOfTheirFile) {
  const Weights weights = read();
  const QuantizedMatrix* matrix = weights.quantized("m");
  EXPECT_TRUE(io::shares_file(matrix != nullptr ? matrix->values() : weights.at("m")));
  EXPECT_TRUE(io::shares_file(weights.at("table")));
  EXPECT_FALSE(io::shares_file(some_weights(GetParam()).at("table")));
}

TEST_P(PackedWeights, AreRefusedWhereOneByteDiffers) {
  const std::string whole = content();
  for (size_t i = 0; i < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    write(damaged);
    EXPECT_THROW(read(), Error) << i;
  }
  write(whole);
  EXPECT_NO_THROW(read());
}

TEST_P(PackedWeights, AreRefusedWhereTheFileIsCut) {
  const std::string whole = content();
  for (size_t size = 0; size < whole.size(); size += 7) {
    write(whole.substr(0, size));
    EXPECT_THROW(read(), Error) << size;
  }
}

TEST_P(PackedWeights, AreThoseOfTheirKeyTableAndPrecisionAlone) {
  EXPECT_THAT(error_of([&] { read_packed_weights(file_, kTable, GetParam(), "another key"); }),
              AllOf(HasSubstr(file_.string()), HasSubstr("other weights")));
  auto larger = kTable;
  larger.push_back({.name = "more", .shape = {1}});
  EXPECT_THAT(error_of([&] { read(larger); }), HasSubstr("'more'"));
  EXPECT_THAT(error_of([&] { read({kTable.begin(), kTable.end() - 1}); }), HasSubstr("tensors, expected"));
  auto turned = kTable;
  turned[1].shape = {64, 3};
  EXPECT_THAT(error_of([&] { read(turned); }), HasSubstr("table expected"));
  for (const Precision other : {Precision::kFloat32, Precision::kBFloat16, Precision::kInt8, Precision::kInt4}) {
    if (other == GetParam()) continue;
    EXPECT_THROW(read_packed_weights(file_, kTable, other, "a key"), Error);
  }
}

TEST_P(PackedWeights, AreNotAnyTensorsOfTheirNames) {
  io::write_safetensors(file_, some_weights(Precision::kFloat32).items());
  EXPECT_THAT(error_of([&] { read(); }), HasSubstr("does not hold packed weights"));
}

std::string name_of(const testing::TestParamInfo<Precision>& info) {
  constexpr std::array kNames{"fp32", "bf16", "int8", "int4"};
  return kNames.at(static_cast<size_t>(info.param));
}

INSTANTIATE_TEST_SUITE_P(In, PackedWeights,
                         testing::Values(Precision::kFloat32, Precision::kBFloat16, Precision::kInt8, Precision::kInt4),
                         name_of);

}  // namespace
}  // namespace epalm::nn
