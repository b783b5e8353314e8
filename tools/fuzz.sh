#!/bin/sh
# Fuzzes every reader for SECONDS_EACH seconds (default 60) with the sanitizers on, from small valid files.
# The corpora and what crashed stay in build/fuzz/corpus; the exit status is 1 when anything crashed.
set -eu
jobs=${JOBS:-$(nproc)}
cmake --preset fuzz -Wno-dev --log-level=WARNING
cmake --build build/fuzz -j "$jobs" --target fuzzers
corpus=build/fuzz/corpus
/usr/bin/python3 test/fuzz/make_seeds.py "$corpus"
export LSAN_OPTIONS="suppressions=$PWD/tools/leaks.txt"
failed=""
for fuzzer in build/fuzz/bin/fuzz_*; do
  name=$(basename "$fuzzer")
  mkdir -p "$corpus/$name"
  echo "== $name"
  "$fuzzer" "$corpus/$name" -max_total_time="${SECONDS_EACH:-60}" -rss_limit_mb=4096 -print_final_stats=1 \
    -artifact_prefix="$corpus/$name-" || failed="$failed $name"
done
if [ -n "$failed" ]; then
  echo "crashed:$failed" >&2
  exit 1
fi
