#include "epalm/bench/run_rows.h"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <limits>
#include <thread>

#include "epalm/base/error.h"

namespace epalm::bench {
namespace {

namespace fs = std::filesystem;

Row row_of(std::function<Measurement(const fs::path&)> measure) {
  Row row;
  row.name = "fake.row";
  row.measure = std::move(measure);
  return row;
}

Measurement measured(double value) {
  Measurement result;
  result.value = value;
  return result;
}

TEST(RunRows, ResultsCarryWhatTheRowsFound) {
  const Row row = row_of([](const fs::path&) {
    Measurement full = measured(3);
    full.twin = 2;
    full.ratio = 1.5;
    full.strong = 1.25;
    full.peak_rss_gb = 7;
    full.twin_peak_rss_gb = 9;
    full.note = "on \"this\"";
    return full;
  });
  const auto results = run_rows({row});
  ASSERT_EQ(results.size(), 1u);
  const auto& found = results[0].measured;
  EXPECT_EQ(results[0].row.name, "fake.row");
  EXPECT_EQ(found.value, 3);
  EXPECT_EQ(found.twin, 2);
  EXPECT_EQ(found.ratio, 1.5);
  EXPECT_EQ(found.strong, 1.25);
  EXPECT_EQ(found.peak_rss_gb, 7);
  EXPECT_EQ(found.twin_peak_rss_gb, 9);
  EXPECT_EQ(found.note, "on \"this\"");
  EXPECT_EQ(results[0].error, "");
}

TEST(RunRows, RowsThatSayWhatTheyNeedGetTheirRoofline) {
  const Row bound = row_of([](const fs::path&) {
    Measurement result = measured(1);
    result.work = Work{.flop = 10e9, .bytes = 4e9, .precision = nn::Precision::kFloat32, .seconds = 0.5};
    return result;
  });
  RunOptions options;
  options.peaks = [](nn::Precision precision) {
    require(precision == nn::Precision::kFloat32, "peaks of another precision");
    return Peaks{.gflops = 100, .gb_per_s = 10};  // 0.1 s for the products, 0.4 s for the bytes
  };
  const auto results = run_rows({bound, row_of([](const fs::path&) { return measured(1); })}, options);
  EXPECT_EQ(results[0].error, "");
  ASSERT_TRUE(results[0].roofline);
  EXPECT_EQ(results[0].roofline->bound, Roofline::Bound::kMemory);
  EXPECT_NEAR(results[0].roofline->percent, 80, 1e-9);
  EXPECT_EQ(results[0].roofline->peak, 10);
  EXPECT_FALSE(results[1].roofline);
}

TEST(RunRows, PeakIsTheProcessWhereTheRowTellsNone) {
  const auto results = run_rows({row_of([](const fs::path&) { return measured(1); })});
  ASSERT_TRUE(results[0].measured.peak_rss_gb);
  EXPECT_GT(*results[0].measured.peak_rss_gb, 0);
}

TEST(RunRows, NumbersThatAreNotFiniteCountAsNone) {
  const auto results =
      run_rows({row_of([](const fs::path&) { return measured(std::numeric_limits<double>::infinity()); })});
  EXPECT_FALSE(results[0].measured.value);
}

TEST(RunRows, ARowThatThrowsOrDiesLeavesTheOthers) {
  const auto results = run_rows({row_of([](const fs::path&) -> Measurement { fail("no clip"); }),
                                 row_of([](const fs::path&) -> Measurement {
                                   std::raise(SIGKILL);
                                   return {};
                                 }),
                                 row_of([](const fs::path&) { return measured(1); })});
  ASSERT_EQ(results.size(), 3u);
  EXPECT_EQ(results[0].error, "no clip");
  EXPECT_NE(results[1].error, "");
  EXPECT_EQ(results[2].error, "");
  EXPECT_EQ(results[2].measured.value, 1);
}

TEST(RunRows, ScratchFolderIsEmptyWritableAndGoneAfterwards) {
  const Row row = row_of([](const fs::path& scratch) {
    Measurement result = measured(fs::is_empty(scratch) ? 1 : 0);
    std::ofstream(scratch / "clip") << "bytes";
    result.note = scratch.string();
    return result;
  });
  const auto results = run_rows({row, row});
  for (const RowResult& result : results) {
    EXPECT_EQ(result.measured.value, 1);
    EXPECT_FALSE(fs::exists(result.measured.note)) << result.measured.note;
  }
  EXPECT_NE(results[0].measured.note, results[1].measured.note);
}

TEST(RunRows, InterruptionEndsTheRunAndRemovesTheFolder) {
  const fs::path told = fs::path(testing::TempDir()) / "epalm_bench_interrupted";
  fs::remove(told);
  const Row row = row_of([&](const fs::path& scratch) -> Measurement {
    std::ofstream(told.string() + ".part") << scratch.string();
    fs::rename(told.string() + ".part", told);
    for (;;) std::this_thread::sleep_for(std::chrono::seconds(1));
  });
  RunOptions options;
  options.interrupted = [&] { return fs::exists(told); };
  EXPECT_THROW(run_rows({row}, options), Interrupted);
  std::string scratch;
  std::getline(std::ifstream(told), scratch);
  EXPECT_FALSE(scratch.empty());
  EXPECT_FALSE(fs::exists(scratch));
}

TEST(RunRows, ProgressNamesTheRowInWork) {
  std::vector<int64_t> done;
  RunOptions options;
  options.progress = [&](const std::string& name, int64_t so_far, int64_t total) {
    EXPECT_EQ(name, "fake.row");
    EXPECT_EQ(total, 2);
    done.push_back(so_far);
  };
  const Row row = row_of([](const fs::path&) { return measured(1); });
  run_rows({row, row}, options);
  EXPECT_EQ(done, (std::vector<int64_t>{0, 1, 2}));
}

TEST(MeetsTarget, ComparesTheFigureThatTheTargetIsAbout) {
  Measurement result = measured(10);
  result.ratio = 2;
  const auto meets = [&](Target::Kind kind, double bound) {
    Row row;
    row.target = Target{kind, bound};
    return meets_target(row, result);
  };
  EXPECT_EQ(meets(Target::Kind::kRatioAtLeast, 2), true);
  EXPECT_EQ(meets(Target::Kind::kRatioAtLeast, 2.1), false);
  EXPECT_EQ(meets(Target::Kind::kValueAtLeast, 10), true);
  EXPECT_EQ(meets(Target::Kind::kValueAtLeast, 11), false);
  EXPECT_EQ(meets(Target::Kind::kValueAtMost, 10), true);
  EXPECT_EQ(meets(Target::Kind::kValueAtMost, 9), false);
  result.ratio.reset();
  EXPECT_EQ(meets(Target::Kind::kRatioAtLeast, 1), std::nullopt);
  EXPECT_EQ(meets_target(Row{}, result), std::nullopt);
}

}  // namespace
}  // namespace epalm::bench
