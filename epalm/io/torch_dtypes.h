#pragma once

#include <c10/core/ScalarType.h>

#include <array>
#include <string_view>

namespace epalm::io {

// The element types that can be read and written, under the names torch pickles them.
struct TorchDtype {
  std::string_view storage;  // in module `torch`
  std::string_view dtype;    // in module `torch`
  at::ScalarType type;
};

inline constexpr std::array<TorchDtype, 10> kTorchDtypes{{{"FloatStorage", "float32", at::kFloat},
                                                          {"HalfStorage", "float16", at::kHalf},
                                                          {"BFloat16Storage", "bfloat16", at::kBFloat16},
                                                          {"DoubleStorage", "float64", at::kDouble},
                                                          {"LongStorage", "int64", at::kLong},
                                                          {"IntStorage", "int32", at::kInt},
                                                          {"ShortStorage", "int16", at::kShort},
                                                          {"CharStorage", "int8", at::kChar},
                                                          {"ByteStorage", "uint8", at::kByte},
                                                          {"BoolStorage", "bool", at::kBool}}};

}  // namespace epalm::io
