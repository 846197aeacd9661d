#include "epalm/io/npz.h"

#include "tests/io/zip_bytes.h"

namespace epalm::io {
namespace {

std::string npy(const std::string& header, const std::string& data, int version = 1) {
  const std::string length =
      version == 1 ? raw(static_cast<uint16_t>(header.size())) : raw(static_cast<uint32_t>(header.size()));
  return "\x93NUMPY" + std::string(1, static_cast<char>(version)) + '\0' + length + header + data;
}

std::string header(const std::string& descr, const std::string& shape, const std::string& fortran = "False") {
  return "{'descr': '" + descr + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }          \n";
}

std::filesystem::path npz(const std::string& array) {
  return save("one.npz", zip_bytes({stored("a.npy", array)}));
}

void expect_refused(const std::string& array, const std::string& part) {
  const auto file = open_tensor_file(npz(array));
  expect_error([&] { file->read("a"); }, part);
  expect_error([&] { file->read("a"); }, "one.npz");
}

const std::string kSix = raw_all<float>({0, 1, 2, 3, 4, 5});

TEST(Npz, ReadsStoredAndDeflatedArraysByName) {
  const std::string array = npy(header("<f4", "(2, 3)"), kSix);
  const auto file = open_tensor_file(save(
      "two.npz", zip_bytes({stored("block/kernel.npy", array), deflated("bias.npy", array), stored("note", "x")})));
  EXPECT_EQ(file->names(), (std::vector<std::string>{"block/kernel", "bias"}));
  for (const auto& name : file->names()) {
    EXPECT_TRUE(at::equal(file->read(name), at::arange(6, at::kFloat).view({2, 3}))) << name;
    EXPECT_EQ(file->info(name).shape, (std::vector<int64_t>{2, 3}));
    EXPECT_EQ(file->info(name).dtype, at::kFloat);
  }
  expect_error([&] { file->read("biass"); }, "'bias'");
}

TEST(Npz, FortranOrderIsTransposed) {
  const auto file = open_tensor_file(npz(npy(header("<f4", "(2, 3)", "True"), kSix)));
  EXPECT_TRUE(at::equal(file->read("a"), at::tensor({0.0f, 2.0f, 4.0f, 1.0f, 3.0f, 5.0f}).view({2, 3})));
}

TEST(Npz, ReadsScalarsEmptyArraysAndEveryHeaderVersion) {
  EXPECT_EQ(open_tensor_file(npz(npy(header("<f8", "()"), raw(2.5))))->read("a").item<double>(), 2.5);
  EXPECT_EQ(open_tensor_file(npz(npy(header("<f8", "(0, 3)"), "")))->read("a").numel(), 0);
  for (const int version : {1, 2, 3}) {
    const auto file = open_tensor_file(npz(npy(header("<i8", "(1,)"), raw(int64_t{-3}), version)));
    EXPECT_EQ(file->read("a").item<int64_t>(), -3) << version;
  }
}

TEST(Npz, ReadsEachNumberType) {
  const std::vector<std::pair<std::string, std::string>> types{{"<f4", raw(1.0f)},
                                                               {"<f8", raw(1.0)},
                                                               {"<f2", raw(uint16_t{0x3c00})},
                                                               {"<i8", raw(int64_t{1})},
                                                               {"<i4", raw(int32_t{1})},
                                                               {"<i2", raw(int16_t{1})},
                                                               {"|i1", "\1"},
                                                               {"|u1", "\1"},
                                                               {"|b1", "\1"}};
  for (const auto& [descr, data] : types) {
    const auto file = open_tensor_file(npz(npy(header(descr, "(1,)"), data)));
    EXPECT_EQ(file->read("a").item<double>(), 1) << descr;
  }
}

TEST(Npz, AnyNonZeroByteIsTrue) {
  const auto file = open_tensor_file(npz(npy(header("|b1", "(3,)"), std::string("\0\2\xff", 3))));
  EXPECT_TRUE(at::equal(file->read("a"), at::tensor({0, 1, 1}).to(at::kBool)));
}

TEST(Npz, RefusesArraysItCannotRepresent) {
  expect_refused(npy(header(">f4", "(6,)"), kSix), "'>f4'");
  expect_refused(npy(header("|O", "(1,)"), "x"), "'|O'");
}

TEST(Npz, RefusesShapesThatDoNotMatchTheData) {
  for (const char* shape :
       {"(7,)", "(5,)", "(4611686018427387904, 4)", "(0, 9223372036854775807, 9223372036854775807)"}) {
    SCOPED_TRACE(shape);
    expect_refused(npy(header("<f4", shape), kSix), "does not match");
  }
  expect_refused(npy(header("<f4", "(-6,)"), kSix), "expected a .npy header");
  expect_refused(npy(header("<f4", "(99999999999999999999,)"), kSix), "expected a .npy header");
}

TEST(Npz, RefusesDamagedHeaders) {
  expect_refused("", "expected a .npy array");
  expect_refused("\x93NUMPX" + std::string(20, ' '), "expected a .npy array");
  expect_refused(npy("{'descr': '<f4'", kSix), "expected a .npy header");
  expect_refused(npy("{'descr': '<f4', }", kSix), "expected a .npy header");
  expect_refused(npy("{'descr': '<f4", kSix), "expected a .npy header");
  expect_refused(npy("{'code': '<f4', 'fortran_order': False, 'shape': (6,)}", kSix), "expected a .npy header");
  expect_refused(npy("", "", 4), "version 1 to 3");
  expect_refused("\x93NUMPY" + std::string("\1\0", 2) + raw(uint16_t{60000}) + "{}", "too long");
}

}  // namespace
}  // namespace epalm::io
