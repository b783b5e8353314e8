#!/usr/bin/python3
"""The KWW fits of fit_bench beside scipy's curve_fit on a part of the same curves: how much faster, and whether they agree.

usage: tools/bench_scipy.py build/release/bin/fit_bench [CURVES]      (needs Debian's python3-scipy)
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import numpy as np

os.environ["OMP_NUM_THREADS"] = "1"
try:
    from scipy.optimize import curve_fit
except ImportError:
    sys.exit("bench_scipy: python3-scipy is not installed")

SIGMA = 0.005  # of fit_bench


def kww(lag, contrast, log_tau, exponent):
    return contrast * np.exp(-2 * np.exp(exponent * (np.log(lag) - log_tau)))


def main():
    bench, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    with tempfile.TemporaryDirectory() as folder:
        text = subprocess.run([bench, "--benchmark_filter=beside_scipy", "--benchmark_min_time=0.5"], env={**os.environ, "VITRUM_BENCH_DUMP": folder},
                              capture_output=True, text=True, check=True).stdout
        rate = float(re.search(r"items_per_second=([\d.]+)M/s", text).group(1)) * 1e6
        read = lambda name, kind: np.fromfile(pathlib.Path(folder) / name, kind)
        lag, tau, exponent, contrast = read("lag_s.f64", "f8"), read("tau_s.f32", "f4"), read("kww_exponent.f32", "f4"), read("contrast.f32", "f4")
        values = read("values.f32", "f4").reshape(len(lag), -1).astype(float)
    worst, start = 0, time.process_time()
    found = [curve_fit(kww, lag, values[:, i], p0=(values[0, i], np.log(60), 0.8), sigma=np.full(len(lag), SIGMA), absolute_sigma=True, xtol=1e-10,
                       ftol=1e-10) for i in range(count)]
    seconds = time.process_time() - start
    for i, (best, covariance) in enumerate(found):
        off = np.abs(best - (contrast[i], np.log(tau[i]), exponent[i])) / np.sqrt(np.diag(covariance))
        worst = max(worst, off.max())
    print(f"vitrum {rate:.3g} fits/s, scipy {count / seconds:.3g} fits/s on one core: {rate * seconds / count:.0f} times as fast; "
          f"largest difference of {count} curves {worst:.2g} standard errors")
    sys.exit(0 if worst < 1e-3 else 1)


if __name__ == "__main__":
    main()
