#include "epalm/io/torch_file.h"

#include <cstdlib>

#include "tests/io/pickle_bytes.h"
#include "tests/io/zip_bytes.h"

namespace epalm::io {
namespace {

using namespace pickle;

std::string legacy_bytes(const std::string& tree, const std::vector<std::string>& keys, const std::string& data) {
  std::vector<std::string> items;
  for (const auto& key : keys) items.push_back(text(key));
  return whole("\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19") + whole("M\xe9\x03") +
         whole(dict({text("little_endian"), "\x88"})) + whole(tree) + whole(list(items)) + data;
}

const std::string kTree = dict({text("a"), tensor(storage("0", 3), 0, {3}, {1})});
const std::string kData = raw_all<float>({1, 2, 3});

std::vector<RawMember> zip_members(const std::string& tree, const std::string& data) {
  return {stored("archive/data.pkl", whole(tree)), stored("archive/data/0", data), stored("archive/version", "3\n")};
}

void expect_refused(const std::string& bytes, const std::string& part) {
  const auto path = save("bad.pth", bytes);
  expect_error([&] { read_torch(path); }, part);
  expect_error([&] { read_torch(path); }, "bad.pth");
}

TEST(TorchFile, ReadsZipStoredAndDeflatedAndLegacy) {
  const auto expected = at::tensor({1.0f, 2.0f, 3.0f});
  const auto packed = zip_bytes({deflated("x/data.pkl", whole(kTree)), deflated("x/data/0", kData)});
  for (const auto& bytes :
       {zip_bytes(zip_members(kTree, kData)), packed, legacy_bytes(kTree, {"0"}, raw(int64_t{3}) + kData)}) {
    const auto path = save("a.bin", bytes);
    EXPECT_TRUE(at::equal(read_torch(path).at("a").as_tensor(), expected));
    const auto file = open_tensor_file(path);
    EXPECT_EQ(file->names(), std::vector<std::string>{"a"});
    EXPECT_TRUE(at::equal(file->read("a"), expected));
    EXPECT_EQ(file->info("a").dtype, at::kFloat);
  }
}

TEST(TorchFile, CheckpointOpensAsItsStateDict) {
  const auto path = folder() / "checkpoint.pth";
  write_torch(path, Value(Value::Dict{{"optimizer", Value::Dict{{"m", at::zeros(1)}}},
                                      {"model_state", Value::Dict{{"w", at::ones(2)}, {"version", 3}}}}));
  EXPECT_EQ(open_tensor_file(path)->names(), std::vector<std::string>{"w"});
  write_torch(path, Value(Value::Dict{{"epoch", 1}}));
  expect_error([&] { open_tensor_file(path); }, "holds no dict of tensors");
}

Value everything(const at::Tensor& base) {
  Value::Dict dtypes;
  for (const auto dtype : {at::kBool, at::kByte, at::kChar, at::kShort, at::kInt, at::kLong, at::kHalf, at::kBFloat16,
                           at::kFloat, at::kDouble}) {
    dtypes.emplace_back(c10::toString(dtype), at::arange(2).to(dtype));
  }
  return Value(
      Value::Dict{{"base", base},
                  {"view", base.t()},
                  {"row", base[1]},
                  {"scalar", at::tensor(2.5)},
                  {"empty", at::empty({0, 2})},
                  {"dtypes", dtypes},
                  {"none", Value()},
                  {"flags", Value::List{true, false}},
                  {"numbers", Value::tuple({-1, int64_t{1} << 40, INT64_MIN, 0.1})},
                  {"text", "ü"},
                  {"bytes", Value::Bytes{std::byte{0}, std::byte{0x7f}, std::byte{0x80}, std::byte{0xff}}},
                  {"nested", Value::Dict{{0, Value::Dict{{"step", 7}}}, {1, Value::List{}}, {2, Value::tuple({})}}}});
}

TEST(TorchFile, RoundTripKeepsValuesViewsAndSharedStorages) {
  const auto path = folder() / "all.pth";
  const at::Tensor base = at::arange(6, at::kFloat).view({2, 3});
  write_torch(path, everything(base));
  const Value value = read_torch(path);
  EXPECT_TRUE(at::equal(value.at("base").as_tensor(), base));
  EXPECT_TRUE(at::equal(value.at("view").as_tensor(), base.t()));
  EXPECT_TRUE(at::equal(value.at("row").as_tensor(), base[1]));
  EXPECT_TRUE(value.at("row").as_tensor().is_alias_of(value.at("base").as_tensor()));
  EXPECT_EQ(value.at("scalar").as_tensor().item<double>(), 2.5);
  EXPECT_EQ(value.at("empty").as_tensor().sizes(), at::IntArrayRef({0, 2}));
  for (const auto& [name, tensor] : value.at("dtypes").as_dict()) {
    EXPECT_EQ(c10::toString(tensor.as_tensor().scalar_type()), name.as_string());
    EXPECT_EQ(tensor.as_tensor()[1].item<double>(), 1);
  }
  EXPECT_TRUE(value.at("none").is_none());
  EXPECT_TRUE(value.at("flags").at(0).as_bool());
  EXPECT_EQ(value.at("numbers").kind(), Value::Kind::kTuple);
  EXPECT_EQ(value.at("numbers").at(1).as_int(), int64_t{1} << 40);
  EXPECT_EQ(value.at("numbers").at(2).as_int(), INT64_MIN);
  EXPECT_EQ(value.at("numbers").at(3).as_double(), 0.1);
  EXPECT_EQ(value.at("text").as_string(), "ü");
  EXPECT_EQ(value.at("bytes").as_bytes(), everything(base).at("bytes").as_bytes());
  EXPECT_EQ(value.at("nested").at(0).at("step").as_int(), 7);
  EXPECT_EQ(value.at("nested").at(1).size(), 0u);
}

TEST(TorchFile, MappedTensorOutlivesItsFileAndWritingToItChangesNoFile) {
  const auto path = folder() / "m.pth";
  write_torch(path, Value(Value::Dict{{"w", at::ones(64)}}));
  const auto before = load(path);
  const at::Tensor tensor = read_torch(path).at("w").as_tensor();
  std::filesystem::remove(path);
  tensor.fill_(2);
  EXPECT_EQ(tensor.sum().item<float>(), 128);
  save("m.pth", before);
  EXPECT_EQ(open_tensor_file(path)->read("w").sum().item<float>(), 64);
}

TEST(TorchFile, EqualContentsGiveEqualBytes) {
  const at::Tensor base = at::arange(6, at::kFloat).view({2, 3});
  write_torch(folder() / "1.pth", everything(base));
  write_torch(folder() / "2.pth", everything(base.clone()));
  EXPECT_EQ(load(folder() / "1.pth"), load(folder() / "2.pth"));
}

TEST(TorchFile, WriterRefusesForeignDtypes) {
  const auto path = folder() / "no.pth";
  expect_error([&] { write_torch(path, at::zeros({1}, at::kComplexFloat)); }, "ComplexFloat");
  expect_error([&] { write_torch(path, at::Tensor()); }, "dense");
  EXPECT_FALSE(std::filesystem::exists(path));
}

// PyTorch itself reads what is written here, also with its own restricted unpickler.
TEST(TorchFile, PyTorchReadsWhatIsWritten) {
  if (std::system("/usr/bin/python3 -c 'import torch' >/dev/null 2>&1") != 0) {
    GTEST_SKIP() << "/usr/bin/python3 has no torch (Debian: python3-torch)";
  }
  write_torch(folder() / "all.pth", everything(at::arange(6, at::kFloat).view({2, 3})));
  // The restricted unpickler of PyTorch 1.13 knows neither floats nor bytes.
  const at::Tensor base = at::arange(6, at::kFloat).view({2, 3});
  write_torch(folder() / "weights.pth",
              Value(Value::Dict{{"base", base}, {"row", base[1]}, {"epoch", 3}, {"none", Value()}}));
  const auto script = save("check.py", R"(
import sys, torch
base = torch.arange(6.0).view(2, 3)
v = torch.load(sys.argv[1] + "/all.pth")
assert torch.equal(v["base"], base) and torch.equal(v["view"], base.t()) and torch.equal(v["row"], base[1])
assert v["row"].storage().data_ptr() == v["base"].storage().data_ptr()
assert v["scalar"].item() == 2.5 and v["empty"].shape == (0, 2)
assert [t.tolist() for t in v["dtypes"].values()] == [[False, True]] + [[0, 1]] * 9
assert v["none"] is None and v["flags"] == [True, False] and v["numbers"] == (-1, 1 << 40, -1 << 63, 0.1)
assert v["text"] == "\u00fc" and v["bytes"] == b"\x00\x7f\x80\xff"
assert v["nested"] == {0: {"step": 7}, 1: [], 2: ()}
v = torch.load(sys.argv[1] + "/weights.pth", weights_only=True)
assert torch.equal(v["base"], base) and torch.equal(v["row"], base[1]) and v["epoch"] == 3 and v["none"] is None
)");
  EXPECT_EQ(std::system(("/usr/bin/python3 " + script.string() + " " + folder().string()).c_str()), 0);
}

TEST(TorchFile, RefusesZipsWithMissingOrWrongParts) {
  auto members = zip_members(kTree, kData);
  members.erase(members.begin() + 1);
  expect_refused(zip_bytes(members), "the storage '0' is missing");
  expect_refused(zip_bytes(zip_members(kTree, kData.substr(1))), "has 11 bytes");
  expect_refused(zip_bytes({stored("other", "x")}), "no data.pkl");
  auto big = zip_members(kTree, kData);
  big.push_back(stored("archive/byteorder", "big"));
  expect_refused(zip_bytes(big), "big-endian");
}

TEST(TorchFile, RefusesCodeInEitherForm) {
  const auto hostile = call(global("os", "system"), {text("echo owned")});
  expect_refused(zip_bytes(zip_members(hostile, kData)), "'os.system'");
  expect_refused(legacy_bytes(hostile, {}, ""), "'os.system'");
}

TEST(TorchFile, RefusesDamagedLegacyFiles) {
  const auto good = legacy_bytes(kTree, {"0"}, raw(int64_t{3}) + kData);
  for (size_t size = 0; size < good.size(); ++size) expect_refused(good.substr(0, size), "bad.pth");
  expect_refused(legacy_bytes(kTree, {"0"}, raw(int64_t{-1}) + kData), "ends inside the storage");
  expect_refused(legacy_bytes(kTree, {"0"}, raw(INT64_MAX) + kData), "ends inside the storage");
  expect_refused(legacy_bytes(kTree, {"0"}, raw(int64_t{2}) + kData), "in two ways");
  expect_refused(legacy_bytes(kTree, {"1"}, raw(int64_t{3}) + kData), "no tensor uses the storage '1'");
  expect_refused(legacy_bytes(kTree, {}, ""), "the storage '0' is missing");
  expect_refused(legacy_bytes(kTree, {"0", "0"}, raw(int64_t{3}) + kData + raw(int64_t{3}) + kData), "stands twice");
  expect_refused("plain text", "starts like none");
  expect_refused(whole(kTree), "starts like none");
}

TEST(TorchFile, RefusesRepeatedNames) {
  const auto one = tensor(storage("0", 3), 0, {3}, {1});
  expect_refused(zip_bytes(zip_members(dict({text("a"), one, text("a"), one}), kData)), "'a'");
}

}  // namespace
}  // namespace epalm::io
