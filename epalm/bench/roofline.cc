#include "epalm/bench/roofline.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <atomic>

#include "epalm/bench/race.h"
#include "epalm/nn/int8_sums.h"
#include "epalm/nn/large_pages.h"
#include "epalm/nn/product.h"

namespace epalm::bench {

double memory_gb_per_s() {
  constexpr int64_t kNumbers = int64_t{1} << 27;  // of eight bytes: one gigabyte
  constexpr int64_t kSums = 16;                   // in registers, side by side
  const at::Tensor array = nn::empty_in_large_pages({kNumbers}, at::kLong).fill_(1);
  const auto* numbers = static_cast<const uint64_t*>(array.data_ptr());
  std::atomic<uint64_t> total{0};
  const auto read_all = [&] {
    at::parallel_for(0, kNumbers / kSums, 1 << 16, [&](int64_t begin, int64_t end) {
      uint64_t sums[kSums] = {};
      for (int64_t i = begin; i < end; ++i) {
        for (int64_t k = 0; k < kSums; ++k) sums[k] += numbers[i * kSums + k];
      }
      for (const uint64_t sum : sums) total += sum;
    });
  };
  double best = seconds_of(read_all);
  for (int pass = 0; pass < 4; ++pass) best = std::min(best, seconds_of(read_all));
  return static_cast<double>(kNumbers) * sizeof(uint64_t) / best / 1e9;
}

double product_gflops(int64_t rows, int64_t in, int64_t out, nn::Precision precision) {
  const bool int8 = precision == nn::Precision::kInt8;
  const auto type = int8 ? at::kChar : precision == nn::Precision::kBFloat16 ? at::kBFloat16 : at::kFloat;
  const auto numbers = [&](int64_t count) { return (at::rand({count, in}) * 200 - 100).to(type); };
  const at::Tensor a = numbers(rows), b = numbers(out);
  const auto multiply = [&] { int8 ? nn::int8_sums(a, b) : nn::product(a, b.t()); };
  const double seconds = median_seconds_of(multiply, 5);  // the first one plans the product
  return 2e-9 * static_cast<double>(rows * in * out) / seconds;
}

Peaks measure_peaks(nn::Precision precision) {
  return {.gflops = product_gflops(1024, 2048, 2048, precision), .gb_per_s = memory_gb_per_s()};
}

Roofline roofline_of(const Work& work, const Peaks& peaks) {
  const double products_s = work.flop / peaks.gflops / 1e9, memory_s = work.bytes / peaks.gb_per_s / 1e9;
  if (memory_s > products_s) return {Roofline::Bound::kMemory, 100 * memory_s / work.seconds, peaks.gb_per_s};
  return {Roofline::Bound::kProducts, 100 * products_s / work.seconds, peaks.gflops};
}

}  // namespace epalm::bench
