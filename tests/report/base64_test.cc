#include "epalm/report/base64.h"

#include <gtest/gtest.h>

#include <string_view>

namespace epalm::report {
namespace {

std::string encoded(std::string_view text) {
  return base64(std::as_bytes(std::span(text)));
}

// The vectors of RFC 4648, section 10.
TEST(Base64, GivesTheVectorsOfTheStandard) {
  EXPECT_EQ(encoded(""), "");
  EXPECT_EQ(encoded("f"), "Zg==");
  EXPECT_EQ(encoded("fo"), "Zm8=");
  EXPECT_EQ(encoded("foo"), "Zm9v");
  EXPECT_EQ(encoded("foob"), "Zm9vYg==");
  EXPECT_EQ(encoded("fooba"), "Zm9vYmE=");
  EXPECT_EQ(encoded("foobar"), "Zm9vYmFy");
}

TEST(Base64, BytesAbove127AreUnsigned) {
  EXPECT_EQ(encoded("\xFF\xFE\xFD"), "//79");
}

}  // namespace
}  // namespace epalm::report
