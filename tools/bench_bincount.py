#!/usr/bin/python3
"""The one pass of fem_bench beside numpy.bincount with the same sums of each ring and pixel.

usage: tools/bench_bincount.py build/release/bin/fem_bench
"""
import os
import re
import subprocess
import sys
import time

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
import numpy as np  # noqa: E402

EDGE, COUNT = 512, 64


def bincount_rate():
    """Bytes a second of ring sums of I and I^2 by bincount, and of the two sums of each pixel."""
    patterns = np.random.default_rng(1).integers(100, 300, (COUNT, EDGE, EDGE)).astype(np.uint16)
    y, x = np.mgrid[:EDGE, :EDGE]
    ring = np.floor(np.hypot(x - 255.3, y - 255.3)).astype(np.int64).ravel()
    rings = ring.max() + 1
    best = 0.0
    for _ in range(3):
        total, squares, sums = np.zeros(EDGE * EDGE), np.zeros(EDGE * EDGE), []
        start = time.perf_counter()
        for pattern in patterns:
            value = pattern.ravel().astype(float)
            square = value * value
            total += value
            squares += square
            sums.append((np.bincount(ring, value, rings), np.bincount(ring, square, rings)))
        best = max(best, patterns.nbytes / (time.perf_counter() - start))
    return best


def main():
    text = subprocess.run([sys.argv[1], "--benchmark_filter=^pass", "--benchmark_min_time=0.5"], capture_output=True, text=True, check=True).stdout
    reference = bincount_rate()
    print(f"numpy.bincount {reference / 1e9:.2f} GB/s on one core")
    for number, rate, unit in re.findall(r"pass/(\d+).*bytes_per_second=([\d.]+)([MG])i?(?:B)?/s", text):
        rate = float(rate) * {"M": 2**20, "G": 2**30}[unit]
        print(f"vitrum {rate / 1e9:.2f} GB/s with {number} patterns in a group: {rate / reference:.1f} times")


if __name__ == "__main__":
    main()
