#!/bin/bash
# build_ctranslate2.sh SOURCES WORK: WORK/ctranslate2_generate, with Debian's oneDNN 2, spdlog and cpu_features.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
sources=$1 work=$2
copy=$work/ctranslate2-sources build=$work/ctranslate2-build log=$work/ctranslate2.log
program=$work/ctranslate2_generate
[ "$program" -nt "$here/ctranslate2_generate.cc" ] && exit 0

fail() {
  echo "peers: CTranslate2 $1; see $log" >&2
  exit 1
}

echo "peers: building CTranslate2" >&2
if [ ! -d "$copy" ]; then
  part=$copy.part
  rm -rf "$part"
  mkdir -p "$part/python/ctranslate2"
  cp -r "$sources"/{CMakeLists.txt,cmake,include,src,third_party} "$part"
  cp "$sources/python/ctranslate2/version.py" "$part/python/ctranslate2"

  # Debian's libraries under the names of the submodules.
  rm -rf "$part"/third_party/{spdlog,cpu_features}
  mkdir "$part"/third_party/{spdlog,cpu_features}
  cat >"$part/third_party/spdlog/CMakeLists.txt" <<'END'
find_package(spdlog REQUIRED)
set_target_properties(spdlog::spdlog_header_only PROPERTIES IMPORTED_GLOBAL TRUE)
END
  cat >"$part/third_party/cpu_features/CMakeLists.txt" <<'END'
add_library(cpu_features INTERFACE)
find_library(CPU_FEATURES_LIBRARY cpu_features REQUIRED)
find_path(CPU_FEATURES_INCLUDE cpuinfo_x86.h PATH_SUFFIXES cpu_features REQUIRED)
target_link_libraries(cpu_features INTERFACE ${CPU_FEATURES_LIBRARY})
target_include_directories(cpu_features INTERFACE ${CPU_FEATURES_INCLUDE})
END
  # Its convolution with oneDNN wants oneDNN 3. No language model has one, so the plain branch will do.
  sed -i 's/CT2_WITH_DNNL/CT2_WITH_DNNL_3/' "$part/src/ops/conv1d_cpu.cc"
  mv "$part" "$copy"
fi

# Without dispatch its kernels use what the compiler's flags allow: here all that this processor has.
cmake -S "$copy" -B "$build" -Wno-dev -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_FLAGS="-march=native" \
  -DWITH_MKL=OFF -DWITH_DNNL=ON -DENABLE_CPU_DISPATCH=OFF -DOPENMP_RUNTIME=COMP -DBUILD_CLI=OFF >"$log" 2>&1 ||
  fail "cannot be configured"
cmake --build "$build" -j "$JOBS" >>"$log" 2>&1 || fail "does not build"
g++ -std=c++17 -O2 -I"$copy/include" "$here/ctranslate2_generate.cc" -o "$program" \
  -L"$build" -Wl,-rpath,"$build" -lctranslate2 -pthread >>"$log" 2>&1 ||
  fail "does not link with ctranslate2_generate.cc"
