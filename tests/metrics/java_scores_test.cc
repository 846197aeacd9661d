#include "epalm/metrics/java_scores.h"

#include <gmock/gmock.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "epalm/base/error.h"

namespace epalm::metrics {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

const std::vector<CaptionItem> kItems{{{"a", "cat", "|||x"}, {{"a", "cat"}, {"the", "cat"}}},
                                      {{"dog"}, {{"a", "dog"}}}};

// A folder with empty jars and a `java` that is this shell script, found first on the PATH.
class FakeJava : public testing::Test {
 protected:
  void SetUp() override {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::path(testing::TempDir()) / (std::string("epalm_java_") + test->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    std::ofstream(folder_ / "meteor.jar");
    std::ofstream(folder_ / "spice.jar");
    options_ = {.meteor_jar = folder_ / "meteor.jar", .spice_jar = folder_ / "spice.jar", .limit_s = 20};
    old_path_ = std::getenv("PATH");
    setenv("PATH", (folder_.string() + ":" + old_path_).c_str(), 1);
  }
  void TearDown() override { setenv("PATH", old_path_.c_str(), 1); }
  void java(const std::string& script) {
    std::ofstream(folder_ / "java") << "#!/bin/sh\n" << script << "\n";
    fs::permissions(folder_ / "java", fs::perms::owner_all);
  }

  fs::path folder_;
  std::string old_path_;
  JavaOptions options_;
};

TEST_F(FakeJava, MeteorSpeaksTheProtocolOfItsProgram) {
  java(
      "echo \"$@\" > args; pwd > pwd\n"
      "while read -r kind rest; do case $kind in\n"
      "SCORE) echo \"SCORE $rest\" >> asked; echo \"1.0 2.0 3.0\";;\n"
      "EVAL) echo \"EVAL $rest\" >> asked; echo 0.25; echo 0.5; echo 0.375;; esac; done");
  const JavaScore score = meteor(kItems, options_);
  EXPECT_EQ(score.reason, "");
  EXPECT_EQ(score.value, 0.375);
  std::ifstream asked(folder_ / "asked"), arguments(folder_ / "args");
  std::string line;
  std::getline(asked, line);
  EXPECT_EQ(line, "SCORE ||| a cat ||| the cat ||| a cat x");
  std::getline(asked, line);
  EXPECT_EQ(line, "SCORE ||| a dog ||| dog");
  std::getline(asked, line);
  EXPECT_EQ(line, "EVAL ||| 1.0 2.0 3.0 ||| 1.0 2.0 3.0");
  std::getline(arguments, line);
  EXPECT_THAT(line, HasSubstr("meteor.jar - - -stdio -l en -norm"));
}

TEST_F(FakeJava, SpiceIsTheMeanOfItsScores) {
  java(
      "while [ \"$1\" != -out ]; do in=$1; shift; done; cp \"$in\" seen.json\n"
      "echo '[{\"image_id\":0,\"scores\":{\"All\":{\"f\":0.5}}},{\"image_id\":1,\"scores\":{\"All\":{\"f\":0.25}}}]' > "
      "\"$2\"");
  const JavaScore score = spice(kItems, options_);
  EXPECT_EQ(score.reason, "");
  EXPECT_EQ(score.value, 0.375);
  std::ifstream seen(folder_ / "seen.json");
  std::string text;
  std::getline(seen, text);
  EXPECT_EQ(
      text,
      R"([{"image_id":0,"refs":["a cat","the cat"],"test":"a cat |||x"},{"image_id":1,"refs":["a dog"],"test":"dog"}])");
}

TEST_F(FakeJava, ATooSlowProgramIsEnded) {
  java("echo $$ > pid; exec sleep 60");
  options_.limit_s = 0.3;
  const auto start = std::chrono::steady_clock::now();
  EXPECT_THAT(meteor(kItems, options_).reason, HasSubstr("longer than 0.3 s"));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(30));
  int pid = 0;
  std::ifstream(folder_ / "pid") >> pid;
  if (pid > 0) {
    EXPECT_FALSE(fs::exists("/proc/" + std::to_string(pid)));
  }
}

TEST_F(FakeJava, FailuresAreReasonsAndNoScores) {
  java("echo out of heap >&2; exit 3");
  EXPECT_EQ(meteor(kItems, options_).reason, "java ended with code 3: out of heap");
  EXPECT_FALSE(spice(kItems, options_).value);
  java("cat > /dev/null; echo nonsense");
  EXPECT_EQ(meteor(kItems, options_).reason, "it gave 1 lines for 2 captions");
  EXPECT_EQ(spice(kItems, options_).reason, "its scores could not be read");
  options_.meteor_jar = folder_ / "none.jar";
  EXPECT_THAT(meteor(kItems, options_).reason, HasSubstr("there is no file"));
  EXPECT_EQ(meteor(kItems, {}).reason, "EPALM_METEOR_JAR is not set");
  EXPECT_EQ(spice(kItems, {}).reason, "EPALM_SPICE_JAR is not set");
}

TEST_F(FakeJava, InterruptionEndsTheProgram) {
  java("exec sleep 60");
  options_.interrupted = [] { return true; };
  EXPECT_THROW(meteor(kItems, options_), Interrupted);
}

TEST(RunWithInput, GivesArgumentsWithoutAShellAndManyBytesBothWays) {
  const std::string many(3'000'000, 'x');
  const auto echoed = run_with_input({"cat"}, "/", many, 60);
  EXPECT_EQ(echoed.exit_code, 0);
  EXPECT_EQ(echoed.output, many);
  EXPECT_EQ(run_with_input({"printf", "%s", "$(id); `id` 'a"}, "/", "", 60).output, "$(id); `id` 'a");
  EXPECT_FALSE(run_with_input({"no-such-program-anywhere"}, "/", "", 60).exit_code);
  EXPECT_EQ(run_with_input({"false"}, "/", many, 60).exit_code, 1);  // reads nothing
}

}  // namespace
}  // namespace epalm::metrics
