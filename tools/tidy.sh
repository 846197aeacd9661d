#!/bin/bash
# tidy.sh BUILD_DIR CLANG_TIDY FILE…: clang-tidy over the files, one process per core. Precompiled headers are another
# compiler's, so the compile commands are given to clang-tidy without them.
set -euo pipefail
build=$1 tidy=$2
shift 2
commands=$(mktemp -d)
trap 'rm -rf "$commands"' EXIT
sed -E 's/ -Winvalid-pch//g; s/ -include [^ ]*cmake_pch\.hxx//g' "$build/compile_commands.json" >"$commands/compile_commands.json"
printf '%s\n' "$@" | xargs -P "$(nproc)" -n 1 "$tidy" --quiet -p "$commands"
