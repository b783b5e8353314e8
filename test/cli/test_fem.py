"""Fluctuation electron microscopy: virtual patterns of known variance, measured data, and bad input."""
import h5py
import numpy as np

import vitrum_cli
from test_companion import low_loss
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
        page = self.path("report/index.html").read_text()
        self.assertIn("Normalised variance", page)
        self.assertNotIn("C(t₁, t₂)", page)  # nothing was correlated in time

    @needs("fem/ScottLab_sampleStack.mat")
    def test_measured_patterns_with_a_beam_stop(self):
        self.vitrum("fem", DATA / "fem/ScottLab_sampleStack.mat", "--k-per-pixel", "0.0335", "--replicates", "20", "-o", "s.h5", "--quiet")
        scalars = self.scalars("s.h5")["scalars"]
        # MATLAB counts from 1 and its first index is our row: (290.0, 269.1) is y = 289.0, x = 268.1
        self.assertLess(abs(scalars["series/1/center_x_px"]["value"] - 268.1), 0.5)
        self.assertLess(abs(scalars["series/1/center_y_px"]["value"] - 289.0), 0.5)
        stretch, error = (scalars["series/1/ellipse_stretch"][key] for key in ("value", "error"))
        self.assertLess(abs((1 + stretch) / (1 - stretch) - 0.9408), 4 * error)
        with h5py.File(self.path("s.h5")) as file:
            k = file["entry/series/1/k"][:]
            curve = file["entry/series/1/definition/mean-ratio"]
            plateau = (k > 4.4) & (k < 4.7)
            # published: 0.0485 between 4.4 and 4.7
            self.assertLess(abs(curve["value"][:][plateau].mean() - 0.0485), curve["value_errors"][:][plateau].mean())

    @needs("fem/ScottLab_sampleStack.mat")
    def test_measured_patterns_in_cells(self):
        """As the programs of that laboratory have it; a recomputation from these ten patterns gives 0.0395 to 0.0405 on the ring, the published curve 0.0485."""
        self.vitrum("fem", DATA / "fem/ScottLab_sampleStack.mat", "--k-per-pixel", "0.0335", "--cells", "2,5", "--replicates", "40", "-o", "s.h5", "--quiet")
        self.assert_documented("s.h5")
        with h5py.File(self.path("s.h5")) as file:
            cells = file["entry/series/1/cells"]
            ring = (cells["k"][:] > 4.4) & (cells["k"][:] < 4.7)
            value, error = cells["value"][:][ring].mean(), cells["value_errors"][:][ring].mean()
        self.assertGreater(value, 0.039)
        self.assertLess(value, 0.049)
        self.assertLess(abs(value - 0.040), error)
        self.vitrum("show", "s.h5", "--figure", "definitions", "-o", "definitions.png")
        self.refused("--cells: 1 numbers, expected a width in px and an angle in degrees, 2,5", "fem", "p.h5", "--cells", "2", "-o", "t.h5", code=2)
        self.refused("--cells 0.5,5: expected a width of 1 px or more and an angle up to 90 degrees", "fem", "p.h5", "--cells", "0.5,5", "-o", "t.h5", code=2)

    @needs("fem/fem_exp_Zr50Cu35Al15_t1.txt")
    def test_measured_curves_have_their_peaks(self):
        for name, k in (("t1", 4.037), ("t3", 4.147)):
            self.vitrum("fem", DATA / f"fem/fem_exp_Zr50Cu35Al15_{name}.txt", "-o", f"{name}.h5")
            scalars = self.scalars(f"{name}.h5")["scalars"]
            found = scalars["series/1/peak/1/maximum_k_inv_nm"]
            self.assertLess(abs(found["value"] - k), 2 * found["error"])
            self.assertEqual(scalars["series/1/peak/1/split/found"]["value"], 0)
            for figure in ("variance", "peaks"):
                self.vitrum("show", f"{name}.h5", "--figure", figure, "-o", f"{name}_{figure}.png")

    def test_two_states(self):
        for state, height, seed in (("cast", "0.15", "1"), ("annealed", "0.165", "2")):
            self.vitrum("synth", "fem", "--height", "96", "--width", "96", "--k-per-pixel", "0.19", "--scan", "8,8", "--peak-height", height, "--seed", seed,
                        "--probe-size", "0.8,1.3,2,3", "-o", f"{state}.h5", "--quiet")
        files = lambda state: [f"{state}_{r}nm.h5" for r in ("0.8", "1.3", "2", "3")]
        common = ("--probe-size", "0.8,1.3,2,3", "--gain", "1", "--replicates", "40", "--quiet")
        self.vitrum("fem", *files("cast"), *common, "-o", "a.h5")
        # as a shell sorts x_1.3nm.h5 before x_1nm.h5
        self.refused("cast_1.3nm.h5::/entry/data/data: --probe-size 0.8 nm, expected 1.3 nm, which the file has: sizes are given in the order of the files",
                     "fem", "cast_1.3nm.h5", "cast_0.8nm.h5", "--probe-size", "0.8,1.3", "-o", "b.h5")
        self.assertIn("probe size (nm)", self.vitrum("info", "cast_2nm.h5").stdout)
        out = self.vitrum("fem", *files("annealed"), *common, "--compare", "a.h5", "-o", "b.h5").stdout
        self.assertIn("Stratton-Voyles: ", out)
        scalars = self.scalars("b.h5")["scalars"]
        change = scalars["comparison/height_change"]
        self.assertLess(abs(change["value"] - 0.10), 3.5 * change["error"])
        length = scalars["pair_persistence/length_nm"]
        self.assertLess(abs(length["value"] - 1.3), 3.5 * length["error"])
        self.vitrum("show", "b.h5", "--figure", "lengths", "-o", "lengths.png")
        self.assert_documented("a.h5", "b.h5")

    def test_split_peaks_are_found_where_the_probe_resolves_them(self):
        self.vitrum("synth", "fem", "--height", "192", "--width", "192", "--k-per-pixel", "0.05", "--scan", "8,8", "--split", "0.17", "--gain", "4",
                    "--probe-size", "1.4,2.2,3.1,4.6", "-o", "w.h5", "--quiet")
        self.vitrum("synth", "fem", "--height", "192", "--width", "192", "--k-per-pixel", "0.05", "--scan", "8,8", "--gain", "4",
                    "--probe-size", "1.9,4.5", "-o", "w.h5", "--overwrite", "--quiet")  # one peak
        for size, found in (("1.4", 0), ("1.9", 0), ("4.5", 0), ("3.1", 1), ("4.6", 1)):
            self.vitrum("fem", f"w_{size}nm.h5", "--gain", "4", "--replicates", "100", "-o", "r.h5", "--overwrite", "--quiet")
            scalars = self.scalars("r.h5")["scalars"]
            self.assertEqual(scalars["series/1/peak/1/split/found"]["value"], found)
        distance = scalars["series/1/peak/1/split/separation"]
        self.assertLess(abs(distance["value"] - 0.17), 4 * distance["error"])
        # heights of single Gaussians give a third less: those of both together are used, in all series
        sizes = ("1.4", "2.2", "3.1", "4.6")
        done = self.vitrum("fem", *(f"w_{size}nm.h5" for size in sizes), "--probe-size", ",".join(sizes), "--gain", "4", "--replicates", "60",
                           "--smallest-probe", "1.4", "-o", "all.h5", "--quiet")
        self.assert_documented("all.h5")
        self.vitrum("validate", "all.h5")
        self.assertRegex(done.stderr, r"warning: the first peak is two in 3 of 4 series, 0\.1\d+ ± 0\.00\d+ nm⁻¹ apart for 4\.6 nm: heights behind correlation "
                                      r"lengths are sums of both, in all series")
        scalars = self.scalars("all.h5")["scalars"]
        length = scalars["pair_persistence/length_nm"]
        self.assertLess(abs(length["value"] - 1.3), 3 * length["error"])
        self.assertLess(length["error"], 0.1)

    def test_a_series_that_cannot_be_fitted_as_the_pair_is_named_for_that(self):
        random = np.random.default_rng(2)
        for size, step in (("2", 0.03), ("3", 0.03), ("4", 0.03), ("5", 0.45)):
            k = np.arange(2.6, 7, step)
            width = 0.08 if step < 0.1 else 0.33
            value = 0.02 + 0.1 * (0.6 * np.exp(-0.5 * ((k - 4.2) / width) ** 2) + 0.4 * np.exp(-0.5 * ((k - 4.44) / width) ** 2)) + 3e-4 * random.standard_normal(k.size)
            self.path(f"{size}.csv").write_text("k,V,e\n" + "".join(f"{a:.4f},{b:.6f},3e-4\n" for a, b in zip(k, value)))
        done = self.vitrum("fem", *(f"{size}.csv" for size in "2345"), "--table-unit", "1/nm", "--probe-size", "2,3,4,5", "--peaks", "1", "-o", "r.h5", "--quiet")
        self.assertIn("warning: 5.csv: the fit of the first peak as the pair that another series has failed (rings too few or too wide), "
                      "not used for correlation lengths", done.stderr)
        self.assertNotIn("no peak", done.stderr)
        scalars = self.scalars("r.h5")["scalars"]
        share = scalars["stratton_voyles/pair_first_share"]
        self.assertLess(abs(share["value"] - 0.6), 4 * share["error"])
        self.assertLess(share["error"], 0.05)
        with h5py.File(self.path("r.h5")) as file:
            group = file["entry/stratton_voyles"]
            self.assertEqual(group["height_common"].shape, (3, 2))
            self.assertTrue((group["height_errors"][:] >= np.linalg.norm(group["height_common"][:], axis=1)).all())

    def test_names_patterns_that_do_not_belong(self):
        self.synth("--gain", "4", "--thickness-gradient", "0.2", "--crystals", "2", "--speckle", "1.5")
        done = self.vitrum("fem", "p.h5", "--gain", "4", "--scan", "6,6", "--replicates", "30", "-o", "r.h5", "--quiet")
        self.assertIn("warning: 2 patterns have sharp spots as of a crystal: 0, 1; --leave-out crystals does without them", done.stderr)
        self.assertIn("the intensity changes over the scan, as of a thickness gradient", done.stderr)
        scalars = self.scalars("r.h5")["scalars"]
        along = scalars["series/1/places/intensity_along_rows"]
        self.assertLess(abs(along["value"] - 0.2 * 30 / 35 / 1.1), 0.03)
        self.vitrum("fem", "p.h5", "--gain", "4", "--leave-out", "crystals", "--angular", "--replicates", "30", "-o", "s.h5", "--quiet")
        self.assert_documented("s.h5")
        for figure in ("places", "angular"):
            self.vitrum("show", "s.h5", "--figure", figure, "-o", f"{figure}.png")
        self.assertEqual(self.scalars("s.h5")["scalars"]["series/1/npatterns"]["value"], 34)
        self.refused("p.h5::/entry/data/data: 36 patterns, --scan says 3 x 3", "fem", "p.h5", "--scan", "3,3", "-o", "t.h5")

    def test_centre_that_moves_over_the_scan(self):
        self.synth("--descan", "5", "--gain", "3")
        fem = ("fem", "p.h5", "--gain", "3", "--scan", "6,6", "--replicates", "20", "--quiet")
        err = self.vitrum(*fem, "-o", "common.h5").stderr
        self.assertRegex(err, r"warning: the centre moves over the scan: x \+[45]\.\d\d ± 0\.\d\d px along columns, .*; --centers scan follows it")
        results = {}
        for centers in ("scan", "pattern"):
            self.assertNotIn("the centre moves over", self.vitrum(*fem, "--centers", centers, "-o", f"{centers}.h5").stderr)
            results[centers] = self.scalars(f"{centers}.h5")["scalars"]
            along = results[centers]["series/1/places/center_x_along_columns"]
            self.assertLess(abs(along["value"] - 5), max(0.3, 4 * along["error"]))
            with h5py.File(self.path(f"{centers}.h5")) as file:
                centre = file["entry/series/1/places/center_x_px"][:]
                self.assertEqual(centre.shape, (6, 6))
                self.assertLess(abs((centre[:, -1] - centre[:, 0]).mean() - 5), 0.5)
                self.assert_documented(f"{centers}.h5")
        # rings that lie on each other are sharper: the peak of V is higher and narrower than with one centre
        common = self.scalars("common.h5")["scalars"]
        self.assertLess(results["scan"]["series/1/ellipse_axis_ratio"]["value"], common["series/1/ellipse_axis_ratio"]["value"] + 0.02)
        self.refused("--centers each: expected common, scan or pattern", "fem", "p.h5", "--centers", "each", "-o", "t.h5", code=2)
        self.refused("--centers scan and --center-x: expected one of them", "fem", "p.h5", "--centers", "scan", "--center-x", "47", "--center-y", "47", "-o", "t.h5", code=2)

    def test_thickness_filters_and_equal_intensity(self):
        self.synth("--gain", "4", "--thickness-gradient", "0.3", "--speckle", "1.5")
        fem = ("fem", "p.h5", "--gain", "4", "--scan", "6,6", "--replicates", "20", "--quiet")
        self.write_npy("haadf.npy", np.linspace(0.85, 1.15, 36).reshape(6, 6))
        self.vitrum(*fem, "--thickness-map", "haadf.npy", "--thickness-range", "0.9:1.1", "-o", "r.h5")
        inside = int(((np.linspace(0.85, 1.15, 36) >= 0.9) & (np.linspace(0.85, 1.15, 36) <= 1.1)).sum())
        self.assertEqual(self.scalars("r.h5")["scalars"]["series/1/npatterns"]["value"], inside)
        with h5py.File(self.path("r.h5")) as file:
            corrections = [text.decode() for text in file["entry/process/corrections"][:]]
        self.assertIn(f"{36 - inside} of 36 patterns left out, where haadf.npy is not within 0.9:1.1", corrections)
        # a map of twice as many places along each axis
        self.write_npy("fine.npy", np.kron(np.linspace(0.85, 1.15, 36).reshape(6, 6), np.ones((2, 2))))
        self.vitrum(*fem, "--thickness-map", "fine.npy", "--thickness-range", "0.9:1.1", "-o", "s.h5")
        self.assertEqual(self.scalars("s.h5")["scalars"]["series/1/npatterns"]["value"], inside)
        self.refused("p.h5::/entry/data/data: --thickness-range 3: leaves 0 of 36 patterns, need at least 2; the map goes from 0.85 to 1.15",
                     *fem, "--thickness-map", "haadf.npy", "--thickness-range", "3:", "-o", "t.h5")
        self.write_npy("small.npy", np.ones((3, 3)))
        self.refused("small.npy: 3 x 3 places, expected 6 x 6 as in the scan, or more", *fem, "--thickness-map", "small.npy", "--thickness-range", "0:", "-o", "t.h5")
        self.refused("--thickness-range 3: expected LOW:HIGH", *fem, "--thickness-map", "haadf.npy", "--thickness-range", "3", "-o", "t.h5", code=2)
        self.refused("r.h5: no map of t/lambda, expected a result of vitrum thickness of a spectrum image", *fem, "--thickness-map", "r.h5", "--thickness-range", "0:", "-o", "t.h5")
        # scaled to one intensity the annular means fluctuate less
        curves = {}
        for name, *flags in (("plain",), ("equal", "--equal-intensity")):
            self.vitrum(*fem, *flags, "-o", f"{name}.h5")
            with h5py.File(self.path(f"{name}.h5")) as file:
                k, curve = file["entry/series/1/k"][:], file["entry/series/1/definition/annular-mean/value"][:]
                curves[name] = curve[(k > 4) & (k < 6)].mean()
        self.assertLess(abs(curves["plain"] - curves["equal"] - 0.3**2 / 12), 0.002)

    def test_thickness_of_a_spectrum_image_chooses_places(self):
        """EELS to t/lambda to the patterns that are used, each step by its command."""
        truth = np.linspace(0.4, 1.0, 36).reshape(6, 6)
        np.save(self.path("eels.npy"), np.stack([low_loss(t, electrons=3e5, channels=600, seed=i) for i, t in enumerate(truth.ravel())]).reshape(6, 6, 600))
        self.vitrum("thickness", "eels.npy", "--energy-per-channel", "0.2", "--energy-offset", "-20", "-o", "t.h5", "--quiet")
        self.synth("--gain", "4")
        fem = ("fem", "p.h5", "--gain", "4", "--scan", "6,6", "--replicates", "20", "--thickness-map", "t.h5", "--quiet")
        self.vitrum(*fem, "--thickness-range", ":0.705", "-o", "thin.h5")
        scalars = self.scalars("thin.h5")["scalars"]
        self.assertEqual(scalars["series/1/npatterns"]["value"], int((truth <= 0.705).sum()))
        with h5py.File(self.path("thin.h5")) as file:
            used = np.isfinite(file["entry/series/1/places/intensity"][:])
            self.assertIn("18 of 36 patterns left out, where t.h5 is not within :0.705", [text.decode() for text in file["entry/process/corrections"][:]])
        np.testing.assert_array_equal(used, truth <= 0.705)
        done = self.vitrum(*fem, "--thickness-range", "2:", "-o", "none.h5", code=1)
        self.assertRegex(done.stderr, r"p\.h5::/entry/data/data: --thickness-range 2: leaves 0 of 36 patterns, need at least 2; the map goes from (0\.4|0\.39)\d* to (0\.9|1\.0)\d*")

    def test_detectors_that_spread_their_signal(self):
        self.vitrum("synth", "fem", "--height", "96", "--width", "96", "--k-per-pixel", "0.19", "--scan", "8,8", "--gain", "5", "--electrons", "3",
                    "--point-spread", "0.8", "--speckle", "4", "-o", "p.h5", "--quiet")
        truth, cells = {}, {}
        frequency = np.linspace(0, 0.75, 76)
        i = np.arange(-6, 7)
        from math import erf
        kernel = np.array([0.5 * (erf((j + 0.5) / 0.8 / 2**0.5) - erf((j - 0.5) / 0.8 / 2**0.5)) for j in i])
        mtf = np.abs((kernel * np.exp(-2j * np.pi * frequency[:, None] * i)).sum(axis=1))
        self.path("mtf.csv").write_text("frequency,mtf\n" + "".join(f"{f},{m}\n" for f, m in zip(frequency, mtf)))
        for name, *flags in (("none",), ("spread", "--point-spread", "0.8"), ("table", "--mtf", "mtf.csv")):
            self.vitrum("fem", "p.h5", "--gain", "5", *flags, "--cells", "2,5", "--replicates", "20", "-o", f"{name}.h5", "--quiet")
            with h5py.File(self.path(f"{name}.h5")) as file:
                k, curve = file["entry/series/1/k"][:], file["entry/series/1/definition/ring-ensemble/value"][:]
                truth[name] = curve[(k > 5) & (k < 6)].mean()
                k, curve = file["entry/series/1/cells/k"][:], file["entry/series/1/cells/value"][:]
                cells[name] = curve[(k > 5) & (k < 6)].mean()
        # between the peaks V is 0.01 of speckle that is wider than the spread
        self.assertLess(abs(truth["spread"] - 0.01), 0.01)
        self.assertLess(abs(truth["table"] - truth["spread"]), 0.01)
        self.assertLess(abs(cells["spread"] - 0.01), 0.01)
        self.assertLess(abs(cells["table"] - cells["spread"]), 0.005)
        self.assertLess(cells["none"], -0.02)
        self.assertLess(truth["none"], -0.1)  # all noise of three electrons subtracted where a tenth is left
        for message, *flags in (("--mtf and --point-spread: expected one of them", "--gain", "5", "--mtf", "mtf.csv", "--point-spread", "1"),
                                ("--mtf: has no effect without --gain", "--mtf", "mtf.csv"),
                                ("--point-spread -1: must not be negative", "--gain", "5", "--point-spread", "-1"),
                                ("--gain measure: takes counting noise of neighbouring pixels for independent, expected a number beside --mtf or "
                                 "--point-spread", "--gain", "measure", "--point-spread", "1")):
            self.refused(message, "fem", "p.h5", *flags, "-o", "t.h5", code=2)
        for text, message in (("f,m\n0,1\n0.3,0.5\n", "m.csv: frequencies end at 0.3 cycles per pixel, expected 0.5 or more"),
                              ("f,m,x\n0,1,1\n", "m.csv: 3 columns, expected cycles per pixel and MTF"),
                              ("f,m\n0,1\n0.6,2\n", "m.csv: row 2: MTF 2, expected 0 to 1")):
            self.path("m.csv").write_text(text)
            self.refused(message, "fem", "p.h5", "--gain", "5", "--mtf", "m.csv", "-o", "t.h5")

    def test_clusters_in_a_random_matrix(self):
        synth = ("synth", "fem", "--height", "64", "--width", "64", "--k-per-pixel", "0.2", "--probe-size", "1", "--electrons", "40", "--layers", "4", "--quiet")
        self.vitrum(*synth, "--scan", "8,8", "--cluster-fraction", "0.2", "--cluster-size", "1.5", "--stretch", "0.06", "--shear", "0.03",
                    "-o", "c.h5")
        self.vitrum(*synth, "--scan", "8,8", "--cluster-fraction", "0.001", "-o", "d.h5")
        curves = {}
        for name in "cd":
            self.vitrum("fem", f"{name}.h5", "--gain", "1", "--replicates", "20", "--unbiased", "-o", f"{name}_r.h5", "--quiet")
            with h5py.File(self.path(f"{name}_r.h5")) as file:
                curves[name] = file["entry/series/1/k"][:], file["entry/series/1/variance"][:]
        scalars = self.scalars("c_r.h5")["scalars"]
        for name, truth in (("stretch", 0.06), ("shear", 0.03)):  # rings of atoms are ellipses, too
            found = scalars[f"series/1/ellipse_{name}"]
            self.assertLess(abs(found["value"] - truth), max(0.01, 4 * found["error"]))
        k, ordered = curves["c"]
        random = np.interp(k, *curves["d"])
        at = lambda curve, low, high: curve[(k > low) & (k < high)].mean()
        self.assertLess(abs(at(random, 3, 6) - 1 / 4), 0.04)  # layers that add incoherently
        self.assertGreater(at(ordered, 4, 4.6), at(random, 4, 4.6) + 0.05)  # (111)
        self.assertLess(abs(at(ordered, 5.7, 6.2) - at(random, 5.7, 6.2)), 0.05)  # between (200) and (220)
        with h5py.File(self.path("c_truth.h5")) as file:
            self.assertEqual(file["entry/truth/1/cluster_fraction"][()], 0.2)
        self.refused("cluster_size = 3: must be positive and at most the thickness of a layer", *synth, "--cluster-fraction", "0.1", "--cluster-size", "3", "-o", "e.h5", code=2)
        self.refused("cluster_fraction = 0.5: must be in [0, 0.3]", *synth, "--cluster-fraction", "0.5", "-o", "e.h5", code=2)

    def test_exports_tables(self):
        self.vitrum("synth", "fem", "--height", "96", "--width", "96", "--k-per-pixel", "0.19", "--scan", "6,6", "--probe-size", "0.8,1.3,2,3", "-o", "v.h5", "--quiet")
        files = [f"v_{r}nm.h5" for r in ("0.8", "1.3", "2", "3")]
        self.vitrum("fem", *files, "--probe-size", "0.8,1.3,2,3", "--gain", "1", "--angular", "--replicates", "20", "-o", "v.h5", "--quiet")
        self.vitrum("export", "v.h5", "-o", "tables")
        for name, columns in (("variance", 33), ("peaks", 25), ("lengths", 7), ("places", 9), ("symmetries", 6)):
            lines = [line for line in self.path(f"tables/{name}.csv").read_text().splitlines() if not line.startswith("#")]
            self.assertEqual({len(line.split(",")) for line in lines}, {columns}, name)
            self.assertGreater(len(lines), 4)
        scalars = self.scalars("v.h5")["scalars"]
        lines = self.path("tables/peaks.csv").read_text().splitlines()
        header, first = [next(line for line in lines[i:] if not line.startswith("#")).split(",") for i in (0, next(i for i, line in enumerate(lines) if line.startswith("1,")))]
        self.assertEqual(float(first[header.index("height")]), scalars["series/1/peak/1/height"]["value"])
        page = self.vitrum("report", "v.h5", "-o", "page", "--quiet") and self.path("page/index.html").read_text()
        self.assertIn("4 series of diffraction patterns, 144 patterns in all, were analysed as image. The first peak of the normalised variance stands at k = ", page)

    def test_map_of_relaxation_times(self):
        self.synth("--speckle", "1.5")
        self.vitrum("synth", "ecm", "--frames", "1200", "--height", "24", "--width", "24", "--frame-time", "1", "--pixel-size", "0.2", "--tau", "12",
                    "--electrons", "300", "-o", "e.h5", "--quiet")
        self.vitrum("ecm", "e.h5", "--no-drift", "-o", "m.h5", "--quiet")
        fem = ("fem", "p.h5", "--gain", "1", "--replicates", "20", "--tau-map")
        self.vitrum(*fem, "m.h5", "--scan", "6,6", "-o", "r.h5", "--quiet")
        self.assert_documented("r.h5")
        scalars = self.scalars("r.h5")["scalars"]
        self.assertGreater(scalars["series/1/tau_map/places"]["value"], 30)  # of 36; some hold too few accepted pixels
        self.assertGreater(scalars["series/1/tau_map/p"]["value"], 0.01)  # they have nothing to do with each other
        self.refused("r.h5: no map of relaxation times, expected a result of vitrum ecm", *fem, "r.h5", "--scan", "6,6", "-o", "s.h5")
        self.refused("--tau-map: has no effect without --scan", *fem, "m.h5", "-o", "s.h5", code=2)

    @needs("fem/vk_initial_femsim.txt")
    def test_model_agrees_with_femsim(self):
        reference = np.loadtxt(DATA / "fem/vk_initial_femsim.txt")
        model = DATA / "fem/Zr50Cu35Al15_t3_final.xyz"
        self.vitrum("fem", "--model", model, "--probe-size", "2", "--femsim", "--orientation-grid", "40,20",
                    "--k-min", "2.8916641", "--k-max", "8.457", "--k-step", "0.0545597", "-o", "m.h5", "--quiet")
        self.assert_documented("m.h5")
        with h5py.File(self.path("m.h5")) as file:
            variance = file["entry/series/1/variance"][:]
        self.assertLess(np.abs(variance / reference[:, 1] - 1).max(), 0.03)
        self.refused("--model: expected the size of the probe, --probe-size NM", "fem", "--model", model, "-o", "r.h5", code=2)
        self.refused("--model and PATTERNS: expected one of them; set the results against each other with --compare",
                     "fem", "a.h5", "--model", model, "--probe-size", "2", "-o", "r.h5", code=2)
        self.refused(f"{model}: a probe of 2.01 nm lights 28.4 angstrom, the box has 28.3: expected a smaller probe or a larger box",
                     "fem", "--model", model, "--probe-size", "2.01", "--femsim", "-o", "r.h5")
        # all that the probe lights, to its second dark ring at 1.83 times its size
        self.refused(f"{model}: a probe of 0.78 nm lights 28.6 angstrom, the box has 28.3: expected a smaller probe or a larger box",
                     "fem", "--model", model, "--probe-size", "0.78", "-o", "r.h5")
        self.path("x.xyz").write_text("1\n30 30 30\nXx 0 0 0\n")
        self.refused("x.xyz: atom 1 is 'Xx', not an element", "fem", "--model", "x.xyz", "--probe-size", "1", "-o", "r.h5")

    def test_models_in_oblique_boxes(self):
        """The same lattice of repetition by other edges."""
        rng = np.random.default_rng(2)
        atoms = rng.uniform(0, 26, (700, 3))
        curves = []
        for name, lattice in (("straight", "26 0 0 0 26 0 0 0 26"), ("oblique", "26 0 0 26 26 0 -26 0 26")):
            self.path(f"{name}.xyz").write_text(f'700\nLattice="{lattice}" Properties=species:S:1:pos:R:3\n'
                                                + "".join(f"{'Zr' if i % 2 else 'Cu'} {r[0]:.6f} {r[1]:.6f} {r[2]:.6f}\n" for i, r in enumerate(atoms)))
            self.vitrum("fem", "--model", f"{name}.xyz", "--probe-size", "0.6", "--orientations", "10", "--k-step", "0.2", "-o", f"{name}.h5", "--quiet")
            with h5py.File(self.path(f"{name}.h5")) as file:
                curves.append(file["entry/series/1/variance"][:])
        np.testing.assert_allclose(*curves, rtol=1e-9)
        self.path("flat.xyz").write_text('1\nLattice="5 0 0 5 0 0 0 0 7" Properties\nO 0 0 0\n')
        self.refused("flat.xyz:line 2: 'Lattice=\"5 0 0 5 0 0 0 0 7\" Properties', expected edges that span a volume", "fem", "--model", "flat.xyz", "--probe-size", "1",
                     "-o", "r.h5")

    def ring(self, name, radius=25.0, patterns=12, center=(47.3, 46.2), shape=(96, 96)):
        random = np.random.default_rng(1)
        y, x = np.mgrid[:shape[0], :shape[1]]
        mean = 100 * np.exp(-0.5 * ((np.hypot(x - center[0], y - center[1]) - radius) / 5) ** 2) + 20
        return self.write_npy(name, random.poisson(mean * random.gamma(10, 0.1, (patterns, *shape))).astype(np.uint16))

    def test_bad_patterns(self):
        one = self.write_npy("one.npy", np.ones((1, 64, 64), np.uint16))
        self.refused("one.npy: 1 pattern to use, need at least 2 for a variance", "fem", one, "-o", "r.h5")
        zero = self.write_npy("zero.npy", np.zeros((4, 64, 64), np.uint16))
        self.refused("zero.npy: all frames are zero", "fem", zero, "-o", "r.h5")
        flat = self.write_npy("const.npy", np.full((5, 64, 64), 7, np.uint16))
        self.refused("const.npy: centre not found: no point about which the mean pattern is symmetric (correlation -1.00); give --center-x and --center-y",
                     "fem", flat, "-o", "r.h5")
        y, x = np.mgrid[:96, :96]
        fading = 200 * np.exp(-np.hypot(x - 47.3, y - 46.2) ** 2 / 5000)
        self.write_npy("fading.npy", np.random.default_rng(1).poisson(fading, (12, 96, 96)).astype(np.uint16))
        self.refused("fading.npy: centre not found: the mean pattern has no ring; give --center-x and --center-y, or --ring with its radius in pixels",
                     "fem", "fading.npy", "-o", "r.h5")
        good = self.ring("good.npy")
        self.refused("good.npy: ring outside of the detector: 0 of 360 degrees of the ring of radius 900.0 px about (47.3, 46.2) lie on it, need 120",
                     "fem", good, "--ring", "900", "-o", "r.h5")
        dark = self.write_npy("dark.npy", np.full((96, 96), 500, np.float32))
        median = np.median(np.load(self.path("good.npy")).mean(axis=0) - 500)
        self.refused(f"good.npy: negative counts after dark subtraction: median {median:.4g} of the mean pattern, expected a positive intensity",
                     "fem", good, "--dark", dark, "-o", "r.h5")
        small = self.write_npy("small.npy", np.zeros((95, 96), np.float32))
        self.refused("small.npy: dark of 95 x 96 pixels, expected 96 x 96 as in good.npy", "fem", good, "--dark", small, "-o", "r.h5")
        none = self.write_npy("flat.npy", np.zeros((96, 96), np.float32))
        self.refused("flat.npy: flat field 0 at y = 0, x = 0, must be positive", "fem", good, "--flat", none, "-o", "r.h5")
        self.refused("good.npy: no pixel in use lies between k = 900 and 69.09", "fem", good, "--center-x", "47", "--center-y", "46", "--no-ellipse", "--k-min", "900", "-o", "r.h5")
        err = self.vitrum("fem", good, "--replicates", "20", "-o", "r.h5", "--quiet").stderr
        self.assertIn("warning: no k calibration in the file: k is given in pixels; --k-per-pixel, or --known-ring, gives 1/nm", err)
        self.assertEqual(self.scalars("r.h5")["scalars"]["series/1/k_per_pixel"]["unit"], "px")

    def test_bad_settings(self):
        for message, *flags in (("--probe-size: 3 values for 2 series, expected one for each", "--probe-size", "1,2,3"),
                                ("--probe-size: 1 values for 2 series, expected one for each", "--probe-size", "1"),
                                ("--probe-size 1: both of a.npy and of b.npy, expected different ones, or --temperature", "--probe-size", "1,1"),
                                ("--probe-size -1: must be positive", "--probe-size", "-1,2"),
                                ("--probe-size x: expected a number", "--probe-size", "1,x"),
                                ("--gain 0: must be positive", "--gain", "0"),
                                ("--variance mean: expected one of image, annular-mean, ring-mean, ring-ensemble, mean-ratio", "--variance", "mean"),
                                ("--center-x and --center-y: expected both or none", "--center-x", "3"),
                                ("--peak-range 3: expected LOW:HIGH", "--peak-range", "3"),
                                ("--k-per-pixel and --known-ring: expected one of them", "--k-per-pixel", "1", "--known-ring", "4"),
                                ("--k-max 20: must be above --k-min 30", "--k-min", "30", "--k-max", "20"),
                                ("--energy -3: must be positive", "--energy", "-3"),
                                ("--leave-out all: expected outliers or crystals", "--leave-out", "all"),
                                ("--thickness-map: has no effect without --thickness-range", "--thickness-map", "x.npy"),
                                ("--replicates 1: need at least 2", "--replicates", "1")):
            for name in ("a.npy", "b.npy"):
                self.write_npy(name, np.ones((4, 64, 64), np.uint16))
            self.refused(message, "fem", "a.npy", "b.npy", *flags, "-o", "r.h5", code=2)

    def test_measures_the_gain(self):
        self.synth("--gain", "3", "--speckle", "4")
        self.vitrum("fem", "p.h5", "--gain", "measure", "--replicates", "20", "-o", "r.h5", "--quiet")
        gain = self.scalars("r.h5")["scalars"]["series/1/gain"]
        self.assertLess(abs(gain["value"] - 3), 4 * gain["error"])
        self.assertLess(gain["error"], 0.2)
        self.assert_documented("r.h5")

    def test_sizes_that_names_contradict(self):
        """Files that know no size, in the order in which a shell sorts them."""
        k = np.linspace(3, 6, 60)
        for name in ("x_1.3nm.csv", "x_1nm.csv", "x_2p0 nm.csv", "a 50nm.csv", "b 50nm.csv", "01_2nm.csv"):
            self.path(name).write_text("k,V,e\n" + "".join(f"{a / 10},{0.01 + 0.1 * np.exp(-0.5 * ((a - 4.3) / 0.3) ** 2)},0.002\n" for a in k))
        self.refused("x_1.3nm.csv: --probe-size 1 nm, but its name says 1.3 nm, which is given for x_1nm.csv: sizes are given in the order of the files",
                     "fem", "x_1.3nm.csv", "x_1nm.csv", "--probe-size", "1,1.3", "-o", "r.h5", code=2)
        done = self.vitrum("fem", "x_1.3nm.csv", "x_1nm.csv", "--probe-size", "1.3,2.6", "-o", "r.h5", "--quiet")
        self.assertIn("warning: x_1nm.csv: --probe-size 2.6 nm, but its name says 1 nm: sizes are given in the order of the files\n", done.stderr)
        for names, sizes in ((("x_1.3nm.csv", "x_1nm.csv", "x_2p0 nm.csv"), "1.3,1,2"), (("a 50nm.csv", "b 50nm.csv"), "1,2"), (("x_1nm.csv", "01_2nm.csv"), "1,2"),
                             (("x_1nm.csv", "01_2nm.csv"), "1,1.2")):
            done = self.vitrum("fem", *names, "--probe-size", sizes, "-o", "r.h5", "--overwrite", "--quiet")
            self.assertNotIn("its name says", done.stderr)

    def test_bad_tables(self):
        for text, message in (("k,V,e\n1,2,0.1\n0.5,1,0.1\n", "t.csv:row 2: k = 0.5 after 1, expected ascending k"),
                              ("k,V\n1,2\n", "t.csv: 2 columns, expected k, V and its error"),
                              ("k,V,e\n1,2,0\n", "t.csv:row 1: error 0, expected a positive error")):
            self.path("t.csv").write_text(text)
            self.refused(message, "fem", "t.csv", "-o", "r.h5")


if __name__ == "__main__":
    vitrum_cli.main()
