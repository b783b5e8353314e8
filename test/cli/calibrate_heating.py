"""A virtual heating experiment shaped like the one of Vaerst et al. 2025, Table 1: six temperatures of 14,000 s with drift, camera noise and
a log-normal map of relaxation times. Everything that went in must come out."""
import os

import h5py
import numpy as np

import vitrum_cli
from vitrum_cli import CliTest

TABLE_1 = ((25, 734, 0.73), (100, 485, 0.68), (150, 743, 0.70), (200, 886, 0.83), (250, 1023, 0.84), (275, 1585, 0.74))
FRAME_TIME, EDGE, WIDTH, LENGTH = 10, int(os.environ.get("VITRUM_HEATING_EDGE", "768")), 0.35, 16  # s, px, of ln tau, px
PIXEL = 0.1  # nm


def autocorrelation_length(field):
    """Radius at which the correlation of a map has fallen to 1/e."""
    values = field - field.mean()
    shape = [2 * n for n in values.shape]
    power = np.abs(np.fft.rfft2(values, shape)) ** 2
    pairs = np.abs(np.fft.rfft2(np.ones_like(values), shape)) ** 2
    ratio = np.fft.irfft2(power, shape) / np.maximum(np.fft.irfft2(pairs, shape), 0.5)
    reach = values.shape[0] // 4
    y, x = np.mgrid[-reach:reach + 1, -reach:reach + 1]
    distance = np.rint(np.hypot(y, x)).astype(int).ravel()
    corr = np.bincount(distance, ratio[y, x].ravel()) / np.bincount(distance)
    corr = corr[:reach] / corr[0]
    # the length of the Gaussian that fits best, as the analysis finds it
    r = np.arange(reach)
    return min(np.arange(4, reach, 0.1), key=lambda length: np.sum((corr - np.exp(-(r / length) ** 2)) ** 2))


class Heating(CliTest):
    def test_all_temperatures(self):
        results, failures = [], []
        for number, (celsius, tau, exponent) in enumerate(TABLE_1):
            self.vitrum("synth", "ecm", "--frames", 14000 // FRAME_TIME, "--height", EDGE, "--width", EDGE, "--frame-time", FRAME_TIME, "--pixel-size",
                        PIXEL, "--tau", tau, "--exponent", exponent, "--tau-log-sigma", WIDTH, "--tau-correlation", LENGTH, "--electrons", 150,
                        "--read-noise", 3, "--gain", 2, "--pedestal", 20, "--dose-decay", 0.1, "--dose-jitter", 0.01, "--drift", 6, "--drift-wave", 1,
                        "--drift-angle", 40 * number, "--seed", 100 + number, "-o", "m.h5", "--quiet", "--overwrite")
            result = f"t{celsius}.h5"
            results.append(result)
            self.vitrum("ecm", "m.h5", "--pedestal", 20, "-o", result, "--quiet")
            self.vitrum("report", result, "--truth", "m_truth.h5", "-o", "page", "--quiet", "--overwrite")
            scalars = {name: one["value"] for name, one in self.scalars(result)["scalars"].items()}
            with h5py.File(self.path("m_truth.h5")) as truth, h5py.File(self.path(result)) as found:
                first_y, first_x = (int(found[f"entry/map/first_{axis}_px"][()]) for axis in "yx")
                rows, columns = found["entry/map/tau_s"].shape
                log_tau = np.log(truth["entry/truth/tau_map_s"][:])[first_y:first_y + rows, first_x:first_x + columns]
                lag, g2 = truth["entry/truth/lag_s"][:], truth["entry/truth/g2"][0]
            ideal = fit_kww(lag, g2 - 1)
            checks = (("tau of the image", scalars["image/fit/kww/tau_s"] / ideal[0] - 1, 0.03),
                      ("exponent of the image", scalars["image/fit/kww/kww_exponent"] - ideal[1], 0.02),
                      ("median tau of pixels", scalars["pixels/tau_median_s"] / np.exp(np.median(log_tau)) - 1, 0.03),
                      ("width of ln tau", scalars["pixels/tau_log_sigma"] / log_tau.std() - 1, 0.1),
                      ("correlation length", scalars["pixels/tau_correlation_length_nm"] / PIXEL / autocorrelation_length(log_tau) - 1, 0.1))
            for what, off, allowed in checks:
                print(f"{celsius:4d} °C  {what:22s} off by {off:+.3f}, allowed {allowed}", flush=True)
                if not abs(off) <= allowed:
                    failures.append(f"{celsius} °C: {what} off by {off:+.3f}, allowed {allowed}")
        self.vitrum("ecm-series", *results, "--values", ",".join(str(row[0]) for row in TABLE_1), "-o", "heating.h5", "--quiet")
        series = self.scalars("heating.h5")["scalars"]
        self.assertEqual(series["series/6/value"]["value"], 275)
        self.assertEqual(failures, [])


def fit_kww(lag, decay):
    """contrast·exp(−2 (t/tau)^exponent) over half the series, all lags of the log axis alike, by Gauss and Newton."""
    use = lag <= 7000
    x, y = np.log(lag[use]), decay[use]
    p = np.array([y[0] * 1.2, np.interp(-0.1353 * y[0], -y, x), 0.7])
    for _ in range(60):
        u = np.exp(p[2] * (x - p[1]))
        f = np.exp(-2 * u)
        jacobian = np.stack([f, p[0] * f * 2 * u * p[2], -p[0] * f * 2 * u * (x - p[1])], 1)
        p += np.linalg.lstsq(jacobian, y - p[0] * f, rcond=None)[0]
    return np.exp(p[1]), p[2]


if __name__ == "__main__":
    vitrum_cli.main()
