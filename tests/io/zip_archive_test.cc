#include "epalm/io/zip_archive.h"

#include "epalm/io/zip_writer.h"
#include "tests/io/zip_bytes.h"

namespace epalm::io {
namespace {

ZipArchive open(const std::string& bytes) {
  return ZipArchive(std::make_shared<MappedFile>(save("test.zip", bytes)));
}

std::string text(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void expect_refused(const std::string& bytes, const std::string& part) {
  expect_error([&] { open(bytes); }, part);
}

TEST(ZipArchive, ReadsStoredAndDeflatedMembers) {
  const std::string content(5000, 'c');
  const auto zip = open(zip_bytes({stored("a", content), deflated("b", content), stored("none", "")}));
  ASSERT_EQ(zip.members().size(), 3u);
  EXPECT_EQ(text(zip.unpack(*zip.find("a"))), content);
  EXPECT_EQ(text(zip.unpack(*zip.find("b"))), content);
  EXPECT_EQ(text(zip.unpack(*zip.find("b"), 7)), "ccccccc");
  EXPECT_EQ(text(zip.unpack(*zip.find("none"))), "");
  EXPECT_EQ(zip.find("absent"), nullptr);
}

TEST(ZipArchive, FindsTheDirectoryBeforeAComment) {
  auto bytes = zip_bytes({stored("a", "x")});
  bytes.replace(bytes.size() - 2, 2, raw(uint16_t{5}));
  EXPECT_EQ(open(bytes + "12345").members().size(), 1u);
}

TEST(ZipArchive, RefusesTruncatedFiles) {
  const auto bytes = zip_bytes({stored("a", "hello"), deflated("b", "hello")});
  for (size_t size = 0; size < bytes.size(); ++size) expect_refused(bytes.substr(0, size), "test.zip");
}

// Every byte in turn set to 0xff: whatever it means, the answer is the contents or an Error.
TEST(ZipArchive, SurvivesAnyDamagedByte) {
  const auto bytes = zip_bytes({stored("a", "hello"), deflated("b", "hello")});
  size_t refused = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    auto damaged = bytes;
    damaged[i] = '\xff';
    try {
      const auto zip = open(damaged);
      for (const auto& member : zip.members()) EXPECT_EQ(text(zip.unpack(member)), "hello");
    } catch (const Error&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, bytes.size() / 4);
}

TEST(ZipArchive, RefusesWrongChecksums) {
  auto member = deflated("b", "hello");
  member.crc ^= 1;
  const auto zip = open(zip_bytes({member}));
  expect_error([&] { zip.unpack(*zip.find("b")); }, "checksum");
}

TEST(ZipArchive, RefusesMembersThatClaimMoreThanDeflateCanHold) {
  auto bomb = deflated("b", "hello");
  bomb.size = 0xfffffff0;
  expect_refused(zip_bytes({bomb}), "claims 4294967280 bytes");
  auto longer = stored("a", "hello");
  longer.size = 6;
  expect_refused(zip_bytes({longer}), "claims 6 bytes");
}

TEST(ZipArchive, RefusesMembersWhoseSizeIsALie) {
  auto member = deflated("b", "hello");
  member.size = 4000;  // plausible, yet wrong
  const auto zip = open(zip_bytes({member}));
  expect_error([&] { zip.unpack(*zip.find("b")); }, "unpacks to 5 bytes instead of 4000");
}

TEST(ZipArchive, RefusesMembersOutsideTheFileRepeatedEncryptedOrOfAnotherPacking) {
  auto outside = stored("a", "hello");
  outside.offset = 1'000'000;
  expect_refused(zip_bytes({outside}), "outside the file");
  auto inside = stored("a", "hello");
  inside.offset = 3;
  expect_refused(zip_bytes({inside}), "no header");
  expect_refused(zip_bytes({stored("a", "x"), stored("a", "y")}), "stands twice");
  auto encrypted = stored("a", "x");
  encrypted.flags = 1;
  expect_refused(zip_bytes({encrypted}), "encrypted");
  auto packed = stored("a", "x");
  packed.method = 12;
  expect_refused(zip_bytes({packed}), "other than deflate");
}

TEST(ZipArchive, RefusesDirectoriesWithMoreMembersThanBytes) {
  auto bytes = zip_bytes({stored("a", "x")});
  bytes.replace(bytes.size() - 12, 2, raw(uint16_t{60000}));
  expect_refused(bytes, "claims 60000 members");
}

TEST(ZipWriter, MembersReadBackAndStartAtMultiplesOf64) {
  const auto path = folder() / "written.zip";
  ZipWriter writer(path);
  writer.add("archive/data.pkl", std::as_bytes(std::span("abc", 3)));
  writer.add("archive/data/0", {});
  writer.add("archive/data/1", std::as_bytes(std::span("defg", 4)));
  EXPECT_FALSE(std::filesystem::exists(path));
  writer.finish();
  const ZipArchive zip(std::make_shared<MappedFile>(path));
  ASSERT_EQ(zip.members().size(), 3u);
  EXPECT_EQ(text(zip.unpack(*zip.find("archive/data.pkl"))), "abc");
  EXPECT_EQ(text(zip.unpack(*zip.find("archive/data/1"))), "defg");
  for (const auto& member : zip.members()) {
    EXPECT_EQ((zip.packed(member).data() - zip.file()->bytes().data()) % 64, 0) << member.name;
  }
}

TEST(ZipWriter, MoreMembersThan16BitsUseZip64) {
  const auto path = folder() / "many.zip";
  constexpr size_t kMembers = 66'000;
  ZipWriter writer(path);
  for (size_t i = 0; i < kMembers; ++i) writer.add(std::to_string(i), {});
  writer.finish();
  EXPECT_EQ(ZipArchive(std::make_shared<MappedFile>(path)).members().size(), kMembers);
}

}  // namespace
}  // namespace epalm::io
