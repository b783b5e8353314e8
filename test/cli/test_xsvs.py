"""Photon statistics: a virtual experiment whose contrast and relaxation time are known, and bad input."""
import re

import numpy as np

import vitrum_cli
from vitrum_cli import CliTest, poisson_frames

TIME = ["--frame-time", "1"]
OUT = ["-o", "out.h5"]


class Xsvs(CliTest):
    def test_finds_what_was_put_in(self):
        self.vitrum("synth", "xpcs", "--frames", "1500", "--height", "48", "--width", "48", "--tau", "40", "--exponent", "0.8", "--q-bins", "2",
                    "--q-power", "0", "--contrast", "0.5", "--modes", "2", "--counts", "0.7", "--seed", "2", "-o", "v.h5", "--quiet")
        self.vitrum("xsvs", "v.h5", "--partition", "v_qmap.h5", "--exposure", "0", "--models", "kww,exp", "-o", "x.h5", "--quiet")
        shown = self.scalars("x.h5")
        self.assertEqual(shown["warnings"], [])
        scalars = shown["scalars"]
        for b in (1, 2):
            for name, truth in (("tau_s", 40), ("kww_exponent", 0.8), ("contrast", 0.5)):
                found = scalars[f"bin/{b}/xsvs/fit/kww/{name}"]
                # 4.5: one run in 150,000 per number; the pulls are calibrated elsewhere
                self.assertLess(abs(found["value"] - truth) / found["error"], 4.5, name)
            one = scalars[f"bin/{b}/xsvs/1/modes"]  # an instant of two modes: the law is exact
            self.assertLess(abs(one["value"] - 2) / one["error"], 4.5)
            self.assertEqual(scalars[f"bin/{b}/xsvs/4/exposure_s"]["value"], 8)
            self.assertAlmostEqual(scalars[f"bin/{b}/xsvs/4/mean_counts"]["value"] / scalars[f"bin/{b}/xsvs/1/mean_counts"]["value"], 8, delta=0.1)
            self.assertEqual(scalars[f"bin/{b}/xsvs/fit/exp/baseline"]["value"], 0)
        self.vitrum("show", "x.h5", "--figure", "xsvs", "--bin", "2", "-o", "x.png")
        self.vitrum("report", "x.h5", "-o", "report", "--quiet")
        page = self.path("report/index.html").read_text()
        self.assertIn("Speckle contrast statistics", page)
        self.assertTrue(self.path("report/xsvs_bin_2.svg").exists())
        rows = [line.split(",") for line in self.path("report/contrast.csv").read_text().splitlines() if line[0] in "12"]
        self.assertEqual(len(rows), 2 * 8)  # 1 … 128 frames: 11 exposures of 128 in 1500
        self.assertAlmostEqual(float(rows[0][6]), scalars["bin/1/xsvs/1/contrast"]["value"])

    def test_poisson_counts_have_no_contrast(self):
        self.write_npy("p.npy", poisson_frames(frames=200, height=32, width=32))
        done = self.vitrum("xsvs", "p.npy", *TIME, "--exposure", "1", *OUT)
        for k in range(1, 5):
            found = self.scalars("out.h5")["scalars"][f"bin/1/xsvs/{k}/contrast"]
            self.assertLess(abs(found["value"]), 4.5 * found["error"])
        self.assertNotIn("intensity varies", done.stderr)

    def test_any_integer_type_and_a_gap(self):
        counts = poisson_frames(frames=64)
        values = []
        for kind in (np.uint8, np.int16, np.int32, np.uint32, np.int64):
            self.write_npy("p.npy", counts.astype(kind))
            self.vitrum("xsvs", "p.npy", *TIME, "--exposure", "1", "--bad-frames", "5", "--overwrite", "--quiet", *OUT)
            values.append(self.scalars("out.h5")["scalars"])
        for other in values[1:]:
            self.assertEqual(other, values[0])
        whole = counts[np.r_[0:4, 8:64]].reshape(-1, 4, 8, 10).sum(axis=1).astype(float)  # without the exposure with the gap
        mean = values[0]["bin/1/xsvs/3/mean_counts"]["value"]
        self.assertAlmostEqual(mean, whole.mean(), places=12)

    def test_drift_is_warned_of(self):
        random = np.random.default_rng(1)
        flux = np.linspace(1, 3, 200)[:, None, None]
        self.write_npy("p.npy", random.poisson(2 * flux * np.ones((200, 32, 32))).astype(np.uint16))
        self.vitrum("xsvs", "p.npy", *TIME, "--exposure", "1", "--quiet", *OUT)
        self.assertTrue(any(text.startswith("the intensity varies by 29 %") for text in self.scalars("out.h5")["warnings"]))

    def test_refuses_what_are_no_counts(self):
        counts = poisson_frames()
        self.write_npy("f.npy", counts.astype(np.float32))
        self.refused("f.npy: float32 values; photon statistics need integer counts", "xsvs", "f.npy", *TIME, *OUT)
        negative = counts.astype(np.int32)
        negative[7, 3, 2] = -3  # -1 and -2 mark pixels without data, which are left out
        self.write_npy("n.npy", negative)
        self.refused("n.npy: frame 7 y 3 x 2: expected a count from 0 to 65535", "xsvs", "n.npy", *TIME, *OUT)
        self.write_npy("z.npy", 0 * counts)
        self.refused("z.npy: all frames are zero", "xsvs", "z.npy", *TIME, *OUT)
        self.write_npy("s.npy", counts[:7])
        self.refused("s.npy: 7 frames without gaps, expected at least 8 exposures", "xsvs", "s.npy", *TIME, *OUT)
        self.write_npy("p.npy", counts)
        self.refused("--exposure 2: must lie between zero and the frame time, 1 s", "xsvs", "p.npy", *TIME, "--exposure", "2", *OUT, code=2)
        self.refused("contrast estimator 'best': expected likelihood or moments", "xsvs", "p.npy", *TIME, "--estimator", "best", *OUT, code=2)

    def test_rare_photons_have_no_contrast_and_say_so(self):
        frames = np.zeros((40, 8, 10), np.uint16)
        frames[np.arange(40), np.arange(40) % 8, np.arange(40) % 10] = 1
        self.write_npy("r.npy", frames)
        self.vitrum("xsvs", "r.npy", *TIME, "--exposure", "1", "--quiet", "--max-exposure", "1", *OUT)
        shown = self.scalars("out.h5")
        self.assertIsNone(shown["scalars"]["bin/1/xsvs/1/contrast"]["value"])
        self.assertTrue(any(text.startswith("bin 1: no count above 1 was seen") for text in shown["warnings"]))

    def test_memory_changes_no_number(self):
        """Frames kept from the first pass, some of them, or none: the same result."""
        counts = np.random.default_rng(5).poisson(0.4, (400, 120, 130)).astype(np.uint16)
        labels = np.zeros((120, 130), np.uint8)
        labels[20:60, 30:70] = 1
        labels[70:90, 30:70] = 2
        self.write_h5("s.h5", counts, chunks=(1, 120, 130), compression="gzip")
        np.save(self.path("labels.npy"), labels)
        job = ["xsvs", "s.h5", *TIME, "--exposure", "1", "--partition", "labels.npy", "--overwrite", "--quiet", *OUT]
        refused = self.vitrum(*job, "--memory", "1K", code=2).stderr
        found = re.fullmatch(r"vitrum: --memory 1K: the analysis needs ([0-9.]+) MB; use fewer frames \(--frames\) or pixels\n", refused)
        self.assertTrue(found, refused)
        least = float(found[1])
        results = []
        for memory in ("4G", f"{least + 1:.0f}M", f"{least + 3:.0f}M"):
            self.vitrum(*job, "--memory", memory)
            results.append(self.scalars("out.h5")["scalars"])
        self.assertEqual(results[1], results[0])
        self.assertEqual(results[2], results[0])


if __name__ == "__main__":
    vitrum_cli.main()
