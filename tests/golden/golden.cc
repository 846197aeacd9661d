#include "tests/golden/golden.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>

namespace epalm::golden {
namespace {

std::map<std::string, std::vector<Check>>& registry() {
  static std::map<std::string, std::vector<Check>> checks;
  return checks;
}

}  // namespace

double Case::float32_error() const {
  return manifest.contains("tolerance") ? manifest["tolerance"].value("f32_vs_f64", 0.0) : 0.0;
}

bool register_check(const std::string& prefix, Check check) {
  registry()[prefix].push_back(std::move(check));
  return true;
}

std::vector<Check> checks_for(const std::string& case_name) {
  std::vector<Check> best;
  size_t length = 0;
  for (const auto& [prefix, checks] : registry()) {
    if (case_name.starts_with(prefix) && prefix.size() >= length) {
      best = checks;
      length = prefix.size();
    }
  }
  return best;
}

std::vector<Case> find_cases() {
  std::vector<std::filesystem::path> roots{std::filesystem::path(EPALM_SOURCE_DIR) / "tests/golden/cases"};
  if (const char* more = std::getenv("EPALM_GOLDENS")) {
    std::istringstream list(more);
    for (std::string root; std::getline(list, root, ':');) {
      if (!root.empty()) roots.emplace_back(root);
    }
  }
  std::vector<Case> cases;
  for (const auto& root : roots) {
    if (!std::filesystem::is_directory(root)) continue;
    std::vector<Case> found;
    for (const auto& entry : std::filesystem::directory_iterator(root)) {
      std::ifstream manifest(entry.path() / "manifest.json");
      if (!manifest) continue;
      found.push_back({entry.path(), entry.path().filename().string(), nlohmann::json::parse(manifest)});
    }
    std::sort(found.begin(), found.end(), [](const Case& a, const Case& b) { return a.name < b.name; });
    cases.insert(cases.end(), found.begin(), found.end());
  }
  return cases;
}

}  // namespace epalm::golden
