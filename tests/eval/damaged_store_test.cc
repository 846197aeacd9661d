// Damages stores of features: whatever stands in the files, opening, reading and keeping go on with right numbers or
// none. EPALM_MUTATIONS: how many random damages.
#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>

#include "epalm/base/error.h"
#include "epalm/base/python_random.h"
#include "epalm/eval/feature_store.h"
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
constexpr size_t kPage = 4096;  // of the machines that tests run on; only where damage goes depends on it

std::string key(int64_t number) {
  return fmt::format("{:064x}", number * 0x9E3779B97F4A7C15);
}

at::Tensor features(int64_t number, int64_t rows, int64_t columns) {
  return at::arange(rows * columns, at::kFloat).view({rows, columns}).sin() * static_cast<double>(number);
}

// Every third value has pages of its own.
at::Tensor features(int64_t number) {
  return features(number, 1 + number % 3 * 8, 70);
}

void keep(FeatureStore& store, int64_t first, int64_t count) {
  std::vector<std::pair<std::string, at::Tensor>> entries;
  for (int64_t i = first; i < first + count; ++i) entries.emplace_back(key(i), features(i));
  store.keep(entries, FeaturePrecision::kFloat32);
}

std::string content(const path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

void write(const path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary) << bytes;
}

int mutations() {
  const char* wanted = std::getenv("EPALM_MUTATIONS");
  return wanted == nullptr ? 1000 : std::atoi(wanted);
}

// Those of trees, which say in their header what they are, and the two that begin the file.
std::vector<size_t> pages_of_trees(const std::string& bytes) {
  std::vector<size_t> pages;
  for (size_t page = 0; page < bytes.size() / kPage; ++page) {
    const auto kind = static_cast<unsigned char>(bytes[page * kPage + 10]);
    if (page < 2 || kind == 1 || kind == 2) pages.push_back(page);
  }
  return pages;
}

// Most damage goes where a tree is described; that to values is met by their checksums.
std::string damaged(std::string bytes, const std::vector<size_t>& trees, PythonRandom& random) {
  const auto below = [&](size_t end) { return static_cast<size_t>(random.randrange(static_cast<int64_t>(end))); };
  const auto any_page = [&] {
    return random.random() < 0.8 ? trees[below(trees.size())] : below(bytes.size() / kPage);
  };
  for (int64_t i = random.randint(1, 3); i > 0; --i) {
    const size_t page = any_page() * kPage % bytes.size();
    const size_t place = page + (random.random() < 0.6 ? below(160) : below(kPage));
    const size_t count = std::min<size_t>(bytes.size() - place, size_t{1} << random.randrange(4));
    switch (random.randrange(7)) {
      case 0:
        bytes[place] ^= static_cast<char>(1 << random.randrange(8));
        break;
      case 1:
        bytes[place] = static_cast<char>(random.getrandbits(8));
        break;
      case 2:
        std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(place), count, '\0');
        break;
      case 3:
        std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(place), count, '\xff');
        break;
      case 4:  // a number that names a page or a place
        bytes[place & ~size_t{1}] = static_cast<char>(below(trees.size() * 2));
        break;
      case 5:
        bytes.replace(page, kPage, bytes.substr(any_page() * kPage % bytes.size(), kPage));
        break;
      default:
        if (random.random() < 0.3) bytes.resize(below(bytes.size()) / kPage * kPage + kPage);
    }
  }
  return bytes;
}

constexpr int64_t kEntries = 240, kNew = 3;

// With values kept again, so that there are free pages, but most pages are in use.
std::string store_of_all_kinds(const path& folder) {
  FeatureStore store(folder, kMuch);
  keep(store, 0, kEntries);
  for (int64_t i = 0; i < 4; ++i) keep(store, i * 50, 5);
  return content(folder / "data.mdb");
}

TEST(DamagedStore, NeverEndsTheProcessNorGivesWrongNumbers) {
  const TemporaryFolder folder("store_mutated");
  const std::string whole = store_of_all_kinds(folder.path() / "whole");
  const std::vector<size_t> trees = pages_of_trees(whole);
  std::map<std::string, at::Tensor> expected;
  for (int64_t i = 0; i < kEntries + kNew; ++i) expected[key(i)] = features(i);
  PythonRandom random(5);
  int set_aside = 0, refused = 0, unharmed = 0;
  Warnings warnings;
  for (int i = 0; i < mutations(); ++i) {
    const path store_folder = folder.path() / "store", data = store_folder / "data.mdb";
    std::filesystem::remove_all(store_folder);
    std::filesystem::create_directories(store_folder);
    const std::string bytes = damaged(whole, trees, random);
    write(data, bytes);
    write(folder.path() / "last", bytes);
    warnings.clear();
    bool right = true;
    try {
      FeatureStore store(store_folder, kMuch);
      const auto read = [&] {
        int64_t found = 0;
        for (const auto& [name, numbers] : expected) {
          const auto kept = store.find(name);
          right = right && (!kept || at::equal(*kept, numbers));
          found += kept ? 1 : 0;
        }
        return found;
      };
      read();
      if (i % 3 == 0) {                                  // not each time: the disk is slow
        keep(store, kEntries / 2, kEntries / 2 + kNew);  // frees pages, and uses free ones
        EXPECT_EQ(store.stopped(), "");
        EXPECT_GE(read(), kEntries / 2 + kNew);
      }
      ASSERT_LE(warnings.lines().size(), 1U);
      if (warnings.lines().empty()) {
        ++unharmed;
      } else {
        ++set_aside;
        EXPECT_THAT(warnings.lines()[0], AllOf(HasSubstr(store_folder.string()), HasSubstr("is set aside")));
        EXPECT_TRUE(content(store_folder / "data.mdb.damaged") == bytes);
      }
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), AllOf(HasSubstr(store_folder.string()), HasSubstr("delete")));
      ++refused;
    }
    EXPECT_TRUE(right);
    if (HasFailure()) {
      write(folder.path().string() + ".found", bytes);
      FAIL() << "damage " << i << ", kept as " << folder.path() << ".found";
    }
  }
  std::printf("%d damages: %d set aside, %d refused, %d without harm to the trees\n", mutations(), set_aside, refused,
              unharmed);
  EXPECT_GT(set_aside, mutations() / 5);
  EXPECT_GT(unharmed, 0);
}

TEST(DamagedStore, IsSetAsideOnceWithOneWarning) {
  const TemporaryFolder folder("store_aside");
  const path data = folder.path() / "data.mdb";
  std::string bytes = store_of_all_kinds(folder.path());
  const std::vector<size_t> trees = pages_of_trees(bytes);
  for (size_t i = 2; i < trees.size(); ++i) bytes[trees[i] * kPage] ^= '\x01';  // its own number
  write(data, bytes);
  Warnings warnings;
  {
    FeatureStore store(folder.path(), kMuch);
    EXPECT_EQ(store.entries(), 0);
    EXPECT_FALSE(store.find(key(1)));
    keep(store, 1, 1);
  }
  EXPECT_THAT(warnings.lines(), ElementsAre(AllOf(HasSubstr(folder.path().string()), HasSubstr("of another kind"),
                                                  HasSubstr("set aside as data.mdb.damaged"))));
  EXPECT_TRUE(content(folder.path() / "data.mdb.damaged") == bytes);
  FeatureStore store(folder.path(), kMuch);
  EXPECT_TRUE(store.find(key(1)));
  EXPECT_EQ(warnings.lines().size(), 1U);
}

TEST(DamagedStore, IsSetAsideWhereItsFormatCannotBeRead) {
  const TemporaryFolder folder("store_format");
  { FeatureStore store(folder.path(), kMuch); }
  std::string bytes = content(folder.path() / "data.mdb");
  const std::string mark = "epalm features";
  const size_t place = bytes.find(mark);
  ASSERT_NE(place, std::string::npos);
  bytes[place + mark.size()] = '\0';
  write(folder.path() / "data.mdb", bytes);
  const Warnings warnings;
  FeatureStore store(folder.path(), kMuch);
  keep(store, 1, 1);
  EXPECT_TRUE(store.find(key(1)));
  EXPECT_THAT(warnings.lines(), ElementsAre(AllOf(HasSubstr("names no format"), HasSubstr("is set aside"))));
}

// The kind of the pages that begin the file is looked at on opening alone: who has it open works on.
TEST(DamagedStore, IsLeftToTheProcessesThatHaveItOpen) {
  const TemporaryFolder folder("store_left");
  const path data = folder.path() / "data.mdb";
  int to_child[2], to_parent[2];
  ASSERT_EQ(pipe(to_child), 0);
  ASSERT_EQ(pipe(to_parent), 0);
  const pid_t id = fork();
  ASSERT_GE(id, 0);
  if (id == 0) {
    FeatureStore store(folder.path(), kMuch);
    keep(store, 0, 30);
    char go = 0;
    bool right = ::write(to_parent[1], "x", 1) == 1 && read(to_child[0], &go, 1) == 1;
    for (int64_t i = 0; i < 30; ++i) right = right && store.find(key(i)).has_value();
    keep(store, 100, 20);
    for (int64_t i = 100; i < 120; ++i) right = right && store.find(key(i)).has_value();
    _exit(right && store.stopped().empty() ? 0 : 1);
  }
  char made = 0;
  ASSERT_EQ(read(to_parent[0], &made, 1), 1);
  {
    std::fstream file(data, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(10).put('\x07');
  }
  const Warnings warnings;
  {
    FeatureStore store(folder.path(), kMuch);
    keep(store, 200, 20);
    EXPECT_EQ(store.entries(), 20);
  }
  ASSERT_EQ(::write(to_child[1], "x", 1), 1);
  int status = 0;
  ASSERT_EQ(waitpid(id, &status, 0), id);
  EXPECT_EQ(status, 0);
  FeatureStore store(folder.path(), kMuch);
  EXPECT_EQ(store.entries(), 20);
  EXPECT_THAT(warnings.lines(), ElementsAre(HasSubstr("set aside")));
  for (const int end : {to_child[0], to_child[1], to_parent[0], to_parent[1]}) close(end);
}

// Values of all sizes, kept again and again in transactions of all sizes: what LMDB makes of that is whole.
TEST(DamagedStore, IsNotSeenInAnyThatWasKeptOrderly) {
  const TemporaryFolder folder("store_orderly");
  PythonRandom random(3);
  std::map<int64_t, std::pair<int64_t, int64_t>> sizes;
  const Warnings warnings;
  for (int round = 0; round < 40; ++round) {
    FeatureStore store(folder.path(), kMuch);
    for (int64_t transactions = random.randint(1, 6); transactions > 0; --transactions) {
      std::vector<std::pair<std::string, at::Tensor>> entries;
      for (int64_t count = random.random() < 0.1 ? 150 : random.randint(1, 30); count > 0; --count) {
        const int64_t number = random.randrange(400);
        sizes[number] = {random.randint(1, 13), random.random() < 0.5 ? random.randint(1, 40) : 768};
        entries.emplace_back(key(number), features(number, sizes[number].first, sizes[number].second));
      }
      store.keep(entries, FeaturePrecision::kFloat32);
    }
    ASSERT_EQ(store.entries(), std::ssize(sizes)) << testing::PrintToString(warnings.lines());
  }
  EXPECT_THAT(warnings.lines(), ElementsAre());
  FeatureStore store(folder.path(), kMuch);
  for (const auto& [number, size] : sizes) {
    const auto found = store.find(key(number));
    ASSERT_TRUE(found) << number;
    EXPECT_TRUE(at::equal(*found, features(number, size.first, size.second))) << number;
  }
}

}  // namespace
}  // namespace epalm::eval
