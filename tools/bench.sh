#!/bin/sh
# Runs every benchmark of the given folder, without the OpenBLAS settings that would slow the baseline.
set -eu
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE
for bench in "$1"/*_bench; do
  echo "== $(basename "$bench")"
  "$bench" --benchmark_counters_tabular=true
done
if /usr/bin/python3 -c 'import scipy' 2>/dev/null; then
  /usr/bin/python3 "$(dirname "$0")/bench_scipy.py" "$1/fit_bench"
fi
if /usr/bin/python3 -c 'import numpy' 2>/dev/null; then
  /usr/bin/python3 "$(dirname "$0")/bench_bincount.py" "$1/fem_bench"
fi
