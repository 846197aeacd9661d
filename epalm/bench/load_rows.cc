#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "epalm/base/error.h"
#include "epalm/bench/all_rows.h"
#include "epalm/bench/large_model.h"
#include "epalm/bench/race.h"
#include "epalm/infer/frozen_models.h"
#include "epalm/infer/precision.h"
#include "epalm/io/atomic_file.h"
#include "epalm/io/safetensors.h"

// How long a frozen model takes to load, with and without its packed form on disk.
namespace epalm::bench {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kTokens = 24;

// In float16, as the published files are.
void write_lm(const fs::path& folder, const lm::OptConfig& shape) {
  fs::create_directories(folder);
  io::write_json_file(folder / "config.json", lm::to_json(shape));
  std::vector<std::pair<std::string, at::Tensor>> tensors;
  const nn::Weights weights = large_lm_weights(shape, nn::Precision::kFloat32);
  for (const auto& [name, tensor] : weights.items()) {
    tensors.emplace_back(name, tensor.to(at::kHalf));
  }
  io::write_safetensors(folder / "model.safetensors", tensors);
}

Measurement measure_load(const fs::path& scratch, const std::string& precision) {
  const lm::OptConfig shape = lm::opt_shape(kSmallLm);
  write_lm(scratch / "opt", shape);
  infer::RunConfig plain;
  plain.text_model = (scratch / "opt").string();
  plain.precision = precision;
  infer::RunConfig kept = plain;
  kept.packed_cache = (scratch / "packed").string();
  lm::OptInput input;
  input.ids = at::arange(kTokens).unsqueeze(0);
  const auto states = [&](const infer::RunConfig& config) {
    const at::NoGradGuard no_gradients;
    return infer::load_language_model(config).hidden(input);
  };
  const at::Tensor made = states(kept), mapped = states(kept), expected = states(plain);
  require(at::equal(made, expected) && at::equal(mapped, expected),
          "the model from packed_cache computes other numbers than the one from its source");
  const RaceResult result = race([&] { infer::load_language_model(kept); }, [&] { infer::load_language_model(plain); },
                                 {.clock = Clock::kCpu});
  Measurement measured;
  measured.value = 1000 * result.ours_s;
  measured.twin = 1000 * result.twin_s;
  measured.ratio = result.ratio;
  measured.note =
      fmt::format("OPT-{} from float16, {:.0f} MB packed; files in the system's memory", kSmallLm,
                  static_cast<double>(nn::bytes_of(lm::opt_weights(shape), infer::precision_named(precision))) / 1e6);
  return measured;
}

}  // namespace

std::vector<Row> load_rows() {
  std::vector<Row> rows;
  for (const std::string precision : {"bf16", "int8", "int4"}) {
    rows.push_back({.name = "load." + precision,
                    .what = "loading a language model from packed_cache, against rounding its source",
                    .unit = "ms",
                    .precision = precision,
                    .measure = [precision](const fs::path& scratch) { return measure_load(scratch, precision); }});
  }
  return rows;
}

}  // namespace epalm::bench
