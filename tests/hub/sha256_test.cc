#include "epalm/hub/sha256.h"

#include <gtest/gtest.h>

namespace epalm::hub {
namespace {

std::string sum(const std::string& text, size_t piece) {
  Sha256 sha;
  for (size_t at = 0; at < text.size(); at += piece) {
    const std::string part = text.substr(at, piece);
    sha.add(std::as_bytes(std::span(part)));
  }
  return sha.hex();
}

// The examples of FIPS 180-4 and its companion, in pieces of every size.
TEST(Sha256, MatchesTheStandardsExamples) {
  EXPECT_EQ(sum("", 1), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  for (const size_t piece : {1, 7, 55, 56, 63, 64, 65, 1000}) {
    EXPECT_EQ(sum("abc", piece), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(sum("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", piece),
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    EXPECT_EQ(sum(std::string(1'000'000, 'a'), piece * 100),
              "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  }
}

}  // namespace
}  // namespace epalm::hub
