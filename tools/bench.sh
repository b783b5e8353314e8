#!/bin/sh
# Runs every benchmark of the given folder and makes docs/performance.md of them, without the OpenBLAS settings that would slow the baseline.
set -eu
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE
results=$(dirname "$1")/bench
mkdir -p "$results"
for bench in "$1"/*_bench; do
  echo "== $(basename "$bench")"
  "$bench" --benchmark_counters_tabular=true --benchmark_out="$results/$(basename "$bench").json" --benchmark_out_format=json
done
python3 "$(dirname "$0")/performance.py" "$results" "$(dirname "$0")/../docs/performance.md"
if /usr/bin/python3 -c 'import scipy' 2>/dev/null; then
  /usr/bin/python3 "$(dirname "$0")/bench_scipy.py" "$1/fit_bench"
fi
if /usr/bin/python3 -c 'import numpy' 2>/dev/null; then
  /usr/bin/python3 "$(dirname "$0")/bench_bincount.py" "$1/fem_bench"
fi
