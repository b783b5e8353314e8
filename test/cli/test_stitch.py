"""Parts of a series, correlated one by one, as one map."""
import h5py
import numpy as np

import vitrum_cli
from vitrum_cli import CliTest

SYNTH = ["synth", "xpcs", "--frames", "400", "--height", "40", "--width", "40", "--tau", "20", "--exponent", "0.8",
         "--q-bins", "2", "--gaps", "120:124", "--seed", "3", "--quiet"]
MAP = "/entry/twotime/bin_{}/two_time_corr_func"


class Stitch(CliTest):
    def part(self, name, frames, *more):
        self.vitrum("xpcs", "v.h5", "--partition", "v_qmap.h5", "--frames", frames, "--models", "kww", *more, "-o", name, "--quiet")

    def map_of(self, name, bin=1):
        with h5py.File(self.path(name)) as file:
            return file[MAP.format(bin)][:]

    def test_overlapping_parts_are_the_whole(self):
        """Parts treated alike agree where they overlap; the map is that of the whole series as far as they reach."""
        self.vitrum(*SYNTH, "-o", "v.h5")
        self.part("whole.h5", ":")
        self.part("a.h5", "0:200")
        self.part("b.h5", "150:400")
        text = self.vitrum("stitch", "a.h5", "b.h5", "--models", "kww", "-o", "s.h5", "--quiet").stdout
        self.assertIn("seam 1 at 150 s, bin 2 (overlap of 50 frames): step ", text)
        self.assertIn("no difference in the overlap\n", text)
        t = np.arange(400)
        held = ((t[:, None] < 200) & (t < 200)) | ((t[:, None] >= 150) & (t >= 150))
        for bin in (1, 2):
            whole, stitched = self.map_of("whole.h5", bin), self.map_of("s.h5", bin)
            np.testing.assert_array_equal(stitched, np.where(held, whole, np.nan))
        with h5py.File(self.path("whole.h5")) as whole, h5py.File(self.path("s.h5")) as stitched:
            for name in ("intensity/mean_counts", "intensity/bin_mean_counts", "intensity/time_s", "bins/npixels"):
                np.testing.assert_allclose(stitched["entry"][name][:], whole["entry"][name][:], rtol=1e-12, err_msg=name)
            # the mean over the pairs that are there, less the bias of the parts
            c, g2 = self.map_of("s.h5"), stitched["/entry/g2/g2"][0]
            for l in range(3):  # lags of 1, 2 and 3 frames stand alone
                mean = np.nanmean(np.diagonal(c, l + 1).astype(float))
                self.assertAlmostEqual(g2[l] + stitched["/entry/g2/g2_bias"][0, l], mean, places=6)
            self.assertEqual(list(stitched["/entry/stitch/first_frame"][:]), [0, 150])
            self.assertEqual(len(stitched["/entry/process/inputs"]), 2)
        scalars = self.scalars("s.h5")["scalars"]
        self.assertEqual(scalars["frames"]["value"], 400)
        self.assertEqual(scalars["bin/1/seam/1/time_s"], {"value": 150, "error": None, "unit": "s"})
        self.assertEqual(scalars["bin/1/seam/1/overlap_frames"]["value"], 50)
        self.assertEqual(scalars["bin/1/seam/1/difference"]["value"], 0)
        self.assertGreater(scalars["bin/2/seam/1/step"]["error"], 0)

    def test_the_result_is_an_ordinary_one(self):
        self.vitrum(*SYNTH, "-o", "v.h5")
        for i in range(4):
            self.part(f"{i}.h5", f"{100 * i}:{100 * i + 100}")
        self.vitrum("stitch", *[f"{i}.h5" for i in range(4)], "--models", "kww", "--seam-window", "20", "-o", "s.h5", "--quiet")
        shown = self.scalars("s.h5")
        self.assertEqual([n for n in shown["scalars"] if n.endswith("/time_s") and "seam" in n],
                         [f"bin/{b}/seam/{k}/time_s" for b in (1, 2) for k in (1, 2, 3)])
        self.assertEqual(shown["scalars"]["bin/1/seam/3/window_s"]["value"], 20)
        self.vitrum("age", "s.h5", "--window", "80", "--models", "kww", "-o", "aged.h5", "--quiet")
        self.assertIn("bin/1/seam/1/step", self.scalars("aged.h5")["scalars"])
        self.vitrum("fit", "s.h5", "--models", "exp", "-o", "fitted.h5", "--quiet")
        self.vitrum("report", "aged.h5", "-o", "report", "--quiet")
        self.assertTrue(self.path("report/two_time_bin_2.svg").exists())
        for layout, name in (("csv", "tables"), ("npz", "s.npz"), ("hdf5", "copy.h5"), ("8id", "aps.hdf")):
            self.vitrum("export", "s.h5", "--format", layout, "-o", name, "--quiet")

    def test_coarse_levels(self):
        self.vitrum("synth", "xpcs", "--frames", "2200", "--height", "12", "--width", "12", "--tau", "60", "-o", "v.h5", "--quiet")
        for name, frames in (("a.h5", ":1200"), ("b.h5", "999:2200")):
            self.vitrum("xpcs", "v.h5", "--frames", frames, "--models", "kww", "-o", name, "--quiet")
        self.vitrum("stitch", "a.h5", "b.h5", "--models", "kww", "-o", "s.h5", "--quiet")
        c = self.map_of("s.h5").astype(float)
        self.assertTrue(np.array_equal(c, c.T, equal_nan=True))
        c[np.diag_indices(2200)] = np.nan
        for factor in (2, 4):
            n = c.shape[0] // 2
            blocks = c.reshape(n, 2, n, 2).transpose(0, 2, 1, 3).reshape(n, n, 4)
            finite = np.isfinite(blocks)
            with np.errstate(invalid="ignore"):
                c = np.where(finite.any(2), np.where(finite, blocks, 0).sum(2) / finite.sum(2), np.nan)
            with h5py.File(self.path("s.h5")) as file:
                level = file[f"/entry/twotime/bin_1/level_{factor}"]
                np.testing.assert_allclose(level["two_time_corr_func"][:], c, atol=2e-6)
                self.assertEqual(list(level["t1_s"][:2]), [(factor - 1) / 2, factor + (factor - 1) / 2])
        # what no part holds takes no room, in a result made from it either
        self.vitrum("age", "s.h5", "--models", "kww", "-o", "aged.h5", "--quiet")
        np.testing.assert_array_equal(self.map_of("aged.h5"), self.map_of("s.h5"))
        for name in ("s.h5", "aged.h5"):
            with h5py.File(self.path(name)) as file:
                self.assertEqual(file[MAP.format(1)].id.get_num_chunks(), 25 - 4)  # 0:1200 and 999:2200 in chunks of 512
        self.vitrum("report", "s.h5", "-o", "report", "--quiet")
        self.assertIn("Seams between the parts", self.path("report/index.html").read_text())

    def test_a_step_is_found(self):
        """Maps of other programs; the second one has more contrast, the third comes after a pause."""
        random = np.random.default_rng(7)
        n = 300
        for name, contrast in (("a.npy", 0.1), ("b.npy", 0.15), ("c.npy", 0.15)):
            c = 1 + contrast * np.exp(-np.abs(np.subtract.outer(np.arange(n), np.arange(n))) / 40) + 0.02 * random.normal(size=(n, n))
            np.save(self.path(name), np.tril(c) if name == "b.npy" else np.tril(c) + np.tril(c, -1).T)
        maps = ["a.npy", "b.npy", "c.npy", "--frame-time", "0.5", "--models", "exp"]
        done = self.vitrum("stitch", *maps, "--starts", "10,160,315.2", "-o", "s.h5", "--quiet")
        scalars = self.scalars("s.h5")["scalars"]
        step = scalars["bin/1/seam/1/step"]
        # C at lags of 1 to 5 frames: 0.05 times the mean of exp(-k / 40)
        self.assertAlmostEqual(step["value"], 0.05 * np.exp(-np.arange(1, 6) / 40).mean(), delta=5 * step["error"])
        self.assertGreater(scalars["bin/1/seam/1/step_significance"]["value"], 3)
        self.assertLess(abs(scalars["bin/1/seam/2/step_significance"]["value"]), 3)
        self.assertEqual(scalars["bin/1/seam/2/overlap_frames"]["value"], -10)
        warnings = self.scalars("s.h5")["warnings"]
        self.assertEqual(len([w for w in warnings if w.startswith("seam 1 at 150 s, bin 1: C at short lags steps by ")]), 1)
        self.assertIn("c.npy: its frames lie 0.40 of a frame beside those of a.npy: its times are moved by -0.2 s", warnings)
        for text in warnings[:2]:
            self.assertIn(f"warning: {text}\n", done.stderr)
        self.assertTrue(np.isnan(self.map_of("s.h5")[605]).all())  # of the pause
        self.assertIn("(10 frames missing)", done.stdout)

    def test_a_difference_in_the_overlap_is_found(self):
        self.vitrum(*SYNTH, "-o", "v.h5")
        self.part("a.h5", "0:200")
        self.part("b.h5", "100:400", "--normalization", "plain")
        self.vitrum("stitch", "a.h5", "b.h5", "--models", "kww", "-o", "s.h5", "--quiet")
        with h5py.File(self.path("s.h5")) as file, h5py.File(self.path("a.h5")) as a, h5py.File(self.path("b.h5")) as b:
            one, other = a[MAP.format(1)][100:, 100:].astype(float), b[MAP.format(1)][:100, :100].astype(float)
            difference = np.nanmean((other - one)[np.tril_indices(100, -1)])
            self.assertAlmostEqual(file["/entry/stitch/seam/difference"][0, 0], difference, places=12)
            np.testing.assert_allclose(file[MAP.format(1)][100:200, 100:200], (one + other) / 2, rtol=1e-6)

    def test_parts_that_do_not_belong_together(self):
        self.vitrum(*SYNTH, "-o", "v.h5")
        self.part("a.h5", "0:200")
        self.part("b.h5", "200:400")
        self.part("inside.h5", "100:200")
        self.part("slow.h5", "200:400", "--frame-time", "2")
        self.part("none.h5", "200:400", "--no-map")
        self.vitrum("xpcs", "v.h5", "--frames", "200:400", "--models", "kww", "-o", "one.h5", "--quiet")
        self.write_npy("m.npy", np.ones((30, 30)))
        self.path("there.h5").touch()
        out = ["-o", "out.h5"]

        def refuse(message, *words, code=1):
            self.refused(message, "stitch", *words, *([] if "-o" in words else out), code=code)

        refuse("1 part, expected two or more to stitch", "a.h5", code=2)
        refuse("slow.h5: 2 s from frame to frame, a.h5 has 1 s", "a.h5", "slow.h5")
        refuse("one.h5: 1 bins, a.h5 has 2", "a.h5", "one.h5")
        refuse("none.h5:/entry/twotime/bin_1: no two-time map, expected a result made without --no-map", "a.h5", "none.h5")
        refuse("inside.h5: its frames 100:200 of the whole lie within a.h5 (0:200)", "a.h5", "inside.h5")
        refuse("a.h5: begins at frame -200 of the whole, not after b.h5 (frame 0)", "b.h5", "a.h5")
        refuse("a.h5: begins at frame 0 of the whole, not after a.h5 (frame 0)", "a.h5", "a.h5")
        refuse("--starts: 1 times for 2 parts", "a.h5", "b.h5", "--starts", "0", code=2)
        refuse("--starts: 'soon', expected a number of seconds", "a.h5", "b.h5", "--starts", "0,soon", code=2)
        refuse("b.h5: begins at frame -5 of the whole, not after a.h5 (frame 0)", "a.h5", "b.h5", "--starts", "5,0")
        refuse("m.npy: the map does not know the time from frame to frame; give --frame-time SECONDS", "m.npy", "m.npy", code=2)
        refuse("m.npy: does not say where on the time axis of m.npy it begins; give --starts T1,T2,… in seconds", "m.npy", "m.npy",
               "--frame-time", "1", code=2)
        refuse("--frame-time: the results know their own", "a.h5", "b.h5", "--frame-time", "1", code=2)
        refuse("--seam-lags 0: expected 1 or more frames", "a.h5", "b.h5", "--seam-lags", "0", code=2)
        refuse("--seam-window 4: 4 frames, expected more than the 5 lags", "a.h5", "b.h5", "--seam-window", "4", code=2)
        refuse("there.h5: exists (use --overwrite to replace it)", "a.h5", "b.h5", "-o", "there.h5")
        refuse("-o b.h5: is the input b.h5, which would be lost", "a.h5", "b.h5", "-o", "b.h5", code=2)
        self.write_npy("wide.npy", np.ones((3, 4)))
        refuse("wide.npy: 3 x 4 values, expected a square two-time map of at least 2 x 2", "wide.npy", "m.npy", "--frame-time", "1",
               "--starts", "0,30")
        dry = self.vitrum("stitch", "a.h5", "b.h5", "--dry-run").stdout
        self.assertIn("b.h5: frames 200:400 of the whole, from 200 s\n400 frames, 2 bins\n", dry)


if __name__ == "__main__":
    vitrum_cli.main()
