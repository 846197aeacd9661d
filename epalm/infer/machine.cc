#include "epalm/infer/machine.h"

#include <ATen/Parallel.h>
#include <dlfcn.h>
#include <fmt/format.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <torch/version.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "epalm/media/library_versions.h"
#include "epalm/nn/product.h"

namespace epalm::infer {
namespace {

std::string cpu_model() {
  std::ifstream cpus("/proc/cpuinfo");
  for (std::string line; std::getline(cpus, line);) {
    const size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown CPU";
}

// libtorch's BLAS is a library of its own, which tells what it chose only if it is OpenBLAS.
std::string blas() {
  using Config = char* (*)();
  const auto config = reinterpret_cast<Config>(dlsym(RTLD_DEFAULT, "openblas_get_config"));
  return config == nullptr ? "not OpenBLAS" : config();
}

}  // namespace

Machine this_machine() {
  Machine machine;
  machine.cpu = cpu_model();
  machine.cores = static_cast<int>(std::thread::hardware_concurrency());
  machine.threads = at::get_num_threads();
  struct sysinfo memory {};
  if (sysinfo(&memory) == 0) machine.memory_gb = static_cast<double>(memory.totalram) * memory.mem_unit / 1e9;
  getloadavg(&machine.load, 1);
  utsname system{};
  if (uname(&system) == 0) machine.system = fmt::format("{} {} {}", system.sysname, system.release, system.machine);
  machine.libraries = {{"libtorch", TORCH_VERSION},
                       {"BLAS of libtorch", blas()},
                       {"products", nn::product_backend()},
                       {"FFmpeg", media::ffmpeg_versions()}};
  return machine;
}

nlohmann::json to_json(const Machine& machine) {
  return {{"cpu", machine.cpu},
          {"cores", machine.cores},
          {"threads", machine.threads},
          {"memory_gb", machine.memory_gb},
          {"load", machine.load},
          {"system", machine.system},
          {"libraries", machine.libraries}};
}

}  // namespace epalm::infer
