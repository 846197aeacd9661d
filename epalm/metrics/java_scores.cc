#include "epalm/metrics/java_scores.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "epalm/base/scratch_folder.h"

namespace epalm::metrics {
namespace {

namespace fs = std::filesystem;

std::string joined(const Tokens& tokens) {
  std::string text;
  for (const std::string& token : tokens) {
    if (!text.empty()) text += ' ';
    text += token;
  }
  return text;
}

// What stands between the program's own separators must not look like one.
std::string field(const Tokens& tokens) {
  std::string text = joined(tokens);
  for (size_t at = 0; (at = text.find("|||", at)) != text.npos;) text.erase(at, 3);
  for (char& c : text) c = c == '\n' || c == '\r' ? ' ' : c;
  return text;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    if (end > begin) lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

// Why the jar cannot be run; "" where it can be tried.
std::string jar_problem(const fs::path& jar, const char* variable) {
  if (jar.empty()) return fmt::format("{} is not set", variable);
  std::error_code ignored;
  if (!fs::is_regular_file(jar, ignored)) return fmt::format("{}: there is no file '{}'", variable, jar.string());
  return "";
}

// Why the program gave no scores; "" where it ended well.
std::string run_problem(const ProgramResult& run, double limit_s) {
  if (run.timed_out) return fmt::format("it took longer than {:g} s and was ended", limit_s);
  if (!run.exit_code) return "java was not found on the PATH";
  if (*run.exit_code == 0) return "";
  const auto errors = lines_of(run.errors);
  return fmt::format("java ended with code {}{}", *run.exit_code,
                     errors.empty() ? "" : ": " + errors.front().substr(0, 200));
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

JavaOptions java_options_from_environment() {
  return {.meteor_jar = environment("EPALM_METEOR_JAR"), .spice_jar = environment("EPALM_SPICE_JAR")};
}

JavaScore meteor(std::span<const CaptionItem> items, const JavaOptions& options) {
  if (auto problem = jar_problem(options.meteor_jar, "EPALM_METEOR_JAR"); !problem.empty()) return {{}, problem};
  const fs::path jar = fs::absolute(options.meteor_jar);
  const std::vector<std::string> command{"java", "-Xmx2G", "-jar", jar.string(), "-",
                                         "-",    "-stdio", "-l",   "en",         "-norm"};
  // One line of statistics for each item, then their scores and that of all together.
  std::string questions;
  for (const CaptionItem& item : items) {
    questions += "SCORE";
    for (const Tokens& reference : item.references) questions += " ||| " + field(reference);
    questions += " ||| " + field(item.candidate) + "\n";
  }
  const auto first = run_with_input(command, jar.parent_path(), questions, options.limit_s, options.interrupted);
  if (auto problem = run_problem(first, options.limit_s); !problem.empty()) return {{}, problem};
  const auto statistics = lines_of(first.output);
  if (statistics.size() != items.size()) {
    return {{}, fmt::format("it gave {} lines for {} captions", statistics.size(), items.size())};
  }
  std::string sum = "EVAL";
  for (const std::string& line : statistics) sum += " ||| " + line;
  const auto second = run_with_input(command, jar.parent_path(), sum + "\n", options.limit_s, options.interrupted);
  if (auto problem = run_problem(second, options.limit_s); !problem.empty()) return {{}, problem};
  const auto scores = lines_of(second.output);
  double score = NAN;
  if (!scores.empty()) std::from_chars(scores.back().data(), scores.back().data() + scores.back().size(), score);
  if (scores.size() != items.size() + 1 || !std::isfinite(score)) return {{}, "its scores could not be read"};
  return {score, ""};
}

JavaScore spice(std::span<const CaptionItem> items, const JavaOptions& options) {
  if (auto problem = jar_problem(options.spice_jar, "EPALM_SPICE_JAR"); !problem.empty()) return {{}, problem};
  const fs::path jar = fs::absolute(options.spice_jar);
  const ScratchFolder scratch("spice");
  auto list = nlohmann::json::array();
  for (size_t i = 0; i < items.size(); ++i) {
    auto references = nlohmann::json::array();
    for (const Tokens& reference : items[i].references) references.push_back(joined(reference));
    list.push_back({{"image_id", i}, {"test", joined(items[i].candidate)}, {"refs", references}});
  }
  const fs::path input = scratch.path() / "captions.json", output = scratch.path() / "scores.json";
  std::ofstream(input) << list.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  const auto run =
      run_with_input({"java", "-Xmx8G", "-jar", jar.string(), input.string(), "-out", output.string(), "-silent"},
                     jar.parent_path(), "", options.limit_s, options.interrupted);
  if (auto problem = run_problem(run, options.limit_s); !problem.empty()) return {{}, problem};
  std::ifstream file(output);
  const auto scores = nlohmann::json::parse(file, nullptr, false);
  double sum = 0;
  size_t count = 0;
  if (scores.is_array()) {
    for (const auto& item : scores) {
      const nlohmann::json::json_pointer place("/scores/All/f");
      if (!item.contains(place) || !item[place].is_number()) continue;
      sum += item[place].get<double>();
      ++count;
    }
  }
  if (count != items.size()) return {{}, "its scores could not be read"};
  return {sum / static_cast<double>(count), ""};
}

}  // namespace epalm::metrics
