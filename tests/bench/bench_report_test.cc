#include "epalm/bench/bench_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace epalm::bench {
namespace {

using testing::HasSubstr;
using testing::Not;

infer::Machine machine() {
  infer::Machine result;
  result.cpu = "Some CPU";
  result.cores = 2;
  result.threads = 1;
  result.memory_gb = 24;
  result.system = "Linux";
  result.libraries = {{"libtorch", "1.2.3"}};
  return result;
}

RowResult measured() {
  RowResult result;
  result.row.name = "fake.fast";
  result.row.what = "a loop, against a slower loop";
  result.row.unit = "loops/s";
  result.row.precision = "fp32";
  result.row.target = Target{Target::Kind::kRatioAtLeast, 5};
  result.measured.value = 12'345.6;
  result.measured.twin = 3'000;
  result.measured.ratio = 4.1152;
  result.measured.strong = 1.5;
  result.measured.peak_rss_gb = 0.25;
  result.measured.twin_peak_rss_gb = 0.75;
  result.roofline = Roofline{Roofline::Bound::kMemory, 77.4, 21.6};
  result.measured.note = "10 loops";
  return result;
}

RowResult unmeasured() {
  RowResult result;
  result.row.name = "fake.absent";
  result.measured.note = "not measured: no program";
  return result;
}

TEST(BenchReport, JsonHasMachineAndRowsInTheAgreedShape) {
  const auto json = to_json(machine(), {measured()});
  EXPECT_EQ(json["machine"]["cpu"], "Some CPU");
  EXPECT_EQ(json["machine"]["cores"], 2);
  EXPECT_EQ(json["machine"]["libraries"]["libtorch"], "1.2.3");
  ASSERT_EQ(json["rows"].size(), 1u);
  const auto& row = json["rows"][0];
  EXPECT_EQ(row["name"], "fake.fast");
  EXPECT_EQ(row["value"], 12'345.6);
  EXPECT_EQ(row["unit"], "loops/s");
  EXPECT_EQ(row["twin"], 3'000);
  EXPECT_EQ(row["ratio"], 4.1152);
  EXPECT_EQ(row["strong"], 1.5);
  EXPECT_EQ(row["target"], 5);
  EXPECT_EQ(row["target_is"], "ratio at least");
  EXPECT_EQ(row["met"], false);
  EXPECT_EQ(row["peak_rss_gb"], 0.25);
  EXPECT_EQ(row["twin_peak_rss_gb"], 0.75);
  EXPECT_EQ(row["roofline"]["percent"], 77.4);
  EXPECT_EQ(row["roofline"]["bound"], "memory");
  EXPECT_EQ(row["roofline"]["peak"], 21.6);
  EXPECT_EQ(row["roofline"]["unit"], "GB/s");
  EXPECT_EQ(row["precision"], "fp32");
  EXPECT_TRUE(row["error"].is_null());
  EXPECT_FALSE(json.contains("growth"));
}

TEST(BenchReport, RooflineOfProductsIsInOperations) {
  RowResult result = measured();
  result.roofline = Roofline{Roofline::Bound::kProducts, 60, 250};
  const auto roofline = to_json(machine(), {result})["rows"][0]["roofline"];
  EXPECT_EQ(roofline["bound"], "products");
  EXPECT_EQ(roofline["unit"], "GFLOP/s");
  EXPECT_THAT(to_text(machine(), {result}), HasSubstr("60 % of 250 GFLOP/s"));
}

TEST(BenchReport, GrowthIsPointsByCurve) {
  const std::vector<GrowthCurve> curves{{"Caption by beams", "beams", "ms a caption", {{1, 20}, {4, 70.5}}}};
  const auto growth = to_json(machine(), {}, curves)["growth"];
  ASSERT_EQ(growth.size(), 1u);
  EXPECT_EQ(growth[0]["title"], "Caption by beams");
  EXPECT_EQ(growth[0]["points"], nlohmann::json::parse("[[1.0, 20.0], [4.0, 70.5]]"));
  const std::string text = to_text(machine(), {}, curves);
  EXPECT_THAT(text, testing::ContainsRegex("Caption by beams  beams +4  70.5  ms a caption"));
  EXPECT_THAT(text, Not(HasSubstr("plain path"))) << "no row, no table of rows";
}

TEST(BenchReport, JsonSaysNullForWhatIsNotThere) {
  RowResult failed;
  failed.error = "no clip";
  const auto rows = to_json(machine(), {unmeasured(), failed})["rows"];
  for (const char* key : {"value", "twin", "ratio", "strong", "target", "target_is", "met", "roofline", "peak_rss_gb",
                          "twin_peak_rss_gb", "precision", "error"}) {
    ASSERT_TRUE(rows[0].contains(key)) << key;
    EXPECT_TRUE(rows[0][key].is_null()) << key;
  }
  EXPECT_EQ(rows[0]["note"], "not measured: no program");
  EXPECT_EQ(rows[1]["error"], "no clip");
}

TEST(BenchReport, TextShowsMachineFiguresAndNotes) {
  const std::string text = to_text(machine(), {measured(), unmeasured()});
  EXPECT_THAT(text, HasSubstr("Some CPU, 2 cores, 1 threads"));
  EXPECT_THAT(text, HasSubstr("libtorch: 1.2.3"));
  EXPECT_THAT(text,
              testing::ContainsRegex(
                  "fake.fast +12,346 +3,000  loops/s  fp32 +4.12 +1.50  77 % of 22 GB/s +0.25, plain 0.75  ratio at "
                  "least 5  no"));
  EXPECT_THAT(text, HasSubstr("fake.fast: a loop, against a slower loop; 10 loops\n"));
  EXPECT_THAT(text, HasSubstr("not measured: no program"));
  EXPECT_THAT(text, Not(HasSubstr("failed")));
}

TEST(BenchReport, TextSaysWhyARowFailed) {
  RowResult failed = unmeasured();
  failed.error = "no clip";
  EXPECT_THAT(to_text(machine(), {failed}), HasSubstr("failed: no clip"));
}

TEST(BenchReport, ListNamesRowsWithTheirTargets) {
  const std::string text = list_text({measured().row});
  EXPECT_THAT(text, testing::ContainsRegex("fake.fast  ratio at least 5  a loop"));
}

TEST(Machine, KnowsItself) {
  const infer::Machine here = infer::this_machine();
  EXPECT_FALSE(here.cpu.empty());
  EXPECT_GE(here.cores, 1);
  EXPECT_GE(here.threads, 1);
  EXPECT_GT(here.memory_gb, 0);
  EXPECT_THAT(here.libraries.at("FFmpeg"), HasSubstr("libavcodec"));
  EXPECT_THAT(here.libraries.at("libtorch"), testing::MatchesRegex("[0-9]+\\..*"));
}

}  // namespace
}  // namespace epalm::bench
