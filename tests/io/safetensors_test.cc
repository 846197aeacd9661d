#include "epalm/io/safetensors.h"

#include <sys/resource.h>

#include <csignal>

#include "tests/io/bytes.h"

namespace epalm::io {
namespace {

std::string file_bytes(const std::string& header, const std::string& data) {
  return raw(uint64_t{header.size()}) + header + data;
}

const std::string kTwo = R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
                         R"("b":{"dtype":"I64","shape":[1,1],"data_offsets":[8,16]}})";
const std::string kTwoData = raw(1.5f) + raw(-2.0f) + raw(int64_t{7});

void expect_refused(const std::string& bytes, const std::string& part) {
  const auto path = save("bad.safetensors", bytes);
  expect_error([&] { open_tensor_file(path); }, part);
  expect_error([&] { open_tensor_file(path); }, "bad.safetensors");
}

void expect_header_refused(const std::string& header, const std::string& data, const std::string& part) {
  SCOPED_TRACE(header);
  expect_refused(file_bytes(header, data), part);
}

TEST(Safetensors, ReadsValuesShapesAndOrderFromBytes) {
  const auto file = open_tensor_file(save("two.safetensors", file_bytes(kTwo, kTwoData)));
  EXPECT_EQ(file->names(), (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(at::equal(file->read("a"), at::tensor({1.5f, -2.0f})));
  EXPECT_TRUE(at::equal(file->read("b"), at::full({1, 1}, 7, at::kLong)));
  EXPECT_EQ(file->info("b").dtype, at::kLong);
  EXPECT_EQ(file->info("b").shape, (std::vector<int64_t>{1, 1}));
  EXPECT_TRUE(file->metadata().empty());
}

TEST(Safetensors, NamesComeInTheOrderOfTheData) {
  const std::string header = R"({"z":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                             R"("a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})";
  const auto file = open_tensor_file(save("order.safetensors", file_bytes(header, "xy")));
  EXPECT_EQ(file->names(), (std::vector<std::string>{"z", "a"}));
}

TEST(Safetensors, RoundTripKeepsEveryDtypeBitForBit) {
  const auto path = folder() / "all.safetensors";
  std::vector<std::pair<std::string, at::Tensor>> tensors;
  for (const auto dtype : {at::kBool, at::kByte, at::kChar, at::kShort, at::kInt, at::kLong, at::kHalf, at::kBFloat16,
                           at::kFloat, at::kDouble}) {
    tensors.emplace_back(c10::toString(dtype),
                         at::arange(6).view({2, 3}).remainder(dtype == at::kBool ? 2 : 6).to(dtype));
  }
  tensors.emplace_back("scalar", at::tensor(3.25));
  tensors.emplace_back("empty", at::empty({0, 4}));
  tensors.emplace_back("transposed", at::arange(6).view({2, 3}).t());
  tensors.emplace_back("nan", at::tensor({std::numeric_limits<float>::quiet_NaN(), -0.0f}));
  write_safetensors(path, tensors, {{"format", "pt"}, {"note", "ü"}});
  const auto file = open_tensor_file(path);
  EXPECT_EQ(file->metadata(), (std::map<std::string, std::string>{{"format", "pt"}, {"note", "ü"}}));
  ASSERT_EQ(file->names().size(), tensors.size());
  for (const auto& [name, tensor] : tensors) {
    const at::Tensor got = file->read(name);
    ASSERT_EQ(got.scalar_type(), tensor.scalar_type()) << name;
    ASSERT_EQ(got.sizes(), tensor.sizes()) << name;
    const at::Tensor whole = tensor.contiguous();
    const auto same = [&] { return std::memcmp(got.data_ptr(), whole.data_ptr(), whole.nbytes()) == 0; };
    EXPECT_TRUE(whole.numel() == 0 || same()) << name;
  }
}

TEST(Safetensors, TensorOutlivesTheFileAndWritingToItChangesNoFile) {
  const auto path = save("two.safetensors", file_bytes(kTwo, kTwoData));
  const at::Tensor tensor = open_tensor_file(path)->read("a");
  tensor.fill_(9);
  EXPECT_TRUE(at::equal(tensor, at::full({2}, 9.0f)));
  EXPECT_EQ(load(path), file_bytes(kTwo, kTwoData));
}

TEST(Safetensors, ReadsDataThatAreNotAligned) {
  const std::string header = R"({"c":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                             R"("f":{"dtype":"F32","shape":[1],"data_offsets":[1,5]}})";
  const auto file = open_tensor_file(save("odd.safetensors", file_bytes(header, "x" + raw(2.5f))));
  EXPECT_EQ(file->read("f").item<float>(), 2.5f);
}

TEST(Safetensors, UnknownNameIsAnsweredWithTheNearest) {
  const auto path = folder() / "near.safetensors";
  write_safetensors(path, {{"decoder.layers.0.fc1.weight", at::zeros(1)}, {"lm_head.weight", at::zeros(1)}});
  const auto file = open_tensor_file(path);
  EXPECT_FALSE(file->contains("decoder.layer.0.fc1.weight"));
  expect_error([&] { file->read("decoder.layer.0.fc1.weight"); }, "'decoder.layers.0.fc1.weight'");
  expect_error([&] { file->info("decoder.layer.0.fc1.weight"); }, "near.safetensors");
}

TEST(Safetensors, WriterRefusesRepeatedNamesAndForeignDtypes) {
  const auto path = folder() / "no.safetensors";
  expect_error([&] { write_safetensors(path, {{"a", at::zeros(1)}, {"a", at::ones(1)}}); }, "'a' is taken");
  expect_error([&] { write_safetensors(path, {{"a", at::zeros({1}, at::kComplexFloat)}}); }, "ComplexFloat");
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(Safetensors, WrittenDataBeginAtALineOfTheCache) {
  for (const size_t length : {1, 20, 50, 80}) {
    const std::string name(length, 'n');
    write_safetensors(folder() / "aligned.safetensors", {{name, at::ones(64)}});
    const at::Tensor tensor = open_tensor_file(folder() / "aligned.safetensors")->read(name);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(tensor.data_ptr()) % 64, 0u) << length;
  }
}

TEST(Safetensors, FailedWriteLeavesTheOldFileAndNoOther) {
  const auto path = folder() / "kept.safetensors";
  write_safetensors(path, {{"a", at::ones(4)}});
  const auto before = load(path);
  // A limit on the size of files stands for a full disk.
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit old{};
  getrlimit(RLIMIT_FSIZE, &old);
  const rlimit small{4096, old.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  EXPECT_THROW(write_safetensors(path, {{"a", at::ones(1 << 16)}}), Error);
  setrlimit(RLIMIT_FSIZE, &old);
  EXPECT_EQ(load(path), before);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder()), std::filesystem::directory_iterator()), 1);
}

TEST(Safetensors, RefusesFilesThatEndEarly) {
  const std::string whole = file_bytes(kTwo, kTwoData);
  for (const size_t size : {size_t{0}, size_t{4}, size_t{8}, size_t{20}, 8 + kTwo.size(), whole.size() - 1}) {
    SCOPED_TRACE(size);
    expect_refused(whole.substr(0, size), "bad.safetensors");
  }
  expect_refused(whole + "x", "holds 17");
}

TEST(Safetensors, RefusesAbsurdHeaderLengths) {
  for (const uint64_t length : {UINT64_MAX, UINT64_MAX - 7, uint64_t{1} << 40, uint64_t{99'000'000}}) {
    expect_refused(raw(length) + kTwo + kTwoData, "header");
  }
}

TEST(Safetensors, RefusesHeadersThatAreNoDescription) {
  expect_header_refused("{\"a\":", "", "JSON");
  expect_header_refused("{\"a\":3}", "", "a dtype");
  expect_header_refused(R"({"a":{"dtype":"F32","data_offsets":[0,0]}})", "", "a shape");
  expect_header_refused(R"({"a":{"dtype":"F32","shape":[0],"data_offsets":[0]}})", "", "two data_offsets");
  expect_header_refused(R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,0]}})", "", "non-negative sizes");
  expect_header_refused(R"({"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,0]}})", "", "non-negative sizes");
  expect_header_refused(R"({"a":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}})", "x", "F8_E4M3");
  expect_header_refused(R"({"__metadata__":{"a":1}})", "", "__metadata__");
}

TEST(Safetensors, RefusesRepeatedNames) {
  expect_header_refused(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                        R"("a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
                        "xy", "'a' stands twice");
}

TEST(Safetensors, RefusesDataThatOverlapLeaveGapsOrLieOutside) {
  const auto two = [](const std::string& a, const std::string& b) {
    return R"({"a":{"dtype":"U8","shape":[2],"data_offsets":)" + a +
           R"(},"b":{"dtype":"U8","shape":[2],"data_offsets":)" + b + "}}";
  };
  expect_header_refused(two("[0,2]", "[1,3]"), "xyz", "overlap");
  expect_header_refused(two("[0,2]", "[3,5]"), "vwxyz", "overlap");
  expect_header_refused(two("[0,2]", "[2,4]"), "xyz", "holds 3 bytes");
  expect_header_refused(two("[2,0]", "[2,4]"), "wxyz", "2..0");
  expect_header_refused(two("[0,2]", "[18446744073709551614,18446744073709551616]"), "wxyz", "");
}

TEST(Safetensors, RefusesShapesThatOverflow) {
  const auto one = [](const std::string& shape) {
    return R"({"a":{"dtype":"F32","shape":)" + shape + R"(,"data_offsets":[0,0]}})";
  };
  // 4 · 2^31 · 2^31 = 2^64, which is 0 in 64 bits.
  expect_header_refused(one("[2147483648,2147483648]"), "", "does not match");
  expect_header_refused(one("[0,9223372036854775807,9223372036854775807]"), "", "does not match");
  expect_header_refused(one("[18446744073709551615]"), "", "non-negative sizes");
}

TEST(OpenTensorFile, RefusesWhatIsNoWeightFile) {
  expect_error([] { open_tensor_file(save("page.bin", "<html>not found</html>")); }, "no weight file");
  expect_error([] { open_tensor_file(save("empty.bin", "")); }, "0 bytes");
  expect_error([] { open_tensor_file(folder() / "absent.bin"); }, "absent.bin");
  std::filesystem::create_directories(folder() / "hollow");
  expect_error([] { open_tensor_file(folder() / "hollow"); }, "holds no weights");
}

TEST(OpenTensorFile, KnowsSafetensorsByContent) {
  EXPECT_TRUE(open_tensor_file(save("weights.bin", file_bytes(kTwo, kTwoData)))->contains("a"));
}

}  // namespace
}  // namespace epalm::io
