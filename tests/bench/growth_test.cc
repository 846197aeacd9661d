#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <stack>

#include "epalm/base/error.h"
#include "epalm/bench/growth_chart.h"
#include "epalm/bench/growth_curves.h"

namespace epalm::bench {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

GrowthOptions tiny() {
  at::set_num_threads(1);  // curves are measured in copies of this process, which have its thread alone
  GrowthOptions options;
  GrowthSizes& sizes = options.sizes;
  sizes.lm_name = "a tiny model";
  sizes.lm.vocab_size = 64;
  sizes.lm.hidden_size = sizes.lm.word_embed_proj_dim = 32;
  sizes.lm.num_hidden_layers = 6;
  sizes.lm.ffn_dim = 64;
  sizes.lm.num_attention_heads = 2;
  sizes.vit = "vit_tiny_patch16_224";
  sizes.batches = {1, 2};
  sizes.text_tokens = {4, 8, 16};
  sizes.widths = {32, 64};
  sizes.positions = {4, 12};
  sizes.beams = {1, 3};
  sizes.candidates = {1, 5};
  sizes.rounds = 1;
  return options;
}

// Elements as they open and close; "" where tags do not nest.
std::string nesting(const std::string& xml) {
  static const std::regex kTag(R"(<(/?)([a-z]+)((?: [a-zA-Z0-9-]+="[^"<]*")*)(/?)>)");
  std::string seen, rest;
  std::stack<std::string> open;
  auto after = xml.begin();
  for (std::sregex_iterator tag(xml.begin(), xml.end(), kTag), end; tag != end; ++tag) {
    rest.append(after, (*tag)[0].first);
    after = (*tag)[0].second;
    const std::string name = (*tag)[2];
    seen += name + ' ';
    if ((*tag)[1].length() > 0) {
      if (open.empty() || open.top() != name) return "";
      open.pop();
    } else if ((*tag)[4].length() == 0) {
      open.push(name);
    }
  }
  rest.append(after, xml.end());
  return open.empty() && rest.find('<') == std::string::npos ? seen : "";
}

size_t count(const std::string& text, const std::string& word) {
  size_t found = 0;
  for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++found;
  return found;
}

TEST(Growth, EachCurveHasItsPointsAndWhatTheyAreOf) {
  GrowthOptions options = tiny();
  std::vector<int64_t> done;
  options.progress = [&](const std::string& title, int64_t so_far, int64_t total) {
    EXPECT_FALSE(title.empty());
    EXPECT_EQ(total, 6);
    done.push_back(so_far);
  };
  const auto curves = measure_growth(options);
  ASSERT_EQ(curves.size(), 6u);
  EXPECT_EQ(done, (std::vector<int64_t>{0, 1, 2, 3, 4, 5, 6}));
  const auto counted = [&](size_t curve) {
    std::vector<double> values;
    for (const auto& [x, y] : curves[curve].points) {
      values.push_back(x);
      EXPECT_GT(y, 0) << curves[curve].title;
    }
    return values;
  };
  EXPECT_THAT(counted(0), testing::ElementsAre(1, 2));
  EXPECT_THAT(counted(1), testing::ElementsAre(4, 8, 16));
  const auto parameters = counted(2);  // millions
  ASSERT_EQ(parameters.size(), 2u);
  EXPECT_LT(parameters[0], parameters[1]);
  EXPECT_THAT(counted(3), testing::ElementsAre(4, 12));
  EXPECT_THAT(counted(4), testing::ElementsAre(1, 3));
  EXPECT_THAT(counted(5), testing::ElementsAre(1, 5));
  EXPECT_THAT(curves[0].x_title, HasSubstr("a tiny model"));
}

TEST(Growth, StopsWhenAsked) {
  GrowthOptions options = tiny();
  options.interrupted = [] { return true; };
  EXPECT_THROW(measure_growth(options), Interrupted);
}

infer::Machine machine() {
  infer::Machine result;
  result.cpu = "Some CPU";
  result.threads = 1;
  result.libraries = {{"libtorch", "1.2.3"}};
  return result;
}

TEST(GrowthPlot, IsAFileWithEveryMeasuredCurve) {
  const fs::path file = fs::path(testing::TempDir()) / "epalm_growth.svg";
  const auto curves = plot_growth(file, machine(), tiny());
  std::ifstream in(file);
  const std::string svg{std::istreambuf_iterator<char>(in), {}};
  EXPECT_NE(nesting(svg), "") << svg;
  EXPECT_THAT(svg, HasSubstr("Some CPU, 1 thread, libtorch 1.2.3"));
  for (const GrowthCurve& curve : curves) EXPECT_THAT(svg, HasSubstr(curve.title));
  EXPECT_EQ(count(svg, "<path class=\"curve\""), 6u);
}

TEST(GrowthPlot, FileThatCannotBeWrittenIsRefusedBeforeAnythingIsMeasured) {
  GrowthOptions options = tiny();
  options.progress = [](const std::string&, int64_t, int64_t) { ADD_FAILURE() << "measures"; };
  const auto refusal = [&](const fs::path& file) -> std::string {
    try {
      plot_growth(file, machine(), options);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(refusal("/nowhere/growth.svg"),
            "'/nowhere/growth.svg' cannot be written: No such file or directory; check that the folder exists and is "
            "writable");
  EXPECT_EQ(refusal("/"), "'/' is a folder; name the SVG file to write");
}

TEST(GrowthChart, IsWellFormedAndHoldsEveryCurveAndPoint) {
  const std::string svg = growth_svg("How it grows", "a CPU & \"two\" <threads>",
                                     {{"First", "samples", "ms", {{1, 10}, {2, 20}, {4, 40}}},
                                      {"Second <b>", "beams", "ms", {{1, 5}, {8, 5}}},
                                      {"None", "nothing", "ms", {}}});
  EXPECT_NE(nesting(svg), "") << svg;
  EXPECT_THAT(svg, testing::StartsWith("<svg xmlns=\"http://www.w3.org/2000/svg\""));
  EXPECT_EQ(count(svg, "<circle"), 5u);
  EXPECT_EQ(count(svg, "<path class=\"curve\""), 2u);
  for (const char* text : {"First", "Second &lt;b&gt;", "None", "samples", "beams", "How it grows", "a CPU &amp; "}) {
    EXPECT_THAT(svg, HasSubstr(text));
  }
}

// Zero, the smaller and the larger value lie where the axes say: 20 of 40 halves the height.
TEST(GrowthChart, PointsLieWhereTheAxesSay) {
  const std::string svg = growth_svg("t", "s", {{"c", "x", "y", {{2, 20}, {4, 40}}}});
  std::vector<std::pair<double, double>> points;
  static const std::regex kCircle(R"re(<circle cx="([0-9.]+)" cy="([0-9.]+)")re");
  for (std::sregex_iterator circle(svg.begin(), svg.end(), kCircle), end; circle != end; ++circle) {
    points.emplace_back(std::stod((*circle)[1]), std::stod((*circle)[2]));
  }
  static const std::regex kOrigin(R"re(class="even" x1="([0-9.]+)" y1="([0-9.]+)")re");
  std::smatch origin;
  ASSERT_TRUE(std::regex_search(svg, origin, kOrigin));
  ASSERT_EQ(points.size(), 2u);
  EXPECT_NEAR(points[0].first, (std::stod(origin[1]) + points[1].first) / 2, 0.11);  // printed to 0.1
  EXPECT_NEAR(points[0].second, (std::stod(origin[2]) + points[1].second) / 2, 0.11);
}

}  // namespace
}  // namespace epalm::bench
