#include "epalm/infer/precision.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "epalm/base/error.h"
#include "epalm/encoders/load_encoder.h"

namespace epalm::infer {
namespace {

const lm::OptConfig kShape = lm::opt_shape("1.3b");

int64_t bytes(const std::string& name) {
  return nn::bytes_of(lm::opt_weights(kShape), precision_named(name));
}

std::string chosen(const std::string& wanted, int64_t free) {
  RunConfig config;
  config.precision = wanted;
  return lm_precision(config, kShape, free);
}

TEST(Precision, LeftOpenIsTheFinestThatLeavesMemoryFree) {
  const auto with_room = [](const std::string& name) {
    return static_cast<int64_t>(1.5 * static_cast<double>(bytes(name)));
  };
  for (const std::string name : {"fp32", "bf16", "int8", "int4"}) EXPECT_EQ(chosen("auto", with_room(name)), name);
  EXPECT_EQ(chosen("auto", bytes("int4")), "int4");
}

// Numbers of OPT-1.3b: those of its layers' matrices, of its words, which never have fewer than 8 bits, of the
// positions, which stay in bfloat16, and of biases and norms, which stay in float32. A scale in float32 for 2048 or
// 8192 numbers of a row with 8 bits, in float16 for 32 with 4.
TEST(Precision, SaysWhatEachTakes) {
  constexpr int64_t kTotal = 1'315'758'080, kMatrices = int64_t{24} * 12 * 2048 * 2048, kWords = int64_t{50'272} * 2048,
                    kPositions = int64_t{2050} * 2048, kVectors = kTotal - kMatrices - kWords - kPositions,
                    kRows = int64_t{24} * (5 * 2048 + 8192);
  constexpr int64_t kWordsOf8Bits = kWords + 4 * int64_t{50'272};
  EXPECT_EQ(bytes("fp32"), 4 * kTotal);
  EXPECT_EQ(bytes("bf16"), 2 * kMatrices + 2 * kWords + 2 * kPositions + 4 * kVectors);
  EXPECT_EQ(bytes("int8"), kMatrices + 4 * kRows + kWordsOf8Bits + 2 * kPositions + 4 * kVectors);
  EXPECT_EQ(bytes("int4"), kMatrices / 2 + 2 * kMatrices / 32 + kWordsOf8Bits + 2 * kPositions + 4 * kVectors);
}

TEST(Precision, AskedForStaysWhateverWouldFit) {
  EXPECT_EQ(chosen("int8", int64_t{1} << 40), "int8");
  EXPECT_EQ(chosen("fp32", bytes("fp32")), "fp32");
}

TEST(Precision, TooLargeForTheMemoryIsRefusedWithWhatFits) {
  try {
    chosen("fp32", 2'400'000'000);
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(),
                testing::AllOf(testing::HasSubstr("5.3 GB in fp32"), testing::HasSubstr("2.4 GB are free"),
                               testing::HasSubstr("precision=int8")));
  }
  EXPECT_THROW(chosen("auto", 100'000'000), Error);
}

const std::vector<nn::WeightSpec> kVit = encoders::encoder_weights(encoders::VitConfig{});

std::string chosen_for_encoder(const std::vector<std::string>& keys, int64_t free = int64_t{1} << 40) {
  auto all = keys;
  all.emplace_back("task=vqa");
  return encoder_precision(run_config_from_json(nlohmann::json::object(), "run", all), kVit, free);
}

TEST(EncoderPrecision, FollowsTheLanguageModelUnlessItIsGiven) {
  EXPECT_EQ(chosen_for_encoder({"precision=fp32"}), "fp32");
  for (const std::string name : {"bf16", "int8", "int4"}) EXPECT_EQ(chosen_for_encoder({"precision=" + name}), "bf16");
  for (const std::string name : {"fp32", "bf16", "int8"}) {
    EXPECT_EQ(chosen_for_encoder({"precision=int4", "encoder_precision=" + name}), name);
  }
}

TEST(EncoderPrecision, LeftOpenIsTheFinestThatLeavesMemoryFree) {
  for (const std::string name : {"fp32", "bf16", "int8"}) {
    const auto room = static_cast<int64_t>(1.5 * static_cast<double>(nn::bytes_of(kVit, precision_named(name))));
    EXPECT_EQ(chosen_for_encoder({}, room), name);
  }
  const int64_t little = nn::bytes_of(kVit, nn::Precision::kInt8);
  EXPECT_EQ(chosen_for_encoder({}, little), "int8");
  EXPECT_THROW(chosen_for_encoder({"unfreeze_vision_model=true"}, little), Error);
}

TEST(EncoderPrecision, TooLargeForTheMemoryIsRefusedWithWhatFits) {
  try {
    chosen_for_encoder({"encoder_precision=fp32"}, 200'000'000);
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(),
                testing::AllOf(testing::HasSubstr("0.3 GB in fp32"), testing::HasSubstr("0.2 GB are free"),
                               testing::HasSubstr("encoder_precision=int8")));
  }
}

TEST(Precision, MemoryIsFree) {
  EXPECT_GT(free_memory_bytes(), 0);
}

}  // namespace
}  // namespace epalm::infer
