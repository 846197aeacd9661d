#!/bin/bash
# run.sh SOURCES_FOLDER: epalm beside CTranslate2 and ggml, the language model of OPT-1.3b's shape alone, greedy, 20
# tokens behind 20. SOURCES_FOLDER holds the sources of both, as git clones them: CTranslate2/ and ggml/, which stay as
# they are. What is built and written (8 GB) goes to SOURCES_FOLDER/peers and is found there the next time. Prints one
# Markdown table of tokens/s.
#
# The threads are those that nproc counts: `taskset -c 1 run.sh …` measures on one core, OMP_NUM_THREADS=1 with one
# thread. Further variables: ROUNDS, of all engines in turn (3); JOBS, compilers at a time (one a core); EPALM, the
# program (build/epalm).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

fail() {
  echo "peers: $1" >&2
  exit 1
}

[ $# -eq 1 ] || { echo "peers: usage: run.sh SOURCES_FOLDER" >&2; exit 2; }
[ -d "$1" ] || fail "$1: no such folder; expected one with the sources of CTranslate2 and ggml"
sources=$(cd "$1" && pwd)
epalm=${EPALM:-$here/../../build/epalm}
[ -f "$sources/CTranslate2/include/ctranslate2/generator.h" ] ||
  fail "$sources/CTranslate2: not the sources of CTranslate2; clone https://github.com/OpenNMT/CTranslate2 there"
[ -f "$sources/ggml/examples/gpt-2/main-backend.cpp" ] ||
  fail "$sources/ggml: not the sources of ggml; clone https://github.com/ggml-org/ggml there"
[ -x "$epalm" ] || fail "$epalm: no such program; \`make program\` builds it, EPALM=FILE names another"
export JOBS=${JOBS:-$(nproc)}

"$here/../../tools/install_packages.sh" "$here/packages.txt"
work=$sources/peers
mkdir -p "$work"
"$here/build_ctranslate2.sh" "$sources/CTranslate2" "$work"
"$here/build_ggml.sh" "$sources/ggml" "$work"
"$here/make_models.py" "$work"
"$here/compare.py" "$epalm" "$work" "$(nproc)" "${ROUNDS:-3}"
