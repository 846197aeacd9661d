#!/bin/bash
# peers_test.sh BENCH_PEERS: the scripts parse, refuse bad input with one sentence, and make a table of what engines
# print. The engines are stand-ins; no peer is built.
set -euo pipefail
scripts=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
  echo "peers test: $1" >&2
  exit 1
}

# refuses CODE WORDS COMMAND…: exits with CODE and says one line with WORDS.
refuses() {
  local code=$1 words=$2 status=0
  shift 2
  "$@" >"$work/out" 2>"$work/err" || status=$?
  [ "$status" -eq "$code" ] || fail "'$*' exits with $status, expected $code: $(cat "$work/err")"
  [ "$(wc -l <"$work/err"), $(wc -c <"$work/out")" = '1, 0' ] || fail "'$*' says more than a line: $(cat "$work/err")"
  grep -q "^peers: .*$words" "$work/err" || fail "'$*' does not say '$words': $(cat "$work/err")"
}

for script in "$scripts"/*.sh; do bash -n "$script"; done

refuses 2 'usage: run.sh SOURCES_FOLDER' "$scripts/run.sh"
refuses 1 "$work/none: no such folder" "$scripts/run.sh" "$work/none"
sources=$work/sources
mkdir -p "$sources"
refuses 1 'not the sources of CTranslate2; clone' "$scripts/run.sh" "$sources"
mkdir -p "$sources/CTranslate2/include/ctranslate2" && touch "$sources/CTranslate2/include/ctranslate2/generator.h"
refuses 1 'not the sources of ggml; clone' "$scripts/run.sh" "$sources"
mkdir -p "$sources/ggml/examples/gpt-2" && touch "$sources/ggml/examples/gpt-2/main-backend.cpp"
refuses 1 'EPALM=FILE names another' env EPALM="$work/none" "$scripts/run.sh" "$sources"
[ ! -e "$sources/peers" ] || fail "refused input leaves files behind"

[ -x /usr/bin/python3 ] || exit 77

# stands_in FILE LINE…: a program that prints these lines.
stands_in() {
  local file=$1
  shift
  printf '#!/bin/sh\n' >"$file"
  printf "echo '%s'\n" "$@" >>"$file"
  chmod +x "$file"
}
stands_in "$work/ctranslate2_generate" 'seconds 1 2.5' 'seconds 8 4'
stands_in "$work/ggml_generate" 'loading' 'seconds 1 2'
stands_in "$work/epalm" '{"rows":[{"value":12.5},{"value":100}]}'

refuses 1 'at least one round' "$scripts/compare.py" "$work/epalm" "$work" 1 0
"$scripts/compare.py" "$work/epalm" "$work" 1 2 >"$work/out" 2>"$work/err" || fail "$(cat "$work/err")"
for line in '| CTranslate2 | int8      | 8.00 (8.00 to 8.00)    | 40.00 (40.00 to 40.00)    |' \
  '| ggml        | q4_0      | 10.00 (10.00 to 10.00) | -                         |' \
  '| epalm       | bf16      | 12.50 (12.50 to 12.50) | 100.00 (100.00 to 100.00) |'; do
  grep -qF "$line" "$work/out" || fail "the table lacks '$line': $(cat "$work/out")"
done
grep -q '^B = 1: epalm .* 1.25 times as fast as ggml ' "$work/out" || fail "no best of B = 1: $(cat "$work/out")"
grep -q '^B = 8: epalm .* 2.50 times as fast as CTranslate2 ' "$work/out" || fail "no best of B = 8: $(cat "$work/out")"

printf '#!/bin/sh\necho "no such model" >&2\nexit 1\n' >"$work/ggml_generate"
"$scripts/compare.py" "$work/epalm" "$work" 1 1 >"$work/out" 2>"$work/err" && fail "a failing engine goes unnoticed"
grep -q '^peers: .*gpt2-f16.bin.* failed: no such model$' "$work/err" ||
  fail "the cause is not told: $(cat "$work/err")"
