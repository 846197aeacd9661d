#!/bin/bash
# build_ggml.sh SOURCES WORK: WORK/ggml_generate, and ggml's own program that quantizes models of its gpt-2 example.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
sources=$1 work=$2
build=$work/ggml-build log=$work/ggml.log
program=$work/ggml_generate
[ "$program" -nt "$here/ggml_generate.cc" ] && exit 0

fail() {
  echo "peers: ggml $1; see $log" >&2
  exit 1
}

echo "peers: building ggml" >&2
cmake -S "$sources" -B "$build" -Wno-dev -DCMAKE_BUILD_TYPE=Release -DGGML_BUILD_TESTS=OFF -DGGML_LLAMAFILE=ON \
  -DCMAKE_LIBRARY_OUTPUT_DIRECTORY="$build/lib" >"$log" 2>&1 || fail "cannot be configured"
cmake --build "$build" -j "$JOBS" --target gpt-2-quantize common common-ggml >>"$log" 2>&1 || fail "does not build"
g++ -std=c++17 -O2 -I"$sources/include" -I"$sources/examples" "$here/ggml_generate.cc" -o "$program" \
  "$build/examples/libcommon-ggml.a" "$build/examples/libcommon.a" \
  -L"$build/lib" -Wl,-rpath,"$build/lib" -lggml -lggml-cpu -lggml-base -pthread >>"$log" 2>&1 ||
  fail "does not link with ggml_generate.cc"
