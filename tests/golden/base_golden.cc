#include <algorithm>
#include <fstream>
#include <numeric>

#include "epalm/base/numpy_random.h"
#include "epalm/base/python_random.h"
#include "tests/golden/golden.h"

namespace epalm::golden {
namespace {

// The case keeps only the beginning of long lists.
void expect_beginning(const std::vector<int64_t>& got, const nlohmann::json& expected, const std::string& what) {
  const auto beginning = expected.get<std::vector<int64_t>>();
  ASSERT_LE(beginning.size(), got.size()) << what;
  EXPECT_TRUE(std::equal(beginning.begin(), beginning.end(), got.begin())) << what;
}

// Each list is what a freshly seeded generator gives.
void check_python(const nlohmann::json& entry) {
  const auto seed = entry["seed"].get<uint64_t>();
  const auto n = entry["n"].get<int64_t>();
  SCOPED_TRACE(testing::Message() << "seed " << seed << ", n " << n);
  for (const auto& [name, expected] : entry.items()) {
    if (name == "seed" || name == "n") continue;
    PythonRandom random(seed);
    std::vector<int64_t> range(static_cast<size_t>(n));
    nlohmann::json got = nlohmann::json::array();
    if (name == "shuffle") {
      std::iota(range.begin(), range.end(), 0);
      random.shuffle(range);
      expect_beginning(range, expected, name);
      continue;
    } else if (name == "sample_n//3") {
      expect_beginning(random.sample_indices(n, n / 3), expected, name);
      continue;
    } else if (name == "choice_from_range(3,3+n)") {
      std::iota(range.begin(), range.end(), 3);
      for (size_t i = 0; i < expected.size(); ++i) got.push_back(random.choice(range));
    } else if (name == "random") {
      for (size_t i = 0; i < expected.size(); ++i) got.push_back(random.random());
    } else if (name == "randint(0,n-1)") {
      for (size_t i = 0; i < expected.size(); ++i) got.push_back(random.randint(0, n - 1));
    } else {
      FAIL() << "the case has '" << name << "', which is not known here";
    }
    EXPECT_EQ(got, expected) << name;
  }
}

void check_numpy(const nlohmann::json& entry) {
  const auto seed = entry["seed"].get<uint32_t>();
  SCOPED_TRACE(testing::Message() << "numpy, seed " << seed);
  for (const auto& [name, expected] : entry.items()) {
    if (name == "seed") continue;
    NumpyRandom random(seed);
    nlohmann::json got = nlohmann::json::array();
    if (name == "random_sample") {
      for (size_t i = 0; i < expected.size(); ++i) got.push_back(random.random());
    } else if (name == "permutation(7)") {
      got = random.permutation(7);
    } else if (name == "multinomial(1,[.2,.3,.5]) argmax x10") {
      for (size_t i = 0; i < expected.size(); ++i) got.push_back(random.draw({0.2, 0.3, 0.5}));
    } else if (name == "choice(10 names,2) idx") {
      for (const auto& pair : expected) {
        nlohmann::json names = nlohmann::json::array();
        for (size_t i = 0; i < pair.size(); ++i)
          names.push_back(std::string(1, static_cast<char>('a' + random.randrange(10))));
        got.push_back(names);
      }
    } else {
      FAIL() << "the case has '" << name << "', which is not known here";
    }
    EXPECT_EQ(got, expected) << name;
  }
}

void check_random(const Case& test_case) {
  std::ifstream file(test_case.file("random.json"));
  const auto results = nlohmann::json::parse(file);
  for (const auto& [kind, entries] : results.items()) {
    ASSERT_TRUE(kind == "python" || kind == "numpy") << kind;
    for (const auto& entry : entries) kind == "python" ? check_python(entry) : check_numpy(entry);
  }
}

const bool registered = register_check("python_random", check_random);

}  // namespace
}  // namespace epalm::golden
