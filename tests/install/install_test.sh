#!/bin/bash
# install_test.sh BUILD_DIR EXAMPLES_DIR: installs a finished build to a new prefix, builds the examples against it alone
# and runs them.
set -euo pipefail
build=$1 examples=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
  echo "install test: $1" >&2
  exit 1
}

cmake --install "$build" --prefix "$work/prefix" >"$work/install.log" 2>&1 ||
  { cat "$work/install.log" >&2; fail "cmake --install failed; is everything in $build built?"; }
[ -x "$work/prefix/bin/epalm" ] || fail "bin/epalm is not installed"
[ -f "$work/prefix/include/epalm/epalm.h" ] || fail "include/epalm/epalm.h is not installed"
if [ -d "$examples/../assets" ]; then
  diff -r "$examples/../assets" "$work/prefix/share/epalm/assets" >&2 || fail "share/epalm/assets differs from assets/"
fi

# A copy outside the source tree: nothing of the checkout can be found by accident.
cp -r "$examples" "$work/examples"
cmake -S "$work/examples" -B "$work/build" -G Ninja -Wno-dev -DCMAKE_BUILD_TYPE=Release \
  -DCMAKE_PREFIX_PATH="$work/prefix" >"$work/configure.log" 2>&1 ||
  { cat "$work/configure.log" >&2; fail "find_package(epalm) failed"; }
cmake --build "$work/build" >"$work/build.log" 2>&1 || { cat "$work/build.log" >&2; fail "the examples do not build"; }

status=0
"$work/build/hello" >"$work/out" 2>"$work/err" || status=$?
[ "$status" -eq 2 ] || fail "hello without arguments exits with $status, expected 2"
grep -q '^usage: hello ' "$work/err" || fail "hello without arguments does not say how to use it"

status=0
"$work/build/hello" "$work/none.pth" "$work/none.png" "what is it" >"$work/out" 2>"$work/err" || status=$?
[ "$status" -eq 1 ] || fail "hello with a missing checkpoint exits with $status, expected 1"
grep -q 'none.pth' "$work/err" || fail "hello does not name the missing checkpoint: $(cat "$work/err")"
