#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <span>
#include <string>
#include <vector>

#include "epalm/base/error.h"

// Builds the files of the tests byte by byte.
namespace epalm::io {

template <typename T>
std::string raw(T value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

template <typename T>
std::string raw_all(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

// The folder of the running test, empty at its first use.
inline std::filesystem::path folder() {
  static std::string last;
  const auto* test = testing::UnitTest::GetInstance()->current_test_info();
  const auto name = std::string("epalm_io_") + test->test_suite_name() + "_" + test->name();
  const auto path = std::filesystem::path(testing::TempDir()) / name;
  if (last != name) std::filesystem::remove_all(path);
  last = name;
  std::filesystem::create_directories(path);
  return path;
}

inline std::filesystem::path save(const std::string& name, const std::string& bytes) {
  const auto path = folder() / name;
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

inline std::string load(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Expects an Error whose message contains `part`.
inline void expect_error(const std::function<void()>& action, const std::string& part) {
  try {
    action();
    ADD_FAILURE() << "expected an Error with '" << part << "'";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr(part));
  }
}

}  // namespace epalm::io
