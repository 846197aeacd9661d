#include "epalm/eval/feature_store.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <lmdb.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "epalm/base/error.h"
#include "tests/base/warnings.h"
#include "tests/train/tiny_run.h"

namespace epalm::eval {
namespace {

using std::filesystem::path;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using train::TemporaryFolder;

constexpr int64_t kMuch = 1'000'000'000;

std::string key(int64_t number) {
  return fmt::format("{:064x}", number);
}

// [3,40], different for each number.
at::Tensor features(int64_t number) {
  return at::arange(120, at::kFloat).view({3, 40}).sin() * (1 + static_cast<double>(number));
}

void keep(FeatureStore& store, int64_t number, FeaturePrecision precision = FeaturePrecision::kFloat32) {
  const std::pair<std::string, at::Tensor> entry(key(number), features(number));
  store.keep(std::span(&entry, 1), precision);
}

// In one transaction.
void keep_many(FeatureStore& store, int64_t first, int64_t count) {
  std::vector<std::pair<std::string, at::Tensor>> entries;
  for (int64_t i = first; i < first + count; ++i) entries.emplace_back(key(i), features(i));
  store.keep(entries, FeaturePrecision::kFloat32);
}

bool holds(FeatureStore& store, int64_t number) {
  const auto found = store.find(key(number));
  return found && at::equal(*found, features(number));
}

std::string refusal_of(const path& folder) {
  try {
    const FeatureStore store(folder, kMuch);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

std::string content(const path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

void write(const path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary) << bytes;
}

// Also in pages that are in use no more. Whether there was one.
bool replace_all(std::string& bytes, const std::string& wanted, const std::string& other) {
  bool found = false;
  for (size_t place = 0; (place = bytes.find(wanted, place)) != std::string::npos; found = true) {
    bytes.replace(place, wanted.size(), other);
  }
  return found;
}

// Puts one record into a plain LMDB environment, as another program or another version would.
void put_plainly(const path& folder, std::string name, std::string value) {
  std::filesystem::create_directories(folder);
  MDB_env* environment = nullptr;
  MDB_txn* transaction = nullptr;
  MDB_dbi table = 0;
  ASSERT_EQ(mdb_env_create(&environment), 0);
  ASSERT_EQ(mdb_env_open(environment, folder.c_str(), 0, 0664), 0);
  ASSERT_EQ(mdb_txn_begin(environment, nullptr, 0, &transaction), 0);
  ASSERT_EQ(mdb_dbi_open(transaction, nullptr, 0, &table), 0);
  MDB_val key{name.size(), name.data()}, data{value.size(), value.data()};
  ASSERT_EQ(mdb_put(transaction, table, &key, &data, 0), 0);
  ASSERT_EQ(mdb_txn_commit(transaction), 0);
  mdb_env_close(environment);
}

struct Bound {
  FeaturePrecision precision;
  double relative, absolute;
};

std::string name_of(const Bound& bound) {
  return bound.absolute > 0 ? "fp16" : bound.relative > 0 ? "bf16" : "fp32";
}

class EveryPrecision : public testing::TestWithParam<Bound> {};

// Rounding to the nearest number of p significant bits is off by at most 2^-p of it: p is 8 and 11. Numbers of fp16
// below 2^-14 are 2^-24 apart.
TEST_P(EveryPrecision, GivesBackWhatWasKeptWithinItsBound) {
  const TemporaryFolder folder("store_round");
  const auto& [precision, relative, absolute] = GetParam();
  at::manual_seed(1);
  const at::Tensor exponents = at::rand({13, 77}) * 30 - 24;
  at::Tensor numbers = at::randn({13, 77}).sign() * exponents.exp2();
  numbers[0][0] = 0;
  numbers[0][1] = 0.1F;
  const std::pair<std::string, at::Tensor> entry("a", numbers);
  FeatureStore(folder.path(), kMuch).keep(std::span(&entry, 1), precision);
  const auto found = FeatureStore(folder.path(), kMuch).find("a");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->scalar_type(), at::kFloat);
  EXPECT_TRUE(at::equal(*found, rounded(numbers, precision)));
  const at::Tensor error = (found->to(at::kDouble) - numbers.to(at::kDouble)).abs();
  EXPECT_TRUE((error <= numbers.to(at::kDouble).abs() * relative + absolute).all().item<bool>());
  EXPECT_EQ(at::equal(*found, numbers), precision == FeaturePrecision::kFloat32);
}

INSTANTIATE_TEST_SUITE_P(FeatureStore, EveryPrecision,
                         testing::Values(Bound{FeaturePrecision::kFloat32, 0, 0},
                                         Bound{FeaturePrecision::kBFloat16, 0x1p-8, 0},
                                         Bound{FeaturePrecision::kFloat16, 0x1p-11, 0x1p-25}),
                         [](const auto& info) { return name_of(info.param); });

TEST(FeatureStore, KnowsItsPrecisionsByName) {
  EXPECT_EQ(feature_precision_named("bf16"), FeaturePrecision::kBFloat16);
  EXPECT_THROW(feature_precision_named("int8"), Error);
}

TEST(FeatureStore, KeepsTheNewValueOfAKey) {
  const TemporaryFolder folder("store_again");
  FeatureStore store(folder.path(), kMuch);
  EXPECT_FALSE(store.find(key(1)));
  keep(store, 1, FeaturePrecision::kBFloat16);
  EXPECT_FALSE(holds(store, 1));
  keep(store, 1);
  EXPECT_TRUE(holds(store, 1));
  EXPECT_EQ(store.entries(), 1);
  EXPECT_GT(store.bytes_on_disk(), 0);
  EXPECT_EQ(store.damaged(), 0);
}

TEST(FeatureStore, TakesADamagedValueForAbsentUntilItIsKeptAgain) {
  const TemporaryFolder folder("store_damaged");
  {
    FeatureStore store(folder.path(), kMuch);
    for (int64_t i = 0; i < 20; ++i) keep(store, i);
  }
  const path file = folder.path() / "data.mdb";
  const at::Tensor numbers = features(7);
  const std::string wanted(static_cast<const char*>(numbers.data_ptr()), numbers.nbytes());
  std::string bytes = content(file), damaged = wanted;
  damaged[100] ^= 1;
  ASSERT_TRUE(replace_all(bytes, wanted, damaged));
  write(file, bytes);
  {
    FeatureStore store(folder.path(), kMuch);
    EXPECT_FALSE(store.find(key(7)));
    EXPECT_EQ(store.damaged(), 1);
    EXPECT_TRUE(holds(store, 6));
    keep(store, 7);
    EXPECT_TRUE(holds(store, 7));
    EXPECT_EQ(store.entries(), 20);
  }
  FeatureStore store(folder.path(), kMuch);
  EXPECT_TRUE(holds(store, 7));
  EXPECT_EQ(store.damaged(), 0);
}

// A value that a damaged tree gives for another key is not taken for that key's.
TEST(FeatureStore, KnowsAValueThatStandsUnderAnotherKey) {
  const TemporaryFolder folder("store_swapped");
  {
    FeatureStore store(folder.path(), kMuch);
    keep(store, 1);
  }
  std::string bytes = content(folder.path() / "data.mdb");
  ASSERT_TRUE(replace_all(bytes, key(1), key(2)));
  write(folder.path() / "data.mdb", bytes);
  FeatureStore store(folder.path(), kMuch);
  EXPECT_EQ(store.entries(), 1);
  EXPECT_FALSE(store.find(key(2)));
  EXPECT_EQ(store.damaged(), 1);
}

TEST(FeatureStore, OutlivesAFileThatIsCutAnywhere) {
  const TemporaryFolder folder("store_cut");
  {
    FeatureStore store(folder.path() / "whole", kMuch);
    for (int64_t i = 0; i < 60; i += 5) keep_many(store, i, 5);
  }
  const std::string whole = content(folder.path() / "whole/data.mdb");
  int refused = 0, wrong = 0, lost = 0;
  const Warnings warnings;
  for (size_t size = 1; size < whole.size(); size += 4099) {
    const path cut = folder.path() / std::to_string(size);
    std::filesystem::create_directories(cut);
    write(cut / "data.mdb", whole.substr(0, size));
    try {
      FeatureStore store(cut, kMuch);
      for (int64_t i = 0; i < 60; ++i) {
        const auto found = store.find(key(i));
        if (!found) ++lost;
        if (found && !at::equal(*found, features(i))) ++wrong;
      }
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), AllOf(HasSubstr(cut.string()), HasSubstr("delete this one")));
      ++refused;
    }
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(lost + refused, 0);
}

TEST(FeatureStore, StopsKeepingWithOneWarningWhenItIsFull) {
  const TemporaryFolder folder("store_full");
  const Warnings warnings;
  {
    FeatureStore store(folder.path(), 1'000'000);
    for (int64_t i = 0; i < 3000; i += 50) keep_many(store, i, 50);
    EXPECT_THAT(store.stopped(), HasSubstr("feature_cache_gb"));
    EXPECT_THAT(warnings.lines(), ElementsAre(AllOf(HasSubstr(folder.path().string()), HasSubstr("it is full"))));
    EXPECT_GT(store.entries(), 300);
    EXPECT_LT(store.entries(), 3000);
    EXPECT_LE(store.bytes_on_disk(), 1'000'000);
    for (int64_t i = 0; i < store.entries(); ++i) EXPECT_TRUE(holds(store, i)) << i;
    EXPECT_FALSE(store.find(key(2999)));
  }
  FeatureStore store(folder.path(), kMuch);
  keep(store, 2999);
  EXPECT_TRUE(holds(store, 2999));
  EXPECT_EQ(store.stopped(), "");
}

// As a full disk, but of this process alone.
TEST(FeatureStore, StopsKeepingWithOneWarningWhenTheDiskIsFull) {
  const TemporaryFolder folder("store_disk");
  const Warnings warnings;
  FeatureStore store(folder.path(), kMuch);
  keep(store, 0);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit little{static_cast<rlim_t>(store.bytes_on_disk()), before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &little), 0);
  for (int64_t i = 1; i < 200; ++i) keep(store, i);
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_THAT(store.stopped(), HasSubstr("cannot be written"));
  EXPECT_EQ(warnings.lines().size(), 1u);
  EXPECT_TRUE(holds(store, 0));
  EXPECT_FALSE(store.find(key(199)));
}

TEST(FeatureStore, SharesOneEnvironmentBetweenTheHandlesOfAProcess) {
  const TemporaryFolder folder("store_handles");
  FeatureStore one(folder.path(), kMuch), other(folder.path() / "." / "", kMuch);
  keep(one, 1);
  EXPECT_TRUE(holds(other, 1));
  keep(other, 2);
  EXPECT_TRUE(holds(one, 2));
}

TEST(FeatureStore, IsReadAndWrittenBySeveralProcessesAtATime) {
  const TemporaryFolder folder("store_processes");
  constexpr int64_t kEach = 100;
  // Each with its own keys, and all with key 1000.
  const auto work = [&](int64_t first) {
    try {
      FeatureStore store(folder.path(), kMuch);
      for (int64_t i = first; i < first + kEach; ++i) {
        keep(store, i);
        keep(store, 1000);
        if (!holds(store, i) || !holds(store, 1000)) return false;
      }
      return true;
    } catch (const Error&) {
      return false;
    }
  };
  std::vector<pid_t> children;
  for (int64_t child = 1; child <= 2; ++child) {
    const pid_t id = fork();
    ASSERT_GE(id, 0);
    if (id == 0) _exit(work(child * kEach) ? 0 : 1);
    children.push_back(id);
  }
  EXPECT_TRUE(work(0));
  for (const pid_t id : children) {
    int status = 0;
    ASSERT_EQ(waitpid(id, &status, 0), id);
    EXPECT_EQ(status, 0);
  }
  FeatureStore store(folder.path(), kMuch);
  EXPECT_EQ(store.entries(), 3 * kEach + 1);
  for (int64_t i = 0; i < 3 * kEach; ++i) EXPECT_TRUE(holds(store, i)) << i;
}

TEST(FeatureStore, FollowsAnotherProcessThatHasAHigherLimit) {
  const TemporaryFolder folder("store_grown");
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t id = fork();
  ASSERT_GE(id, 0);
  if (id == 0) {
    char go = 0;
    const bool told = read(ready[0], &go, 1) == 1;
    FeatureStore store(folder.path(), kMuch);
    keep_many(store, 0, 2000);
    _exit(told && store.stopped().empty() ? 0 : 1);
  }
  FeatureStore store(folder.path(), 1'000'000);
  ASSERT_EQ(::write(ready[1], "x", 1), 1);
  int status = 0;
  ASSERT_EQ(waitpid(id, &status, 0), id);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(holds(store, 1999));
  EXPECT_GT(store.bytes_on_disk(), 1'000'000);
  close(ready[0]);
  close(ready[1]);
}

TEST(FeatureStore, RefusesWhatIsNoStoreOfItsOwnWithOneSentence) {
  const TemporaryFolder folder("store_refusals");
  const path photos = folder.path() / "photos", text = folder.path() / "text", file = folder.path() / "file";
  std::filesystem::create_directories(photos);
  write(photos / "cat.jpg", "a cat");
  EXPECT_THAT(refusal_of(photos), AllOf(HasSubstr(photos.string()), HasSubstr("cat.jpg"), HasSubstr("empty or a new")));
  EXPECT_FALSE(std::filesystem::exists(photos / "data.mdb"));

  std::filesystem::create_directories(text);
  write(text / "data.mdb", std::string(10'000, 'x'));
  EXPECT_THAT(refusal_of(text), AllOf(HasSubstr(text.string()), HasSubstr("another program")));

  write(file, "");
  EXPECT_THAT(refusal_of(file), AllOf(HasSubstr(file.string()), HasSubstr("name a folder")));

  put_plainly(folder.path() / "other", "name", "value");
  EXPECT_THAT(refusal_of(folder.path() / "other"), HasSubstr("of another program (it has records"));

  put_plainly(folder.path() / "future", "epalm features", "2");
  EXPECT_THAT(refusal_of(folder.path() / "future"), AllOf(HasSubstr("has format '2', this program has '1'")));

  EXPECT_EQ(refusal_of(folder.path() / "new"), "no error");
  EXPECT_EQ(refusal_of(folder.path() / "new"), "no error");
}

}  // namespace
}  // namespace epalm::eval
