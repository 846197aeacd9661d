#include "epalm/nn/weights.h"

#include <ATen/CPUGeneratorImpl.h>
#include <fmt/ranges.h>

#include <set>

#include "epalm/base/error.h"
#include "epalm/io/mapped_tensor.h"
#include "epalm/nn/large_pages.h"

namespace epalm::nn {
namespace {

constexpr uint64_t kGoldenRatio = 0x9E3779B97F4A7C15;  // steps of 2^64 / phi visit rows and columns alike

at::Tensor samples_of(const at::Tensor& tensor) {
  const at::Tensor flat = tensor.detach().reshape({-1});
  if (flat.numel() <= Weights::kMostSamples) return flat.to(at::kBFloat16);
  std::vector<int64_t> places;
  for (uint64_t i = 1; i <= Weights::kMostSamples; ++i) {
    places.push_back(static_cast<int64_t>(i * kGoldenRatio % static_cast<uint64_t>(flat.numel())));
  }
  return flat.index_select(0, at::tensor(places)).to(at::kBFloat16);
}

void add(Weights& weights, const WeightSpec& spec, const at::Tensor& tensor, Precision precision) {
  if (const int bits = bits_of(spec, precision); bits > 0) {
    weights.add_quantized(spec.name, tensor, bits);
  } else {
    weights.add(spec.name, in_large_pages(tensor, type_of(spec, precision)));
  }
}

std::string first_ten(const std::vector<std::string>& items) {
  const size_t shown = std::min<size_t>(items.size(), 10);
  std::string text = fmt::format("{}", fmt::join(items.begin(), items.begin() + static_cast<long>(shown), ", "));
  if (items.size() > shown) text += fmt::format(" and {} more", items.size() - shown);
  return text;
}

}  // namespace

int bits_of(const WeightSpec& spec, Precision precision) {
  if (spec.fewest_bits == 0 || precision == Precision::kFloat32 || precision == Precision::kBFloat16) return 0;
  return precision == Precision::kInt8 ? 8 : spec.fewest_bits;
}

at::ScalarType type_of(const WeightSpec& spec, Precision precision) {
  return precision != Precision::kFloat32 && spec.shape.size() >= 2 ? at::kBFloat16 : at::kFloat;
}

void Weights::add(const std::string& name, at::Tensor tensor) {
  EPALM_ASSERT(!index_.contains(name));
  index_[name] = items_.size();
  items_.emplace_back(name, std::move(tensor));
}

std::vector<at::Tensor> Weights::in_scope(const std::string& scope) const {
  std::vector<at::Tensor> tensors;
  for (const auto& [name, tensor] : items_) {
    if (name.starts_with(scope)) tensors.push_back(tensor);
  }
  return tensors;
}

const at::Tensor& Weights::at(const std::string& name) const {
  const auto found = index_.find(name);
  if (found == index_.end()) throw std::logic_error("no weight named " + name);
  return items_[found->second].second;
}

void Weights::add_quantized(const std::string& name, const at::Tensor& matrix, int bits) {
  add_quantized(name, QuantizedMatrix(matrix, bits, name), samples_of(matrix));
}

void Weights::add_quantized(const std::string& name, QuantizedMatrix matrix, at::Tensor samples) {
  add(name, at::empty({matrix.out_features(), matrix.in_features()}, at::device(at::kMeta)));
  quantized_.emplace(name, Quantized{std::move(matrix), std::move(samples)});
}

const QuantizedMatrix* Weights::quantized(const std::string& name) const {
  const auto found = quantized_.find(name);
  return found == quantized_.end() ? nullptr : &found->second.matrix;
}

MatrixRows Weights::rows(const std::string& name) const {
  const QuantizedMatrix* matrix = quantized(name);
  return matrix != nullptr ? MatrixRows(*matrix) : MatrixRows(at(name));
}

at::Tensor Weights::samples(const std::string& name) const {
  const auto found = quantized_.find(name);
  return found == quantized_.end() ? samples_of(at(name)) : found->second.samples;
}

int64_t Weights::bytes() const {
  int64_t total = 0;
  for (const auto& [name, tensor] : items_) {
    const QuantizedMatrix* matrix = quantized(name);
    total += matrix != nullptr ? matrix->bytes() : static_cast<int64_t>(tensor.nbytes());
  }
  return total;
}

int64_t Weights::count() const {
  int64_t total = 0;
  for (const auto& [name, tensor] : items_) total += tensor.numel();
  return total;
}

Weights load_weights(const std::vector<WeightSpec>& table, const io::TensorFile& file, const LoadOptions& options) {
  std::vector<std::string> missing;
  std::vector<std::string> misshapen;
  std::set<std::string> used;
  std::vector<std::pair<const WeightSpec*, std::string>> sources;
  for (const WeightSpec& spec : table) {
    const auto candidates = options.file_names ? options.file_names(spec.name) : std::vector<std::string>{spec.name};
    const auto name =
        std::find_if(candidates.begin(), candidates.end(), [&](const auto& c) { return file.contains(c); });
    if (name == candidates.end()) {
      missing.push_back(spec.name);
      continue;
    }
    used.insert(*name);
    const auto info = file.info(*name);
    if (info.shape != spec.shape) {
      misshapen.push_back(
          fmt::format("{} expected [{}], got [{}]", *name, fmt::join(spec.shape, ","), fmt::join(info.shape, ",")));
    }
    sources.emplace_back(&spec, *name);
  }
  std::vector<std::string> unused;
  for (const auto& name : file.names()) {
    if (!used.contains(name) && !(options.may_be_unused && options.may_be_unused(name))) unused.push_back(name);
  }
  std::string problems;
  if (!missing.empty()) problems += " missing: " + first_ten(missing) + ";";
  if (!misshapen.empty()) problems += " wrong shape: " + first_ten(misshapen) + ";";
  if (!unused.empty()) problems += " not part of the model: " + first_ten(unused) + ";";
  require(problems.empty(), "'{}' does not hold the weights of this model:{} check that the file belongs to the config",
          file.path().string(), problems);

  Weights weights;
  for (const auto& [spec, name] : sources) {
    const at::Tensor tensor = file.read(name);
    require(at::isFloatingType(tensor.scalar_type()), "'{}': tensor {} holds {}, expected floating-point numbers",
            file.path().string(), name, toString(tensor.scalar_type()));
    add(weights, *spec, tensor, options.precision);
    const bool shared = weights.quantized(spec->name) == nullptr && weights.at(spec->name).is_alias_of(tensor);
    if (!shared) io::give_back_pages(tensor);
  }
  return weights;
}

Weights random_weights(const std::vector<WeightSpec>& table, uint64_t seed, double std, Precision precision) {
  auto generator = at::detail::createCPUGenerator(seed);
  Weights weights;
  for (const WeightSpec& spec : table) {
    at::Tensor tensor = empty_in_large_pages(spec.shape, type_of(spec, precision));
    switch (spec.init) {
      case Init::kNormal:
        tensor.normal_(0.0, std, generator);
        break;
      case Init::kZeros:
        tensor.zero_();
        break;
      case Init::kOnes:
        tensor.fill_(1);
        break;
    }
    add(weights, spec, tensor, precision);
  }
  return weights;
}

int64_t bytes_of(const std::vector<WeightSpec>& table, Precision precision) {
  int64_t total = 0;
  for (const WeightSpec& spec : table) {
    int64_t count = 1;
    for (const int64_t size : spec.shape) count *= size;
    if (const int bits = bits_of(spec, precision); bits > 0) {
      total += QuantizedMatrix::bytes_of(spec.shape[0], spec.shape[1], bits);
    } else {
      total += count * static_cast<int64_t>(c10::elementSize(type_of(spec, precision)));
    }
  }
  return total;
}

Weights in_precision(const Weights& weights, const std::vector<WeightSpec>& table, Precision precision) {
  Weights result;
  for (const WeightSpec& spec : table) add(result, spec, weights.at(spec.name), precision);
  return result;
}

}  // namespace epalm::nn
