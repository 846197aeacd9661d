#include "epalm/infer/precision.h"

#include <array>
#include <fstream>
#include <limits>
#include <sstream>

#include "epalm/base/error.h"

namespace epalm::infer {
namespace {

constexpr double kShareOfFreeMemory = 0.7;
constexpr std::array kFinestFirst{"fp32", "bf16", "int8", "int4"};

double gigabytes(int64_t bytes) {
  return static_cast<double>(bytes) / 1e9;
}

}  // namespace

nn::Precision precision_named(const std::string& name) {
  if (name == "bf16") return nn::Precision::kBFloat16;
  if (name == "int8") return nn::Precision::kInt8;
  if (name == "int4") return nn::Precision::kInt4;
  EPALM_ASSERT(name == "fp32");
  return nn::Precision::kFloat32;
}

std::string lm_precision(const RunConfig& config, const lm::OptConfig& shape, int64_t free_bytes) {
  const auto table = lm::opt_weights(shape);
  const auto bytes = [&](const std::string& name) { return nn::bytes_of(table, precision_named(name)); };
  std::string fits;  // the finest that does
  for (const char* name : kFinestFirst) {
    if (fits.empty() && static_cast<double>(bytes(name)) <= kShareOfFreeMemory * static_cast<double>(free_bytes)) {
      fits = name;
    }
  }
  const std::string chosen = config.precision != "auto" ? config.precision : fits.empty() ? "int4" : fits;
  require(bytes(chosen) <= free_bytes, "text_model '{}': its weights take {:.1f} GB in {}, and {:.1f} GB are free; {}",
          config.text_model, gigabytes(bytes(chosen)), chosen, gigabytes(free_bytes),
          fits.empty() ? std::string("use a smaller language model")
                       : fmt::format("set precision={}, which takes {:.1f} GB", fits, gigabytes(bytes(fits))));
  return chosen;
}

int64_t free_memory_bytes() {
  std::ifstream file("/proc/meminfo");
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string name;
    int64_t kilobytes = 0;
    if (words >> name >> kilobytes && name == "MemAvailable:") return kilobytes * 1024;
  }
  return std::numeric_limits<int64_t>::max();
}

}  // namespace epalm::infer
