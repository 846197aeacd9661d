#include "epalm/base/mapped_file.h"

#include <gtest/gtest.h>

#include <fstream>

#include "epalm/base/error.h"

namespace epalm {
namespace {

TEST(MappedFile, ReadsTheBytes) {
  const auto path = std::filesystem::path(testing::TempDir()) / "mapped_file_test.bin";
  std::ofstream(path) << "hello";
  const MappedFile file(path);
  ASSERT_EQ(file.bytes().size(), 5u);
  EXPECT_EQ(static_cast<char>(file.bytes()[4]), 'o');
}

TEST(MappedFile, RefusesMissingFilesFoldersAndDevices) {
  EXPECT_THROW(MappedFile("/nonexistent/file"), Error);
  EXPECT_THROW(MappedFile{testing::TempDir()}, Error);
  EXPECT_THROW(MappedFile{"/dev/zero"}, Error);
}

}  // namespace
}  // namespace epalm
