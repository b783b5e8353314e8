#!/bin/sh
# Fuzzes every reader for SECONDS_EACH seconds (default 60) with the sanitizers on.
set -eu
cmake --preset fuzz -Wno-dev --log-level=WARNING
cmake --build build/fuzz -j "$(nproc)"
for fuzzer in build/fuzz/bin/fuzz_*; do
  name=$(basename "$fuzzer")
  mkdir -p "build/fuzz/corpus/$name"
  echo "== $name"
  "$fuzzer" "build/fuzz/corpus/$name" -max_total_time="${SECONDS_EACH:-60}" -rss_limit_mb=4096 -print_final_stats=1 \
    -artifact_prefix="build/fuzz/corpus/$name-"
done
