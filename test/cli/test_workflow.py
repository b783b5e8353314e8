"""From frames to report on virtual data, and the promises of the command line."""
import json
import re
import unittest

import h5py
import numpy as np

import vitrum_cli
from vitrum_cli import DATA, CliTest, poisson_frames

SYNTH = ["synth", "xpcs", "--frames", "600", "--height", "64", "--width", "64", "--tau", "20", "--exponent", "0.8",
         "--q-bins", "3", "--hot-pixels", "3", "--gaps", "200:210", "--seed", "3", "--quiet"]


class Workflow(CliTest):
    def test_from_frames_to_report(self):
        self.vitrum(*SYNTH, "-o", "v.h5")
        self.vitrum("mask", "v.h5", "--find-hot", "-o", "mask.npy", "--figure", "mask.png", "--quiet")
        mask = np.load(self.path("mask.npy"))
        with h5py.File(self.path("v_truth.h5")) as file:
            hot = file["/entry/truth/hot_pixels"][:]
        self.assertTrue((mask.ravel()[hot] == 0).all(), "a hot pixel was not found")
        self.assertLessEqual((mask == 0).sum(), len(hot) + 2)  # false alarms: 0.1 expected
        done = self.vitrum("xpcs", "v.h5", "--mask", "mask.npy", "--partition", "v_qmap.h5", "--models", "kww,ml", "--pixel-g2", "symmetric-bin",
                           "-o", "r.h5", "--quiet")
        self.assertTrue(done.stdout.endswith("r.h5\n"))
        shown = self.scalars("r.h5")
        self.assertEqual(shown["kind"], "xpcs")
        self.assertEqual(self.vitrum("validate", "r.h5").stdout, "r.h5: valid\n")
        facts = json.loads(self.vitrum("info", "r.h5", "--json").stdout)[0]["facts"]
        self.assertEqual(facts["kind"]["value"], "xpcs")
        self.assertEqual(facts["bins"]["value"], 3)
        self.assertEqual(facts["inputs"]["value"].split()[0], "v.h5")
        scalars = shown["scalars"]
        self.assertEqual(scalars["frames"]["value"], 600)
        self.assertEqual(scalars["frame_time_s"], {"value": 1, "error": None, "unit": "s"})
        for b in (1, 2, 3):
            for name in ("kww_exponent", "contrast", "baseline", "chi2_reduced", "mean_time_s"):
                self.assertIn(f"bin/{b}/fit/kww/{name}", scalars)
            self.assertIn(f"bin/{b}/fit/ml/ml_exponent", scalars)
            for name in ("age_s", "tau_s", "kww_exponent", "contrast"):
                self.assertIn(f"bin/{b}/window/1/{name}", scalars)
        self.assertTrue(any("zero" in text for text in shown["warnings"]))

        done = self.vitrum("report", "r.h5", "--truth", "v_truth.h5", "-o", "report", "--quiet")
        pulls = [float(line.split()[-1]) for line in done.stdout.splitlines()[1:] if re.search(r"[+-]\d\.\d\d$", line)]
        self.assertEqual(len(pulls), 12)
        # 5: one run in two million per number; the pulls themselves are calibrated elsewhere
        self.assertLess(max(abs(p) for p in pulls), 5)
        page = self.path("report/index.html").read_text()
        self.assertFalse("http://" in page.replace("http://www.w3.org/", ""), "the page loads something")
        for link in re.findall(r'href="(?!data:)([^"#][^"]*)"', page):
            self.assertTrue((self.path("report") / link).exists(), link)

        self.vitrum("age", "r.h5", "--window", "150", "--window-step", "50", "--age", "mid", "-o", "a.h5", "--quiet")
        self.vitrum("fit", "r.h5", "--models", "exp,kww", "--fix", "baseline=1", "-o", "f.h5", "--quiet")
        for derived in ("a.h5", "f.h5"):
            kept = self.scalars(derived)["scalars"]
            for name in ("frames", "bin/2/npixels", "bin/2/mean_counts"):
                self.assertEqual(kept[name], scalars[name], (derived, name))
        again = self.scalars("a.h5")["scalars"]["bin/1/fit/kww/tau_s"]
        for part in ("value", "error"):  # the whole curve is the one of xpcs
            self.assertAlmostEqual(again[part] / scalars["bin/1/fit/kww/tau_s"][part], 1, places=9)
        fixed = self.scalars("f.h5")["scalars"]["bin/1/fit/kww/baseline"]
        self.assertEqual(fixed["value"], 1)
        for format_, name in (("csv", "tables"), ("npz", "r.npz"), ("hdf5", "copy.h5"), ("8id", "aps.hdf")):
            self.vitrum("export", "r.h5", "--format", format_, "-o", name, "--quiet")
        with h5py.File(self.path("r.h5")) as file, h5py.File(self.path("aps.hdf")) as aps:
            np.testing.assert_allclose(aps["/xpcs/multitau/normalized_g2"][:].T, file["/entry/g2/g2"][:], rtol=1e-6)
            c = aps["/xpcs/twotime/correlation_map/c2_00001"][:]
            self.assertTrue((c[5, :5] == 0).all())
        self.vitrum("fit", "aps.hdf", "--models", "kww", "-o", "again.h5", "--quiet")
        self.vitrum("fit", "tables/g2.csv", "--models", "kww", "-o", "table.h5", "--quiet")
        for name in ("again.h5", "table.h5"):
            self.assertAlmostEqual(self.scalars(name)["scalars"]["bin/3/q_inv_angstrom"]["value"],
                                   scalars["bin/3/q_inv_angstrom"]["value"], places=9)
        self.refused("aps.hdf:/entry/kind: no kind of result, expected a result that vitrum wrote; of this "
                                     "8-ID result vitrum fit makes one", "report", "aps.hdf", "-o", "none", code=1)
        self.refused("table.h5: holds nothing to draw as 'two-time'; it holds g2, overlay, tau-q", "show", "table.h5",
                     "--figure", "two-time", "-o", "none.png", code=1)

    def test_law_of_decay_and_shared_parameters(self):
        self.vitrum("synth", "xpcs", "--model", "ml", "--exponent", "0.7", "--tau", "20", "--frames", "2000", "--height", "64", "--width", "64",
                    "--contrast", "1", "--counts", "3", "--q-bins", "2", "--q-power", "0", "-o", "m.h5", "--quiet")
        self.vitrum("xpcs", "m.h5", "--partition", "m_qmap.h5", "--no-map", "--compare", "--compare-replicates", "60", "--share", "exponent",
                    "-o", "m_r.h5", "--quiet")
        scalars = self.scalars("m_r.h5")["scalars"]
        for b in (1, 2):
            self.assertEqual(scalars[f"bin/{b}/preferred_model"]["value"], "ml")
            self.assertLess(scalars[f"bin/{b}/comparison/kww/p_against/ml"]["value"], 1e-6)
            exponent = scalars[f"bin/{b}/comparison/ml/ml_exponent"]
            self.assertLess(abs(exponent["value"] - 0.7), 5 * exponent["error"])
            both = [scalars[f"bin/{b}/comparison/ml/tau_{kind}_factor_s"]["value"] for kind in ("with", "without")]
            self.assertAlmostEqual(both[0] / both[1], 2 ** (1 / exponent["value"]), places=9)
            one = {scalars[f"bin/{b}/window/{k}/kww_exponent"]["value"] for k in (1, 2, 3)}
            self.assertEqual(len(one), 1, "the windows share their exponent")
        self.vitrum("show", "m_r.h5", "--figure", "law", "--bin", "2", "-o", "law.svg", "--quiet")
        self.assertIn("power law", self.path("law.svg").read_text())
        self.vitrum("report", "m_r.h5", "-o", "m_report", "--quiet")
        self.assertIn("The law of decay", self.path("m_report/index.html").read_text())
        self.assertTrue(list(self.path("m_report").rglob("law.csv")))
        self.vitrum("fit", "m_r.h5", "--models", "ml", "--share", "contrast,ml_exponent", "-o", "m_f.h5", "--quiet")
        fitted = self.scalars("m_f.h5")["scalars"]
        for name in ("contrast", "ml_exponent"):
            self.assertEqual(fitted[f"bin/1/fit/ml/{name}"], fitted[f"bin/2/fit/ml/{name}"])
        self.assertNotEqual(fitted["bin/1/fit/ml/tau_s"], fitted["bin/2/fit/ml/tau_s"])
        done = self.vitrum("fit", "m_r.h5", "--share", "fraction", "-o", "no.h5", "--quiet", code=2)
        self.assertIn("--share fraction: no model has this parameter", done.stderr)

    def test_walkers_age_as_their_truth_says(self):
        self.vitrum("synth", "ctrw", "--frames", "200", "--tau", "5", "--seed", "2", "-o", "w.h5", "--quiet")
        self.vitrum("xpcs", "w.h5", "-o", "w_r.h5", "--quiet")
        with h5py.File(self.path("w_truth.h5")) as file:
            truth = file["/entry/truth/two_time"][:]
        with h5py.File(self.path("w_r.h5")) as file:
            measured = file["/entry/twotime/bin_1/two_time_corr_func"][:]
        off = ~np.eye(len(truth), dtype=bool)
        self.assertEqual(truth.shape, measured.shape)
        self.assertLess(abs((measured - truth)[off].mean()), 0.02)  # 4096 pixels
        self.assertLess((measured - truth)[off].std(), 0.1)
        early, late = truth[5, 25], truth[150, 170]
        self.assertGreater(late, early + 0.1, "it ages")

    def test_windows_made_later_have_the_errors_of_pixels(self):
        """age gives the errors of xpcs, for its windows and for others; the bias of a window is the least sure."""
        self.vitrum(*SYNTH, "-o", "v.h5")
        for age, window in (("start", 60), ("mid", 95)):
            again = ["--age", age, "--window", window, "--models", "kww", "--quiet"]
            self.vitrum("xpcs", "v.h5", "--partition", "v_qmap.h5", *again, "-o", f"{age}.h5")
        for age, window in (("start", 60), ("mid", 95)):
            again = ["--age", age, "--window", window, "--models", "kww", "--quiet"]
            self.vitrum("age", "start.h5", *again, "-o", "a.h5", "--overwrite")
            with h5py.File(self.path(f"{age}.h5")) as file, h5py.File(self.path("a.h5")) as made:
                errors, other = (f["/entry/window/g2_errors"][:] for f in (file, made))
                short = file["/entry/window/lag_s"][:] < 60
                np.testing.assert_array_equal(np.isnan(errors), np.isnan(other))
                ratio = (other / errors)[:, :, short]
                self.assertAlmostEqual(np.nanmedian(ratio), 1, delta=0.03)
                # 10 %: of windows whose ends fall between the stored blocks
                self.assertLess(np.nanpercentile(np.abs(ratio - 1), 80), 0.1)
        self.assertFalse([w for w in self.scalars("a.h5")["warnings"] if "blocks of time" in w])

    def test_pixel_by_pixel(self):
        """g2 of single pixels is fitted, shown, drawn and tabulated as the other one is."""
        self.vitrum(*SYNTH, "-o", "v.h5")
        self.vitrum("xpcs", "v.h5", "--partition", "v_qmap.h5", "--models", "kww,exp", "--pixel-g2", "symmetric-bin", "-o",
                    "r.h5", "--quiet")
        self.vitrum("fit", "r.h5", "--models", "kww", "-o", "f.h5", "--quiet")
        for name in ("r.h5", "f.h5"):
            scalars = self.scalars(name)["scalars"]
            one, other = (scalars[f"bin/2/{fit}/kww/tau_s"] for fit in ("fit", "fit_pixel"))
            self.assertLess(abs(one["value"] - other["value"]), 5 * (one["error"] + other["error"]))
        self.vitrum("show", "r.h5", "--figure", "g2-pixel", "-o", "p.svg")
        self.vitrum("report", "r.h5", "-o", "report", "--quiet")
        self.vitrum("export", "r.h5", "-o", "tables", "--quiet")
        for folder in ("report", "tables"):
            for name in ("g2_pixel.csv", "fits_pixel.csv", "two_time_bin_3.csv", "image_mask.csv"):
                self.assertTrue((self.path(folder) / name).exists(), (folder, name))
        self.assertTrue(self.path("report/g2_pixel.svg").exists())

    def test_curves_and_maps_of_others(self):
        """One g2 and one two-time map in every form they may come in give the same numbers."""
        lag = np.arange(1, 40.0)
        g2 = 1 + 0.3 * np.exp(-2 * (lag / 8) ** 0.7) + 1e-3 * np.random.default_rng(2).standard_normal(39)
        table = np.c_[lag, g2, np.full(39, 1e-3)]
        np.save(self.path("g.npy"), table)
        np.savetxt(self.path("bare.csv"), table, delimiter=",", fmt="%.17g")
        np.savetxt(self.path("named.csv"), table, delimiter=",", fmt="%.17g", header="lag_s,g2,g2_errors", comments="")
        with h5py.File(self.path("columns.h5"), "w") as file:
            file["table"] = table
        with h5py.File(self.path("lists.h5"), "w") as file:
            file["run/lag_frames"] = lag
            file["run/g2"] = np.array([g2, g2 + 0.1])
            file["run/g2_errors"] = np.full((2, 39), 1e-3)
        with h5py.File(self.path("turned.h5"), "w") as file:
            file["lag_s"] = lag
            file["g2"] = np.array([g2, g2 + 0.1]).T
            file["g2_errors"] = np.full((39, 2), 1e-3)
        found = []
        for name, *flags in (["g.npy"], ["bare.csv"], ["named.csv"], ["columns.h5::/table"],
                             ["lists.h5", "--frame-time", "1"], ["turned.h5"]):
            self.vitrum("fit", name, *flags, "--models", "kww", "-o", "f.h5", "--overwrite", "--quiet")
            found.append(self.scalars("f.h5")["scalars"])
        for scalars in found[1:]:
            for value in ("tau_s", "contrast", "baseline", "kww_exponent"):
                self.assertEqual(scalars[f"bin/1/fit/kww/{value}"], found[0][f"bin/1/fit/kww/{value}"])
        self.assertAlmostEqual(found[4]["bin/2/fit/kww/baseline"]["value"],
                               found[4]["bin/1/fit/kww/baseline"]["value"] + 0.1, places=6)
        self.refused("lists.h5: the lags count frames; give --frame-time SECONDS", "fit", "lists.h5", "-o", "g.h5", code=2)
        with h5py.File(self.path("odd.h5"), "w") as file:
            file["lag_s"] = lag
            file["g2"] = g2[:-1]
        self.refused("odd.h5:g2: shape [38], expected [39], [bin, 39] or [39, bin] for 39 lags", "fit", "odd.h5", "-o", "g.h5")

        t = np.arange(60)
        c = 1 + 0.5 * np.exp(-2 * abs(t[:, None] - t) / 10) + 1e-3 * np.random.default_rng(1).standard_normal((60, 60))
        c = (c + c.T) / 2
        np.save(self.path("c.npy"), c)
        np.savetxt(self.path("c.csv"), c, delimiter=",", fmt="%.17g")
        with h5py.File(self.path("c.h5"), "w") as file:
            file["maps/c"] = np.tril(c)
        found = []
        for name in ("c.npy", "c.csv", "c.h5", "c.h5::/maps/c"):
            self.vitrum("age", name, "--frame-time", "1", "--models", "kww", "-o", "a.h5", "--overwrite", "--quiet")
            found.append(self.scalars("a.h5")["scalars"]["bin/1/fit/kww/tau_s"])
        self.assertEqual(found, [found[0]] * 4)

    def test_report_replaces_what_it_wrote(self):
        self.vitrum(*SYNTH, "-o", "v.h5")
        self.vitrum("xpcs", "v.h5", "--partition", "v_qmap.h5", "-o", "three.h5", "--quiet")
        self.vitrum("xpcs", "v.h5", "--no-map", "-o", "one.h5", "--quiet")
        self.vitrum("report", "three.h5", "-o", "report", "--quiet")
        self.path("report/notes.txt").write_text("mine")
        self.refused("report/index.html: exists (use --overwrite to replace it)", "report", "one.h5", "-o", "report")
        self.assertTrue(self.path("report/two_time_bin_1.svg").exists())
        self.vitrum("report", "one.h5", "-o", "report", "--overwrite", "--quiet")
        self.vitrum("report", "one.h5", "-o", "fresh", "--quiet")
        names = {p.name for p in self.path("report").iterdir()}
        self.assertEqual(names, {p.name for p in self.path("fresh").iterdir()} | {"notes.txt"})

    def test_sectors_and_facts_in_the_8id_layout(self):
        import h5py
        with h5py.File(self.path("a.h5"), "w") as file:
            file["entry/data/data"] = poisson_frames(40, 32, 32)
            file["entry/start_time"] = "2024-02-03T04:05:06"
            file["entry/scan_number"] = 17
            detector = file.create_group("entry/instrument/detector_1")
            detector["frame_time"], detector["count_time"] = 0.5, 0.125
        self.vitrum("xpcs", "a.h5", "--center-x", "15.5", "--center-y", "15.5", "--q-per-pixel", "0.1", "--q-bins", "2", "--phi-sectors", "3",
                    "--static-per-bin", "2", "--models", "exp", "-o", "r.h5", "--quiet")
        with h5py.File(self.path("r.h5")) as file:
            self.assertEqual(file["/entry/start_time"][()], b"2024-02-03T04:05:06")
            self.assertEqual(file["/entry/scan_number"][()], 17)
            self.assertNotIn("entry_identifier", file["/entry"])  # the series has none
            self.assertIn("as detected", file["/entry/saxs/intensity"].attrs["processing"])
        self.vitrum("export", "r.h5", "--format", "8id", "-o", "aps.hdf", "--quiet")
        with h5py.File(self.path("aps.hdf")) as file:
            self.assertEqual(list(file["/xpcs/qmap/dynamic_num_pts"][:]), [2, 3])
            np.testing.assert_array_equal(file["/xpcs/qmap/dynamic_index_mapping"][:], np.arange(6))
            np.testing.assert_allclose(file["/xpcs/qmap/dynamic_v_list_dim1"][:], [60, 180, 300])
            self.assertEqual(list(file["/xpcs/qmap/static_num_pts"][:]), [4, 3])
            self.assertEqual(file["/entry/instrument/detector_1/count_time"][()], 0.125)
            self.assertEqual(file["/entry/instrument/detector_1/frame_time"][()], 0.5)
        self.vitrum("fit", "aps.hdf", "--models", "exp", "-o", "f.h5", "--quiet")
        scalars = self.scalars("f.h5")["scalars"]
        self.assertEqual([scalars[f"bin/{b}/phi_deg"]["value"] for b in range(1, 7)], [60, 180, 300] * 2)

    def make_8id(self):
        """aps.hdf of a result r.h5, and the paths that viewers of such files read."""
        self.vitrum(*SYNTH, "-o", "v.h5")
        self.vitrum("xpcs", "v.h5", "--partition", "v_qmap.h5", "-o", "r.h5", "--quiet")
        self.vitrum("export", "r.h5", "--format", "8id", "-o", "aps.hdf", "--quiet")
        qmap = ("mask", "dynamic_roi_map", "static_roi_map", "dynamic_v_list_dim0", "static_v_list_dim0", "dynamic_v_list_dim1",
                "static_v_list_dim1", "beam_center_x", "beam_center_y", "detector_distance", "pixel_size", "energy",
                "static_index_mapping", "dynamic_index_mapping", "static_num_pts", "dynamic_num_pts", "map_names", "map_units")
        paths = [f"xpcs/qmap/{name}" for name in qmap]
        paths += [f"xpcs/{kind}/config/{name}" for kind in ("multitau", "twotime") for name in ("stride_frame", "avg_frame")]
        paths += ["xpcs/multitau/config/analysis_type", "xpcs/multitau/delay_list", "xpcs/multitau/normalized_g2",
                  "xpcs/multitau/normalized_g2_err", "xpcs/twotime/delay_list", "xpcs/twotime/normalized_g2",
                  "xpcs/twotime/processed_bins", "xpcs/twotime/correlation_map/c2_00001", "xpcs/spatial_mean/intensity_vs_time",
                  "xpcs/temporal_mean/scattering_1d", "xpcs/temporal_mean/scattering_2d",
                  "xpcs/temporal_mean/scattering_1d_segments", "xpcs/rawdata_path", "entry/start_time",
                  "entry/instrument/incident_beam/incident_energy"]
        return paths + [f"entry/instrument/detector_1/{name}" for name in ("frame_time", "count_time", "x_pixel_size", "y_pixel_size",
                                                                           "distance", "beam_center_x", "beam_center_y")]

    @unittest.skipUnless((DATA / "xpcs/aps_8id_result.hdf").exists(), "the file of the beamline is not there")
    def test_8id_layout_has_the_kinds_of_numbers_that_the_beamline_writes(self):
        paths = self.make_8id()
        with h5py.File(self.path("aps.hdf")) as own, h5py.File(DATA / "xpcs/aps_8id_result.hdf") as real:
            common = [path for path in paths if path in real]
            self.assertGreater(len(common), 20)
            self.assertEqual([own[path].ndim for path in common], [real[path].ndim for path in common])

    def test_8id_layout_has_what_its_viewers_read(self):
        paths = self.make_8id()
        with h5py.File(self.path("aps.hdf")) as file, h5py.File(self.path("r.h5")) as own:
            self.assertEqual([path for path in paths if path not in file], [])
            detector = file["entry/instrument/detector_1"]
            for name, field in (("x_pixel_size", "pixel_size_x_m"), ("distance", "distance_m"),
                                ("beam_center_y", "beam_center_y_px")):
                self.assertEqual(detector[name][()], own[f"entry/geometry/{field}"][()])
            np.testing.assert_allclose(file["xpcs/twotime/normalized_g2"][()], own["entry/g2/g2"][()].T, rtol=1e-6)

    def test_figures(self):
        self.vitrum(*SYNTH, "-o", "v.h5")
        self.vitrum("xpcs", "v.h5", "--partition", "v_qmap.h5", "-o", "r.h5", "--quiet")
        for name in ("two-time", "g2", "overlay", "age", "decay", "tau-q", "saxs", "intensity", "image"):
            for ending, magic in (("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")):
                out = f"{name}.{ending}"
                one_bin = ["--bin", "2"] if name in ("two-time", "g2", "age", "decay") else []
                self.vitrum("show", "r.h5", "--figure", name, *one_bin, "-o", out)
                self.assertTrue(self.path(out).read_bytes().startswith(magic), out)
        self.refused("--bin 4: the result has bins 1 to 3", "show", "r.h5", "--figure", "g2", "--bin", "4", "-o",
                     "x.png", code=2)

    def test_result_is_nexus_that_plots(self):
        self.vitrum(*SYNTH, "-o", "v.h5")
        self.vitrum("xpcs", "v.h5", "--partition", "v_qmap.h5", "-o", "r.h5", "--quiet")
        with h5py.File(self.path("r.h5")) as file:
            group = file
            while "default" in group.attrs:
                group = group[group.attrs["default"]]
            self.assertEqual(group.attrs["NX_class"], "NXdata")
            signal = group[group.attrs["signal"]]
            self.assertEqual(signal.attrs["interpretation"], "spectrum")
            axes = list(group.attrs["axes"])
            self.assertEqual([len(group[a]) for a in axes], list(signal.shape))
            self.assertEqual(group["g2_errors"].shape, signal.shape)
            errors = group["g2_errors"][:]
            self.assertTrue((errors[np.isfinite(errors)] >= 0).all())
            c = file["/entry/twotime/bin_1/two_time_corr_func"]
            self.assertEqual(c.chunks[0], c.chunks[1])  # one tile of the map
            full = c[:]
            np.testing.assert_array_equal(full, full.T)
            self.assertTrue(np.isnan(full[205]).all())  # the gap stays in the time axis
            self.assertEqual(file["/entry/data/g2_derr"][:].shape, signal.shape)

    def test_viewers_find_no_scatter_in_one_bin(self):
        """An axis as long as the whole signal is that of a scatter plot for viewers, and a second axis of other length makes it none at all."""
        self.vitrum(*SYNTH, "-o", "v.h5")
        self.vitrum("xpcs", "v.h5", "--window", "600", "-o", "r.h5", "--quiet")
        self.vitrum("xsvs", "v.h5", "-o", "s.h5", "--quiet")
        checked = []

        def check(name, group):
            if group.attrs.get("NX_class") == "NXdata" and "axes" in group.attrs:
                signal = group[group.attrs["signal"]]
                lengths = [len(group[a]) for a in group.attrs["axes"] if a != "."]
                self.assertEqual(len(group.attrs["axes"]), signal.ndim, name)
                self.assertFalse(len(set(lengths)) > 1 and signal.size in lengths, name)
                checked.append(name)

        for result in ("r.h5", "s.h5"):
            with h5py.File(self.path(result)) as file:
                file.visititems(check)
        self.assertTrue({"entry/g2", "entry/data", "entry/window", "entry/xsvs"} <= set(checked), checked)

    def test_settings_run_again(self):
        self.vitrum(*SYNTH, "-o", "v.h5")
        flags = ["--partition", "v_qmap.h5", "--window", "120", "--models", "kww"]
        self.vitrum("xpcs", "v.h5", *flags, "-o", "a.h5", "--quiet")
        self.path("run.toml").write_text(self.vitrum("xpcs", "v.h5", *flags, "--show-config").stdout)
        self.vitrum("xpcs", "v.h5", "--config", "run.toml", "-o", "b.h5", "--quiet")
        a, b = self.scalars("a.h5")["scalars"], self.scalars("b.h5")["scalars"]
        self.assertEqual(a, b)

    def test_threads_do_not_change_results(self):
        self.vitrum(*SYNTH, "--threads", "1", "-o", "v.h5")
        self.vitrum(*SYNTH, "--threads", "2", "-o", "w.h5")
        with h5py.File(self.path("v_truth.h5")) as v, h5py.File(self.path("w_truth.h5")) as w:
            np.testing.assert_array_equal(v["/entry/truth/g2"][:], w["/entry/truth/g2"][:])
        # the frames made by one thread and by two, each analysed by as many
        for threads, name in ((1, "v"), (2, "w")):
            self.vitrum("xpcs", f"{name}.h5", "--partition", f"{name}_qmap.h5", "--threads", threads, "-o",
                        f"r{threads}.h5", "--quiet")
        with h5py.File(self.path("r1.h5")) as one, h5py.File(self.path("r2.h5")) as two:
            for name in ("g2/g2", "g2/g2_errors", "window/g2", "fit/kww/tau_s", "image/mean", "twotime/bin_1/two_time_corr_func"):
                np.testing.assert_array_equal(one[f"/entry/{name}"][:], two[f"/entry/{name}"][:], name)

    def test_same_frames_from_every_format(self):
        data = poisson_frames(60, 12, 14)
        self.write_h5("a.h5", data, chunks=(1, 12, 14), compression="gzip", shuffle=True)
        self.write_npy("a.npy", data)
        np.savez(self.path("a.npz"), data)
        self.path("a.raw").write_bytes(data.astype(">u2").tobytes())
        raw = ["--raw-shape", "60,12,14", "--raw-big-endian"]
        results = []
        for name, more in (("a.h5", []), ("a.npy", []), ("a.npz", []), ("a.raw", raw)):
            self.vitrum("xpcs", name, *more, "--frame-time", "1", "--models", "exp", "-o", "r.h5", "--overwrite",
                        "--quiet")
            with h5py.File(self.path("r.h5")) as file:
                results.append(file["/entry/g2/g2"][:])
        for other in results[1:]:
            np.testing.assert_array_equal(results[0], other)

    def test_compressed_time_axis(self):
        with h5py.File(self.path("a.h5"), "w") as file:
            file["entry/data/data"] = poisson_frames(50)
            time = file.create_dataset("entry/data/time", data=0.25 * np.arange(50), compression="gzip", chunks=(10,))
            time.attrs["units"] = "s"
        facts = json.loads(self.vitrum("info", "a.h5", "--json").stdout)[0]["facts"]
        self.assertAlmostEqual(facts["frame_time"]["value"], 0.25)

    def test_two_time_is_its_definition(self):
        data = poisson_frames(30, 6, 7, mean=3)
        self.write_npy("a.npy", data)
        self.vitrum("xpcs", "a.npy", "--frame-time", "0.5", "--normalization", "plain", "--lags", "linear", "--models",
                    "exp", "-o", "r.h5", "--quiet")
        x = data.reshape(30, -1).astype(float)
        c = (x @ x.T / x.shape[1]) / np.outer(x.mean(1), x.mean(1))
        with h5py.File(self.path("r.h5")) as file:
            got = file["/entry/twotime/bin_1/two_time_corr_func"][:]
            np.testing.assert_allclose(got, c, rtol=2e-6)  # float32 sums of fluctuations
            g2 = file["/entry/g2/g2"][0] + file["/entry/g2/g2_bias"][0]
            lag = file["/entry/g2/lag_frames"][:]
        for value, frames in zip(g2, lag):
            self.assertAlmostEqual(value, np.diagonal(c, int(frames)).mean(), delta=2e-6)

    def test_dry_run_writes_nothing(self):
        self.vitrum(*SYNTH, "-o", "v.h5")
        before = sorted(p.name for p in self.path(".").iterdir())
        done = self.vitrum("xpcs", "v.h5", "--partition", "v_qmap.h5", "--dry-run", "--quiet")
        self.assertIn("memory:", done.stdout)
        self.assertEqual(before, sorted(p.name for p in self.path(".").iterdir()))

    def test_quiet_success_says_nothing_on_stderr(self):
        self.write_npy("a.npy", poisson_frames())
        done = self.vitrum("info", "a.npy", "--scan", "--quiet")
        self.assertEqual(done.stderr, "")
        done = self.vitrum("info", "a.npy", "--json")
        facts = json.loads(done.stdout)[0]["facts"]
        self.assertEqual(facts["frames"]["value"], 40)
        self.assertIn("hdf5", self.vitrum("formats").stdout)
        self.assertTrue(self.vitrum("--version").stdout.startswith("vitrum "))


if __name__ == "__main__":
    vitrum_cli.main()
