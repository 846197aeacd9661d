// Runs every golden case that is found when the program starts: tests/golden/cases and the folders in $EPALM_GOLDENS.
#include <gtest/gtest.h>

#include <cstdio>

#include "tests/golden/golden.h"

namespace epalm::golden {
namespace {

class Golden : public testing::TestWithParam<Case> {};

TEST_P(Golden, Matches) {
  const Case& test_case = GetParam();
  std::printf("case %s\n", test_case.folder.c_str());
  std::fflush(stdout);
  const auto checks = checks_for(test_case.name);
  if (checks.empty()) GTEST_SKIP() << "no check is built for the kind of " << test_case.name << " yet";
  for (const Check& check : checks) check(test_case);
}

std::string test_name(const testing::TestParamInfo<Case>& info) {
  std::string name = info.param.name + "_" + std::to_string(info.index);
  for (char& c : name) {
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(Cases, Golden, testing::ValuesIn(find_cases()), test_name);

}  // namespace

void PrintTo(const Case& test_case, std::ostream* out) {
  *out << test_case.folder.string();
}

}  // namespace epalm::golden

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
