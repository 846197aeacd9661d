#include "epalm/io/pickle_nodes.h"

#include <array>

#include "epalm/io/torch_dtypes.h"

namespace epalm::io {
namespace {

struct Known {
  std::string_view module, name;
  Callable callable;
};

constexpr std::array<Known, 10> kKnown{{{"collections", "OrderedDict", Callable::kOrderedDict},
                                        {"torch._utils", "_rebuild_tensor", Callable::kRebuildTensor},
                                        {"torch._utils", "_rebuild_tensor_v2", Callable::kRebuildTensorV2},
                                        {"torch._utils", "_rebuild_parameter", Callable::kRebuildParameter},
                                        {"torch", "Size", Callable::kSize},
                                        {"torch", "device", Callable::kDevice},
                                        {"_codecs", "encode", Callable::kEncode},
                                        // A score computed with NumPy stands in a checkpoint as a NumPy scalar.
                                        {"numpy", "dtype", Callable::kNumpyDtype},
                                        {"numpy.core.multiarray", "scalar", Callable::kNumpyScalar},
                                        {"numpy._core.multiarray", "scalar", Callable::kNumpyScalar}}};

}  // namespace

std::optional<Node> node_of_global(std::string_view module, std::string_view name) {
  for (const auto& known : kKnown) {
    if (module == known.module && name == known.name) {
      return Node{.kind = Node::Kind::kGlobal, .text = known.name, .callable = known.callable};
    }
  }
  if (module != "torch") return std::nullopt;
  for (const auto& known : kTorchDtypes) {
    if (name == known.storage) {
      return Node{
          .kind = Node::Kind::kGlobal, .text = known.storage, .callable = Callable::kStorage, .dtype = known.type};
    }
    if (name == known.dtype) return Node{.kind = Node::Kind::kString, .text = known.dtype};
  }
  return std::nullopt;
}

}  // namespace epalm::io
