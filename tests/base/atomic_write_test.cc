#include "epalm/base/atomic_write.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "epalm/base/error.h"

namespace epalm {
namespace {

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class WriteFileAtomically : public testing::Test {
 protected:
  WriteFileAtomically() {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  ptrdiff_t entries() const {
    return std::distance(std::filesystem::directory_iterator(folder_), std::filesystem::directory_iterator());
  }
  std::filesystem::path folder_ = std::filesystem::path(testing::TempDir()) / "atomic_write_test";
};

TEST_F(WriteFileAtomically, ReplacesTheOldFileAndLeavesNoOther) {
  write_file_atomically(folder_ / "a.bin", bytes_of("old, longer"));
  write_file_atomically(folder_ / "a.bin", bytes_of("new"));
  EXPECT_EQ(text_of(folder_ / "a.bin"), "new");
  EXPECT_EQ(entries(), 1);
}

TEST_F(WriteFileAtomically, KeepsWhatIsThereWhenItCannotReplaceIt) {
  std::filesystem::create_directories(folder_ / "a.bin" / "inner");
  EXPECT_THROW(write_file_atomically(folder_ / "a.bin", bytes_of("new")), Error);
  EXPECT_TRUE(std::filesystem::is_directory(folder_ / "a.bin" / "inner"));
  EXPECT_EQ(entries(), 1);
}

TEST_F(WriteFileAtomically, NamesTheFileWhenTheFolderIsMissing) {
  try {
    write_file_atomically(folder_ / "missing" / "a.bin", bytes_of("new"));
    FAIL() << "expected Error";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("missing/a.bin"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace epalm
