#include "epalm/io/pickle_reader.h"

#include "tests/io/pickle_bytes.h"

namespace epalm::io {
namespace {

using namespace pickle;
using namespace std::string_literals;

Value parse(const std::string& bytes, const StorageSource& source = nullptr) {
  return PickleReader(std::as_bytes(std::span(bytes)), "'test.pkl'").build(source);
}

void expect_refused(const std::string& bytes, const std::string& part) {
  const auto source = [](const std::string&, at::ScalarType dtype, int64_t size) { return at::zeros({size}, dtype); };
  expect_error([&] { parse(bytes, source); }, part);
  expect_error([&] { parse(bytes, source); }, "'test.pkl'");
}

TEST(PickleReader, ReadsPlainData) {
  EXPECT_TRUE(parse(whole("N")).is_none());
  EXPECT_TRUE(parse(whole("\x88")).as_bool());
  EXPECT_TRUE(parse(whole("I01\n")).as_bool());
  EXPECT_EQ(parse(whole("K\xff")).as_int(), 255);
  EXPECT_EQ(parse(whole("M\x01\x02")).as_int(), 513);
  EXPECT_EQ(parse(whole(integer(-5))).as_int(), -5);
  EXPECT_EQ(parse(whole("L-70000000000L\n")).as_int(), -70000000000);
  EXPECT_EQ(parse(whole("\x8a\x02\x00\xff"s)).as_int(), -256);
  EXPECT_EQ(parse(whole("\x8a"s + '\0')).as_int(), 0);
  EXPECT_EQ(parse(whole("G\x3f\xf8"s + std::string(6, '\0'))).as_double(), 1.5);
  EXPECT_EQ(parse(whole(text("ü"))).as_string(), "ü");
  EXPECT_EQ(parse(whole("C\x02xy")).as_bytes().size(), 2u);
  EXPECT_EQ(parse(whole(list({integer(1), text("b")}))).at(1).as_string(), "b");
  EXPECT_EQ(parse(whole(integer(1) + integer(2) + "\x86")).kind(), Value::Kind::kTuple);
  const Value dict = parse(whole(pickle::dict({text("a"), integer(1), integer(7), text("seven")})));
  EXPECT_EQ(dict.at("a").as_int(), 1);
  EXPECT_EQ(dict.at(7).as_string(), "seven");
}

TEST(PickleReader, ReadsProtocol4) {
  // FRAME, SHORT_BINUNICODE, MEMOIZE, STACK_GLOBAL, EMPTY_TUPLE, REDUCE
  const std::string bytes = "\x80\x04\x95"s + raw(uint64_t{40}) +
                            "\x8c\x0b"
                            "collections\x94\x8c\x0bOrderedDict\x94\x93)R.";
  EXPECT_EQ(parse(bytes).size(), 0u);
}

TEST(PickleReader, RememberedObjectsAreShared) {
  const Value value = parse(whole("("s + text("shared") + "q\x05h\x05t"));
  EXPECT_EQ(value.at(0).as_string(), "shared");
  EXPECT_EQ(value.at(1).as_string(), "shared");
}

TEST(PickleReader, ReadsWhatTorchNeedsAsPlainData) {
  EXPECT_EQ(parse(whole(global("torch", "bfloat16"))).as_string(), "bfloat16");
  EXPECT_EQ(parse(whole(call(global("torch", "device"), {text("cuda"), integer(0)}))).as_string(), "cuda");
  EXPECT_EQ(parse(whole(call(global("torch", "Size"), {integers({2, 3})}))).at(1).as_int(), 3);
  EXPECT_EQ(parse(whole(call(global("collections", "OrderedDict"), {list({tuple({text("a"), integer(4)})})})))
                .at("a")
                .as_int(),
            4);
  // A state dict carries its `_metadata` as state.
  EXPECT_EQ(parse(whole(call(global("collections", "OrderedDict"), {}) + pickle::dict({text("_metadata"), "}"}) + "b"))
                .size(),
            0u);
}

TEST(PickleReader, ReadsNumPyScalars) {
  const auto dtype = call(global("numpy", "dtype"), {text("f8"), "\x89", "\x88"}) +
                     tuple({integer(3), text("<"), "N", "N", "N", integer(-1), integer(-1), integer(0)}) + "b";
  // 0.7 = 0x3fe6666666666666; bytes above 0x7f stand as two in UTF-8.
  const auto bytes = call(global("_codecs", "encode"), {text("ffffff\xc3\xa6?"), text("latin1")});
  EXPECT_EQ(parse(whole(call(global("numpy.core.multiarray", "scalar"), {dtype, bytes}))).as_double(), 0.7);
}

TEST(PickleReader, TensorsAreViewsOfTheirStorage) {
  int asked = 0;
  const auto source = [&](const std::string& key, at::ScalarType dtype, int64_t size) {
    ++asked;
    EXPECT_EQ(key, "s");
    return at::arange(size).to(dtype);
  };
  const auto bytes = whole(
      tuple({tensor(storage("s", 6), 0, {2, 3}, {3, 1}), tensor(storage("s", 6), 1, {2}, {3}),
             call(global("torch._utils", "_rebuild_parameter"), {tensor(storage("s", 6), 5, {}, {}), "\x88", "}"})}));
  const Value value = parse(bytes, source);
  EXPECT_EQ(asked, 1);
  EXPECT_TRUE(at::equal(value.at(0).as_tensor(), at::arange(6, at::kFloat).view({2, 3})));
  EXPECT_TRUE(at::equal(value.at(1).as_tensor(), at::tensor({1.0f, 4.0f})));
  EXPECT_EQ(value.at(2).as_tensor().item<float>(), 5);
  EXPECT_TRUE(value.at(1).as_tensor().is_alias_of(value.at(0).as_tensor()));
}

TEST(PickleReader, RefusesEveryUnknownGlobalByName) {
  expect_refused(whole(call(global("os", "system"), {text("touch /tmp/owned")})), "'os.system'");
  expect_refused(whole(call(global("posix", "system"), {text("x")})), "'posix.system'");
  expect_refused(whole(call(global("builtins", "eval"), {text("1")})), "'builtins.eval'");
  expect_refused(whole(call(global("torch", "load"), {text("x")})), "'torch.load'");
  expect_refused("\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x01x\x85R.", "'os.system'");
  expect_refused(whole("(ios\nsystem\n"), "0x69");  // INST
}

TEST(PickleReader, RefusesTensorsOutsideTheirStorage) {
  const auto refuse = [](int32_t offset, const std::vector<int32_t>& sizes, const std::vector<int32_t>& strides) {
    expect_refused(whole(tensor(storage("s", 6), offset, sizes, strides)), "outside its storage");
  };
  refuse(0, {7}, {1});
  refuse(1, {6}, {1});
  refuse(-1, {1}, {1});
  refuse(5, {2}, {-1});
  refuse(0, {-1}, {1});
  refuse(0, {2, 2}, {6, 1});
  refuse(6, {}, {});
  refuse(0, {INT32_MAX, INT32_MAX, INT32_MAX}, {0, 0, 0});
  refuse(0, {INT32_MAX, INT32_MAX, INT32_MAX}, {INT32_MAX, INT32_MAX, INT32_MAX});
  refuse(0, {1000}, {0});
  refuse(0, {0, INT32_MAX, INT32_MAX, INT32_MAX}, {1, 1, 1, 1});
  expect_refused(whole(tensor(storage("s", -6), 0, {0}, {1})), "at least 0");
  expect_refused(whole(tensor(storage("s", 6), 0, {2, 3}, {1})), "as many strides as sizes");
  expect_refused(whole(tensor(storage("s", 6), 0, std::vector<int32_t>(65, 1), std::vector<int32_t>(65, 1))),
                 "at most 64");
}

TEST(PickleReader, RefusesStoragesDescribedInTwoWays) {
  expect_refused(
      whole(tuple({tensor(storage("s", 6), 0, {1}, {1}), tensor(storage("s", 6, "LongStorage"), 0, {1}, {1})})),
      "in two ways");
  expect_refused(whole(tuple({tensor(storage("s", 6), 0, {1}, {1}), tensor(storage("s", 9), 8, {1}, {1})})),
                 "in two ways");
}

TEST(PickleReader, RefusesObjectsThatContainThemselves) {
  expect_refused(whole("]q"s + std::string(1, '\0') + "h"s + std::string(1, '\0') + "a"), "contains itself");
  expect_refused(whole("}q\x01"s + text("me") + "h\x01s"), "contains itself");
  expect_refused(whole("]q\x01(h\x01te"), "");
  expect_refused(whole("]q\x01h\x01\x85"
                       "a"),
                 "contains itself");
}

TEST(PickleReader, RefusesDeepNestingWithoutRecursion) {
  expect_refused(whole("N"s + std::string(1'000'000, '\x85')), "deeper than 100");
  EXPECT_EQ(parse(whole("N"s + std::string(100, '\x85'))).size(), 1u);
  // The depth stands in the shared part, seen first on its own.
  const auto half = "N"s + std::string(60, '\x85') + "q\x01";
  expect_refused(whole("(" + half + "h\x01"s + std::string(60, '\x85') + "t"), "deeper than 100");
}

TEST(PickleReader, RefusesSmallPicklesThatUnfoldToHugeTrees) {
  std::string bytes = "N";
  for (int i = 0; i < 60; ++i) bytes += "q\x01h\x01\x86";  // each tuple holds the one before twice
  expect_refused(whole(bytes), "unfolds to more than");
}

TEST(PickleReader, RefusesMoreObjectsThanTheLimit) {
  expect_refused(whole("("s + std::string(PickleReader::kMostObjects + 1, 'N') + "t"), "holds more than");
}

TEST(PickleReader, RefusesRepeatedKeys) {
  expect_refused(whole(pickle::dict({text("a"), integer(1), text("a"), integer(2)})), "'a'");
  expect_refused(whole(pickle::dict({integer(3), integer(1), integer(3), integer(2)})), "'3'");
  expect_refused(whole(pickle::dict({list({}), integer(1)})), "neither text nor a number");
}

TEST(PickleReader, RefusesBrokenStacks) {
  for (const std::string body :
       {"",  "t", "R",   "a",    "(K\x01",  "NN", "h\x01", "K\x01q", "(a", "}K\x01u", "}(K\x01u",
        "b", "Q", "NNs", "\x86", "]K\x01s", "NR", "\x93",  "l",      "e",  "(0"}) {
    SCOPED_TRACE(body);
    expect_refused(whole(body), "pickle");
  }
  expect_refused("", "ends early");
  expect_refused("\x80\x06N.", "protocol");
  expect_refused(whole("X\xff\xff\xff\xff"
                       "abc"),
                 "ends early");
  expect_refused(whole("\x8d\xff\xff\xff\xff\xff\xff\xff\xff"
                       "abc"),
                 "ends early");
  expect_refused(whole("\x8a\x09\1\1\1\1\1\1\1\1\1"), "at most 64 bits");
  expect_refused(whole("I99999999999999999999\n"), "at most 64 bits");
  expect_refused(whole("I1"), "line end");
  expect_refused(whole(global("torch", "FloatStorage")), "stands alone");
  expect_refused(whole(call(global("torch", "FloatStorage"), {})), "cannot be called");
}

// Every byte in turn replaced: the answer is a tree or an Error, never a crash.
TEST(PickleReader, SurvivesAnyDamagedByte) {
  const auto source = [](const std::string&, at::ScalarType dtype, int64_t size) {
    require(size <= 1000, "'test.pkl': no such storage");
    return at::zeros({size}, dtype);
  };
  const auto bytes =
      whole(pickle::dict({text("a"), tensor(storage("s", 6), 0, {2, 3}, {3, 1}), integer(1), list({"N", "\x88"})}));
  size_t refused = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (int value = 0; value < 256; ++value) {
      auto damaged = bytes;
      damaged[i] = static_cast<char>(value);
      try {
        parse(damaged, source);
      } catch (const Error&) {
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, 100 * bytes.size());
}

}  // namespace
}  // namespace epalm::io
