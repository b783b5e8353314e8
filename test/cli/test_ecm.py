"""Electron correlation microscopy: a virtual series whose map, path and law are known, and bad input."""
import h5py
import numpy as np

import vitrum_cli
from vitrum_cli import CliTest

SIZE = ["--pixel-size", "0.1"]


class Ecm(CliTest):
    def synth(self, *more, frames=600, size=96):
        self.vitrum("synth", "ecm", "--frames", str(frames), "--height", str(size), "--width", str(size), "--tau", "20", "--electrons", "200",
                    *more, "-o", "m.h5", "--quiet")

    def test_finds_what_was_put_in(self):
        self.synth("--drift", "4", "--pedestal", "30", "--gain", "2", "--read-noise", "3", "--dose-decay", "0.3", "--seed", "3")
        self.vitrum("ecm", "m.h5", *SIZE, "--pedestal", "30", "-o", "r.h5", "--quiet")
        scalars = self.scalars("r.h5")["scalars"]
        for name, truth in (("tau_s", 20), ("kww_exponent", 0.7), ("contrast", 0.3)):
            found = scalars[f"image/fit/kww/{name}"]
            self.assertLess(abs(found["value"] - truth) / found["error"], 4.5, name)
        with h5py.File(self.path("m_truth.h5")) as truth, h5py.File(self.path("r.h5")) as result:
            for axis in ("x_px", "y_px"):
                off = result[f"entry/drift/{axis}"][:] - truth[f"entry/truth/drift_{axis}"][:]
                # the errors of a path are those of a few independent numbers
                self.assertLess(off.std(), 3 * scalars["drift/residual_rms_px"]["value"])
            self.assertEqual(result["entry/map/tau_s"].shape, result["entry/map/accepted"].shape)
        self.vitrum("show", "r.h5", "--figure", "tau-map", "-o", "map.png")
        self.vitrum("report", "r.h5", "-o", "report", "--quiet")
        self.vitrum("export", "r.h5", "-o", "tables")
        rows = self.path("tables/tau_map.csv").read_text().splitlines()
        self.assertEqual(rows[1], "y,x,tau_s,log_tau_error,kww_exponent,kww_exponent_error,contrast,contrast_error")
        self.assertEqual(len(self.path("tables/drift.csv").read_text().splitlines()), 2 + 600)
        page = self.path("report/index.html").read_text()
        for title in ("Maps of the relaxation", "Drift"):
            self.assertIn(title, page)

    def test_the_image_without_its_map(self):
        self.synth(frames=400, size=64)
        self.vitrum("ecm", "m.h5", *SIZE, "--no-map", "--no-drift", "--estimator", "time-mean-corrected", "--largest-error", "1", "-o", "r.h5", "--quiet")
        scalars = self.scalars("r.h5")["scalars"]
        for name, truth in (("tau_s", 20), ("kww_exponent", 0.7)):
            found = scalars[f"image/fit/kww/{name}"]
            self.assertLess(abs(found["value"] - truth) / found["error"], 4.5, name)
        self.assertIn("verdict", "".join(scalars))
        self.assertGreater(scalars["pixels/fitted_fraction"]["value"], 0.2)  # forty relaxation times are few

    def test_metadata_is_asked_for(self):
        self.synth(frames=20, size=64)
        self.refused("m.h5::/entry/data/data: does not say how large a pixel is on the sample; give --pixel-size in nm", "ecm", "m.h5", "-o", "r.h5", code=2)

    def test_a_camera_without_zero_is_refused(self):
        rng = np.random.default_rng(1)
        self.write_npy("p.npy", (rng.normal(-1.5, 40, (30, 64, 64))).astype(np.int16))
        done = self.vitrum("ecm", "p.npy", *SIZE, "--frame-time", "1", "--no-drift", "-o", "r.h5", code=1)
        self.assertIn("there is no intensity to compare fluctuations with; give the camera's zero with --pedestal or --dark", done.stderr)


if __name__ == "__main__":
    vitrum_cli.main()
