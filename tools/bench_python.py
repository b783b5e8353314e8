#!/usr/bin/env python3
"""What Python adds to the kernels: time of a call over the time of the kernel in it, the least of five calls.

PYTHONPATH=build/release/python tools/bench_python.py
"""
import time

import numpy as np

import vitrum
from vitrum import _vitrum

random = np.random.default_rng(1)
counts = random.poisson(1, (2000, 20000)).astype(np.uint8)
floats = counts.astype(np.float32)
patterns = random.poisson(20, (200, 256, 256)).astype(np.uint16)
lag = np.arange(1.0, 51)
curves = (0.3 * np.exp(-2 * (lag[:, None] / random.uniform(5, 20, 500000)) ** 0.7)).astype(np.float32)
calls = {
    "two_time, bytes": lambda: vitrum.two_time(counts),
    "two_time, floats": lambda: vitrum.two_time(floats),
    "g2": lambda: vitrum.g2(counts),
    "multi_tau": lambda: vitrum.multi_tau(counts),
    "fit_kww, 500000 curves": lambda: vitrum.fit_kww(lag, curves, np.full(50, 0.01)),
    "fem_variance": lambda: vitrum.fem_variance(patterns, (127.5, 127.5), gain=1.0),
}
for name, call in calls.items():
    ratios = []
    for _ in range(5):
        start = time.perf_counter()
        call()
        ratios.append((time.perf_counter() - start) / _vitrum.last_work_s())
    print(f"{name:24} {_vitrum.last_work_s():8.3f} s, call over kernel {min(ratios):.3f}")
