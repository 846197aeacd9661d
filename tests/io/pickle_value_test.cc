#include "epalm/io/pickle_value.h"

#include <nlohmann/json.hpp>

#include "tests/io/bytes.h"

namespace epalm::io {
namespace {

Value sample() {
  return Value(Value::Dict{{"epoch", 3},
                           {"optimizer", Value::Dict{{0, Value::Dict{{"lr", 0.5}}}}},
                           {"names", Value::List{"a", "b"}},
                           {"betas", Value::tuple({0.9, 0.98})},
                           {"done", true},
                           {"none", Value()}})
      .named("'checkpoint.pth'");
}

TEST(Value, AccessorsReachNestedElements) {
  const Value value = sample();
  EXPECT_EQ(value.at("epoch").as_int(), 3);
  EXPECT_EQ(value.at("epoch").as_double(), 3);
  EXPECT_EQ(value.at("optimizer").at(0).at("lr").as_double(), 0.5);
  EXPECT_EQ(value.at("names").at(1).as_string(), "b");
  EXPECT_EQ(value.at("betas").as_list().size(), 2u);
  EXPECT_TRUE(value.at("done").as_bool());
  EXPECT_TRUE(value.contains("none"));
  EXPECT_FALSE(value.contains("absent"));
  EXPECT_TRUE(value.at("optimizer").contains(0));
}

TEST(Value, ContentsOfATemporaryOutliveIt) {
  const std::string& text = sample().at("names").at(0).as_string();
  EXPECT_EQ(text, "a");
  size_t entries = 0;
  for (const auto& [key, item] : sample().as_dict()) entries += key.is_string();
  EXPECT_EQ(entries, 6u);
}

TEST(Value, ErrorsNameThePathExpectedAndGot) {
  const Value value = sample();
  expect_error([&] { value.at("optimizer").at(0).at("lr").as_string(); },
               "'checkpoint.pth'['optimizer'][0]['lr']: expected a string, got a float");
  expect_error([&] { value.at("modle"); }, "'checkpoint.pth': expected the key 'modle'");
  expect_error([&] { value.at("names").at(2); }, "'checkpoint.pth'['names']: expected an element 2");
  expect_error([&] { value.at("epoch").as_bool(); }, "expected a bool, got an integer");
  expect_error([&] { value.at("none").as_tensor(); }, "expected a tensor, got None");
  expect_error([&] { value.at("epoch").at("x"); }, "expected a dict");
}

TEST(Value, ConvertsToJsonAndBack) {
  const nlohmann::json json = json_from_value(sample());
  EXPECT_EQ(json, nlohmann::json::parse(R"({"epoch": 3, "optimizer": {"0": {"lr": 0.5}}, "names": ["a", "b"],
                                            "betas": [0.9, 0.98], "done": true, "none": null})"));
  EXPECT_EQ(json_from_value(value_from_json(json)), json);
  expect_error([] { json_from_value(Value(at::zeros(1))); }, "expected plain data, got a tensor");
}

}  // namespace
}  // namespace epalm::io
