"""Fluctuation electron microscopy: virtual patterns of known variance, measured data, and bad input."""
import numpy as np

import vitrum_cli
from vitrum_cli import DATA, CliTest, needs


class Fem(CliTest):
    def synth(self, *more):
        self.vitrum("synth", "fem", "--height", "96", "--width", "96", "--k-per-pixel", "0.19", "--scan", "6,6", "--electrons", "60", *more, "-o", "p.h5", "--quiet")

    def test_finds_what_was_put_in(self):
        self.synth("--center-x", "50.3", "--center-y", "45.1", "--gain", "3")
        self.vitrum("fem", "p.h5", "--k-per-pixel", "0.19", "--gain", "3", "--replicates", "60", "-o", "r.h5", "--quiet")
        scalars = self.scalars("r.h5")["scalars"]
        self.assertEqual(scalars["series/1/npatterns"]["value"], 36)
        for axis, truth in (("x", 50.3), ("y", 45.1)):
            self.assertLess(abs(scalars[f"series/1/center_{axis}_px"]["value"] - truth), 0.5)
        for figure in ("variance", "definitions", "pattern"):
            self.vitrum("show", "r.h5", "--figure", figure, "-o", f"{figure}.png")
        self.vitrum("report", "r.h5", "-o", "report", "--quiet")
        self.assertIn("Normalised variance", self.path("report/index.html").read_text())

    @needs("fem/ScottLab_sampleStack.mat")
    def test_measured_patterns_with_a_beam_stop(self):
        self.vitrum("fem", DATA / "fem/ScottLab_sampleStack.mat", "--k-per-pixel", "0.0335", "--replicates", "20", "-o", "s.h5", "--quiet")
        scalars = self.scalars("s.h5")["scalars"]
        # MATLAB counts from 1 and its first index is our row: (290.0, 269.1) is y = 289.0, x = 268.1
        self.assertLess(abs(scalars["series/1/center_x_px"]["value"] - 268.1), 0.5)
        self.assertLess(abs(scalars["series/1/center_y_px"]["value"] - 289.0), 0.5)

    def test_bad_input(self):
        self.write_npy("one.npy", np.ones((1, 64, 64), np.uint16))
        self.refused("one.npy: 1 pattern to use, need at least 2 for a variance", "fem", "one.npy", "-o", "r.h5")
        self.write_npy("zero.npy", np.zeros((4, 64, 64), np.uint16))
        self.refused("zero.npy: all frames are zero", "fem", "zero.npy", "-o", "r.h5")
        self.refused("--probe-size: 3 values for 1 series, expected one for each", "fem", "zero.npy", "--probe-size", "1,2,3", "-o", "r.h5", code=2)


if __name__ == "__main__":
    vitrum_cli.main()
