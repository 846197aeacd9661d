#include "epalm/infer/precision.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <limits>
#include <span>
#include <sstream>

#include "epalm/base/error.h"

namespace epalm::infer {
namespace {

constexpr double kShareOfFreeMemory = 0.7;

using Table = std::vector<nn::WeightSpec>;
using Names = std::span<const char* const>;

// Finest first; what trains needs more than 8 bits.
Names precisions_of_lm(const RunConfig& config) {
  static constexpr std::array kAll{"fp32", "bf16", "int8", "int4"};
  return Names(kAll).first(config.trainable.unfreeze_text_model ? 2 : 4);
}
Names precisions_of_encoder(const RunConfig& config) {
  static constexpr std::array kAll{"fp32", "bf16", "int8"};
  return Names(kAll).first(config.trainable.unfreeze_vision_model ? 2 : 3);
}

double gigabytes(int64_t bytes) {
  return static_cast<double>(bytes) / 1e9;
}

int64_t bytes_in(const std::string& precision, const Table& table) {
  return nn::bytes_of(table, precision_named(precision));
}

// "" where none does.
std::string finest_that_fits(Names precisions, const Table& table, int64_t free_bytes) {
  const double room = kShareOfFreeMemory * static_cast<double>(free_bytes);
  const auto found = std::ranges::find_if(
      precisions, [&](const char* name) { return static_cast<double>(bytes_in(name, table)) <= room; });
  return found == precisions.end() ? "" : *found;
}

// fits: what to choose instead.
void check_room(const std::string& model, const char* key, const std::string& chosen, const std::string& fits,
                const Table& table, int64_t free_bytes) {
  const int64_t bytes = bytes_in(chosen, table);
  require(bytes <= free_bytes, "{}: its weights take {:.1f} GB in {}, and {:.1f} GB are free; {}", model,
          gigabytes(bytes), chosen, gigabytes(free_bytes),
          fits.empty() ? std::string("use a smaller model")
                       : fmt::format("set {}={}, which takes {:.1f} GB", key, fits, gigabytes(bytes_in(fits, table))));
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
  const Table table = lm::opt_weights(shape);
  const Names names = precisions_of_lm(config);
  const std::string fits = finest_that_fits(names, table, free_bytes);
  const std::string chosen = config.precision != "auto" ? config.precision : fits.empty() ? names.back() : fits;
  check_room(fmt::format("text_model '{}'", config.text_model), "precision", chosen, fits, table, free_bytes);
  return chosen;
}

std::string encoder_precision(const RunConfig& config, const Table& table, int64_t free_bytes) {
  const Names names = precisions_of_encoder(config);
  const std::string fits = finest_that_fits(names, table, free_bytes);
  std::string chosen = config.encoder_precision;
  if (chosen.empty() && config.precision == "auto") chosen = fits.empty() ? names.back() : fits;
  if (chosen.empty()) chosen = config.precision == "fp32" ? "fp32" : "bf16";
  check_room(fmt::format("encoder_weights '{}'", config.encoder_weights), "encoder_precision", chosen, fits, table,
             free_bytes);
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
