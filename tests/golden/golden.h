#pragma once

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace epalm::golden {

// One folder with a manifest.json: what the published system computed (SPEC.md, head).
struct Case {
  std::filesystem::path folder;
  std::string name;  // the folder's name, as `epalm_inj1`
  nlohmann::json manifest;

  std::filesystem::path file(const std::string& relative) const { return folder / relative; }
  // manifest.tolerance.f32_vs_f64, the measured float32-vs-float64 error; 0 where the case states none.
  double float32_error() const;
};

using Check = std::function<void(const Case&)>;

// Registers the check of all cases whose name starts with `prefix` (the longest registered prefix wins). Use at
// namespace scope: `const bool registered = register_check("vit_", check_vit);`. Several checks may share one prefix:
// all run.
bool register_check(const std::string& prefix, Check check);

std::vector<Check> checks_for(const std::string& case_name);

// Every case of tests/golden/cases and of the folders in $EPALM_GOLDENS (colon-separated), in that order, by name.
std::vector<Case> find_cases();

}  // namespace epalm::golden
