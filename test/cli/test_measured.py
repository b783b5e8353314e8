"""Real input: a simulated glass made outside vitrum, a measured two-time map, an APS result."""
import csv
import re

import h5py
import numpy as np

import vitrum_cli
from vitrum_cli import CliTest, DATA, needs

GLASS = "md/wahnstrom_T055_slice.h5"
MAP = "xpcs/nsls2_two_time_350.npy"
APS = "xpcs/aps_8id_result.hdf"


class Measured(CliTest):
    def report(self, result):
        """Makes the page; what could not be measured is said in words on it."""
        self.vitrum("report", result, "-o", "report", "--quiet")
        page = self.path("report/index.html").read_text()
        self.assertNotRegex(re.sub(r"<(svg|pre).*?</(svg|pre)>", "", page, flags=re.DOTALL), r"(?i)\bnan\b")

    @needs(GLASS)
    def test_simulated_glass(self):
        centre = ["--center-x", "24", "--center-y", "24", "--q-per-pixel", "0.43155", "--q-unit", "1/sigma"]
        self.vitrum("mask", DATA / GLASS, "--friedel-half", "24:24", "-o", "half.npy", "--quiet")
        self.vitrum("xpcs", DATA / GLASS, "--mask", "half.npy", "--frame-time", "2", *centre, "--q-min", "7", "--q-max",
                    "8.5", "--static-per-bin", "1", "--speckle-size", "1", "--models", "kww,ml", "-o", "r.h5", "--quiet")
        shown = self.scalars("r.h5")
        self.assertFalse([w for w in shown["warnings"] if "same data" in w], "Friedel pairs are left in")
        scalars = shown["scalars"]
        self.assertEqual(scalars["frames"]["value"], 1501)
        self.assertAlmostEqual(scalars["bin/1/q_inv_angstrom"]["value"], 7.75, delta=0.1)
        for model in ("kww", "ml"):
            tau = scalars[f"bin/1/fit/{model}/tau_s"]
            self.assertTrue(10 < tau["value"] < 3000)
            self.assertGreater(tau["error"], 0)
        # the glass ages: the last windows relax more slowly than the first
        self.assertGreater(scalars["bin/1/window/8/tau_s"]["value"], scalars["bin/1/window/1/tau_s"]["value"])
        self.report("r.h5")

    @needs(MAP)
    def test_published_fits_of_a_measured_map(self):
        """Same convention: an age is a pair of antidiagonals, lags 1, 2, 3 …, least squares without weights."""
        self.vitrum("age", DATA / MAP, "--frame-time", "1", "--age", "mid", "--window", "1", "--lags", "linear", "--models", "kww",
                    "--unweighted", "--bounds", "contrast=0:1,tau_s=0.5:1e6,baseline=0.99:5,kww_exponent=0.2:3", "-o",
                    "a.h5", "--quiet")
        with h5py.File(self.path("a.h5")) as file:
            ours = file["/entry/window/fit/kww/r_squared"][0]
        with open(DATA / "xpcs/nsls2_two_time_350_fits.csv") as file:
            published = {int(r["age_index"]): float(r["r_squared"]) for r in csv.DictReader(file)}
        compared = 0
        for age, r_squared in published.items():
            # the last age holds two points, which no fit of four parameters can be compared on
            if np.isfinite(r_squared) and np.isfinite(ours[age]):
                self.assertGreater(ours[age], r_squared - 1e-3, f"age {age}")
                compared += 1
        self.assertGreater(compared, 100)
        self.report("a.h5")

    @needs(APS)
    def test_aps_result(self):
        self.vitrum("fit", DATA / APS, "--models", "kww", "-o", "f.h5", "--quiet")
        scalars = self.scalars("f.h5")["scalars"]
        self.assertIn("bin/36/fit/kww/tau_s", scalars)
        with h5py.File(self.path("f.h5")) as file, h5py.File(DATA / APS) as aps:
            self.assertEqual(file["/entry/g2/g2"].shape, (36, 61))
            np.testing.assert_allclose(file["/entry/g2/g2"][:], aps["/xpcs/multitau/normalized_g2"][:].T)
        self.report("f.h5")


if __name__ == "__main__":
    vitrum_cli.main()
