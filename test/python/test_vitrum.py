"""The Python module: commands, results, kernels on plain arrays; against the command line and plain numpy."""
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import warnings

import h5py
import numpy as np

import vitrum

PROGRAM = os.environ["VITRUM"]


def datasets(path):
    """Every array of a file but the times of its making."""
    found = {}
    with h5py.File(path) as file:
        def take(name, item):
            if isinstance(item, h5py.Dataset) and name not in ("entry/process/date", "entry/end_time", "entry/start_time"):
                found[name] = item[()]
        file.visititems(take)
    return found


class InFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(folder.name)
        warnings.simplefilter("error")  # a warning of the library is one of Python

    def synth(self, **more):
        return vitrum.synth_xpcs(**{"frames": 300, "height": 32, "width": 32, "tau": 20, "seed": 3, "output": "v.h5", **more})


class Commands(InFolder):
    def test_every_command_is_a_function_with_a_signature_and_a_text(self):
        import inspect
        listed = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True, check=True).stdout
        names = [line[2:15].strip() for line in listed.splitlines() if line.startswith("  ") and line[2] != " "]
        only_typed = ("view", "completion", "manual")
        names = [name for name in names if name and not name.startswith("vitrum") and name not in only_typed]
        self.assertGreater(len(names), 20)
        for name in names:
            function = getattr(vitrum, name.replace(" ", "_").replace("-", "_"))
            self.assertIn(f"vitrum {name}", function.__doc__)
            self.assertIn("config", inspect.signature(function).parameters)

    def test_the_demo_writes_its_folder(self):
        import pathlib
        with self.assertWarns(UserWarning):  # of the gap that the demo has
            self.assertIn("of 16 within one error", vitrum.demo(output="d", progress=False))
        self.assertEqual(vitrum.open("d/result.h5").kind, "xpcs")
        self.assertTrue(pathlib.Path("d/report/index.html").exists())

    def test_the_same_arrays_as_the_command_line(self):
        self.synth()
        flags = ["--q-bins", "2", "--models", "kww,ml", "--fix", "baseline=1", "--window", "100", "--no-map"]
        subprocess.run([PROGRAM, "xpcs", "v.h5", *flags, "-o", "same.h5", "--quiet"], check=True, capture_output=True)
        theirs = datasets("same.h5")
        os.remove("same.h5")
        vitrum.xpcs("v.h5", q_bins=2, models=["kww", "ml"], fix={"baseline": 1}, window=100, no_map=True, output="same.h5")
        ours = datasets("same.h5")
        self.assertEqual(sorted(ours), sorted(theirs))
        for name, value in theirs.items():
            if name == "entry/process/command_line":
                self.assertEqual(ours[name], value.replace(b" --quiet", b"").replace(b"--window 100 --no-map", b"--window 100 --no-map"))
            elif name != "entry/process/config":
                np.testing.assert_array_equal(ours[name], value, err_msg=name)

    def test_inputs_may_be_arrays_datasets_and_results(self):
        frames = np.random.default_rng(1).poisson(2, (60, 20, 20)).astype(np.uint16)
        np.save("a.npy", frames)
        with h5py.File("a.h5", "w") as file:
            file["x/y"] = frames
        plain = vitrum.xpcs("a.npy", frame_time=0.5, models="exp", progress=False)["g2/g2"]
        np.testing.assert_array_equal(vitrum.xpcs(frames, frame_time=0.5, models="exp")["g2/g2"], plain)
        with h5py.File("a.h5") as file:
            np.testing.assert_array_equal(vitrum.xpcs(file["x/y"], frame_time=0.5, models="exp")["g2/g2"], plain)
        result = vitrum.xpcs(pathlib.Path("a.npy"), frame_time=0.5, models="exp")
        self.assertEqual(vitrum.fit(result, models="exp").kind, "xpcs")

    def test_errors_are_those_of_python_with_the_texts_of_the_program(self):
        self.synth()
        for error, text, call in (
                (OSError, "none.h5: cannot be opened (No such file or directory)", lambda: vitrum.xpcs("none.h5")),
                (ValueError, "--q-bins x: expected a whole number", lambda: vitrum.xpcs("v.h5", q_bins="x")),
                (ValueError, "--q-bins 2.5: expected a whole number", lambda: vitrum.xpcs("v.h5", q_bins=2.5)),
                (ValueError, "--frame-time nan: expected a number", lambda: vitrum.xpcs("v.h5", frame_time=float("nan"))),
                (ValueError, "xpcs: expected SERIES (vitrum xpcs --help)", lambda: vitrum.xpcs()),
                (OSError, "v.h5: exists (use --overwrite to replace it)", lambda: self.synth()),
                (TypeError, "xpcs() got an unexpected keyword argument 'q_bns', did you mean 'q_bins'?", lambda: vitrum.xpcs("v.h5", q_bns=2)),
                (TypeError, "q_bins: object, expected text, a number, True, False or a list of them", lambda: vitrum.xpcs("v.h5", q_bins=object()))):
            with self.assertRaises(error) as caught:
                call()
            self.assertEqual(str(caught.exception), text)
        pathlib.Path("bad.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + b"\0" * 100)
        with self.assertRaises(vitrum.FormatError):
            vitrum.open("bad.h5")

    def test_warnings_and_progress_arrive_in_the_calling_thread(self):
        self.synth(gaps="100:110")
        heard = []
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            vitrum.xpcs("v.h5", models="exp", progress=lambda *what: heard.append(what))
        self.assertTrue(any("zero" in str(w.message) or "gap" in str(w.message) for w in caught), [str(w.message) for w in caught])
        tasks = {what[0] for what in heard}
        self.assertIn("correlating", tasks)

    def test_what_a_callback_raises_ends_the_work(self):
        frames = np.random.default_rng(1).poisson(1, (3000, 64, 64)).astype(np.uint8)

        def stop(*what):
            raise RuntimeError("enough")

        with self.assertRaisesRegex(RuntimeError, "enough"):
            vitrum.xpcs(frames, frame_time=1, output="r.h5", progress=stop)
        self.assertFalse(os.path.exists("r.h5"))

    def test_ctrl_c(self):
        script = ("import numpy, vitrum, sys\n"
                  "frames = numpy.ones((16000, 20000), 'u1')\n"
                  "print('ready', flush=True)\n"
                  "try:\n    vitrum.two_time(frames)\n"
                  "except KeyboardInterrupt:\n    sys.exit(7)\n")
        running = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
        self.assertEqual(running.stdout.readline(), "ready\n")
        time.sleep(0.5)
        running.send_signal(signal.SIGINT)
        self.assertEqual(running.wait(timeout=60), 7)
        running.stdout.close()

    def test_other_threads_run_meanwhile(self):
        import threading
        count = [0]
        done = threading.Event()

        def counting():
            while not done.is_set():
                count[0] += 1
                time.sleep(0.001)

        thread = threading.Thread(target=counting)
        thread.start()
        before = count[0]
        vitrum.two_time(np.random.default_rng(1).random((3000, 20000), dtype=np.float32))
        done.set()
        thread.join()
        self.assertGreater(count[0] - before, 20)


class Results(InFolder):
    def test_numbers_arrays_figures(self):
        self.synth()
        result = vitrum.xpcs("v.h5", q_bins=2, models="kww")
        self.assertEqual(result.kind, "xpcs")
        tau = result.numbers["bin/1/fit/kww/tau_s"]
        self.assertEqual(tau.unit, "s")
        self.assertGreater(tau.error, 0)
        with h5py.File(result.path) as file:
            for place in ("g2/g2", "g2/g2_errors", "twotime/bin_2/two_time_corr_func"):
                np.testing.assert_array_equal(result[place], file["entry/" + place][()])
            self.assertEqual(set(result), {name[6:] for name in datasets(result.path) if name.startswith("entry/")} | {
                "process/date"} | ({"start_time"} & set(result)) | ({"end_time"} & set(result)))
        self.assertIn("vitrum xpcs v.h5 --q-bins 2 --models kww", result.command_line)
        self.assertTrue(result.figure("two-time", bin=2).lstrip().startswith(b"<?xml"))
        self.assertEqual(result.figure("g2", format="png")[:4], b"\x89PNG")
        page = result._repr_html_()
        self.assertIn("300 frames", page)
        self.assertIn("tau_s", page)
        self.assertIn("300 frames", str(result))
        with self.assertRaisesRegex(KeyError, "no array 'g2'; below it: .*lag_s"):
            result["g2"]
        with self.assertRaisesRegex(ValueError, "--figure nonsense: expected one of"):
            result.figure("nonsense")

    def test_a_temporary_result_goes_unless_it_is_kept(self):
        self.synth()
        result = vitrum.xpcs("v.h5", models="exp", no_map=True)
        path = result.path
        result.save("kept.h5")
        self.assertFalse(path.exists())
        self.assertEqual(str(result.path), "kept.h5")
        with self.assertRaises(FileExistsError):
            result.save("kept.h5")
        again = vitrum.open("kept.h5")
        np.testing.assert_array_equal(again["g2/g2"], result["g2/g2"])
        again.export("tables")
        self.assertTrue(list(pathlib.Path("tables").glob("*.csv")))

    def test_plots(self):
        try:
            import matplotlib
        except ImportError:
            self.skipTest("no matplotlib")
        matplotlib.use("Agg")
        import matplotlib.pyplot as plt
        self.synth()
        result = vitrum.xpcs("v.h5", q_bins=2, models="exp")
        for what in (None, "g2", "two-time"):
            axes = result.plot(what)
            axes.figure.savefig("plot.png")
            plt.close("all")


class Kernels(unittest.TestCase):
    def setUp(self):
        self.random = np.random.default_rng(5)

    def test_two_time_is_its_definition(self):
        for dtype, scale in (("u1", 3), ("u2", 1000), ("i4", 3), ("f4", 3), ("f8", 3), ("u2", 20000)):
            frames = (scale * (1 + self.random.random((40, 300)))).astype(dtype)
            c = vitrum.two_time(frames)
            x = frames.astype(float)
            truth = (x @ x.T / 300) / np.outer(x.mean(1), x.mean(1))
            self.assertEqual(c.dtype, np.float32)
            self.assertFalse(c.flags.owndata)  # the memory of the kernel itself
            np.testing.assert_allclose(c, truth, atol=3e-6, err_msg=dtype)
            np.testing.assert_allclose(c, vitrum.two_time(frames.reshape(40, 15, 20)), atol=3e-7)

    def test_labels_choose_pixels(self):
        frames = self.random.poisson(3, (30, 10, 10)).astype("u1")
        labels = np.ones((10, 10), int)
        labels[3:] = 2
        np.testing.assert_allclose(vitrum.two_time(frames, labels=labels, bin=2), vitrum.two_time(np.ascontiguousarray(frames[:, 3:])), atol=1e-6)

    def test_g2_is_the_mean_of_the_map(self):
        frames = self.random.poisson(3, (60, 2000)).astype("u1")
        g2 = vitrum.g2(frames, lags="linear", max_lag=20)
        np.testing.assert_array_equal(g2["lag_frames"], np.arange(1, 21))
        c = vitrum.two_time(frames)
        of_map = vitrum.g2_of_map(c, lags="linear", max_lag=20)
        for lag in (1, 7, 20):
            mean = np.diagonal(c, lag).mean()
            self.assertAlmostEqual(of_map["g2"][lag - 1], mean, places=6)
            self.assertAlmostEqual(g2["g2"][lag - 1], mean, delta=0.1 * g2["g2_errors"][lag - 1] + 1e-3)
            self.assertEqual(g2["pairs"][lag - 1], 60 - lag)
        self.assertEqual(g2["covariance"].shape, (20, 20))
        np.testing.assert_allclose(np.sqrt(np.diagonal(g2["covariance"])), g2["g2_errors"])

    def test_multi_tau(self):
        frames = self.random.poisson(3, (200, 500)).astype("u2")
        found = vitrum.multi_tau(frames, lags="linear", max_lag=3, normalization="plain")
        x = frames.astype(float)
        for lag in (1, 2, 3):
            truth = ((x[:-lag] * x[lag:]).mean(0) / x.mean(0) ** 2).mean()
            self.assertAlmostEqual(found["g2"][lag - 1], truth, places=12)
        levels = vitrum.multi_tau(frames, channels=8, levels=3)
        self.assertEqual(len(levels["g2"]), 8 + 2 * 4)

    def test_many_fits_are_single_fits(self):
        lag = np.arange(1.0, 51)
        tau, exponent = np.linspace(5, 20, 50), np.linspace(0.5, 1.2, 50)
        curves = 0.3 * np.exp(-2 * (lag[:, None] / tau) ** exponent) + 0.003 * self.random.standard_normal((50, 50))
        for dtype, places in (("f4", 3), ("f8", 4)):
            many = vitrum.fit_kww(lag, curves.astype(dtype), np.full(50, 0.003))
            self.assertEqual(many["tau_s"].dtype, np.dtype(dtype))
            for i in range(0, 50, 7):
                one = vitrum.fit_decay(lag, curves[:, i].astype(dtype), np.full(50, 0.003), fixed={"baseline": 0})
                self.assertAlmostEqual(many["tau_s"][i] / one["parameters"]["tau_s"], 1, places=places)
                self.assertAlmostEqual(many["kww_exponent"][i], one["parameters"]["kww_exponent"], places=places)
                self.assertEqual(one["status"], "converged")

    def test_laws(self):
        x = np.array([[0, 0.5], [1, 30]])
        np.testing.assert_allclose(vitrum.mittag_leffler(1, x), np.exp(-x), rtol=1e-12)
        from math import erfc
        np.testing.assert_allclose(vitrum.mittag_leffler(0.5, x[0]), [np.exp(v * v) * erfc(v) for v in x[0]], rtol=1e-11)
        kww = vitrum.decay("kww", x, {"contrast": 0.2, "baseline": 1, "tau_s": 2, "kww_exponent": 0.7})
        np.testing.assert_allclose(kww, 1 + 0.2 * np.exp(-2 * (x / 2) ** 0.7), rtol=1e-14)

    def test_fem_variance_of_shot_noise_is_none(self):
        patterns = self.random.poisson(20, (60, 48, 48)).astype("u2")
        found = vitrum.fem_variance(patterns, (23.5, 23.5), gain=1.0)
        inside = slice(4, 20)
        for name in ("image", "annular_mean", "ring_ensemble", "mean_ratio"):
            pull = found[name]["value"][inside] / found[name]["errors"][inside]
            self.assertLess(np.abs(pull).max(), 6, name)
            self.assertGreater(found[name]["shot_noise"][inside].min(), 0, name)
        np.testing.assert_allclose(found["intensity"][inside], 20, rtol=0.02)

    def test_arrays_that_do_not_fit(self):
        for error, text, call in (
                (ValueError, "frames of 1 dimensions: expected", lambda: vitrum.two_time(np.ones(5))),
                (ValueError, "expected an array in C order", lambda: vitrum.two_time(np.ones((6, 8)).T)),
                (ValueError, "frames of type complex128", lambda: vitrum.two_time(np.ones((6, 8), complex))),
                (ValueError, "labels: expected 8 whole numbers", lambda: vitrum.two_time(np.ones((6, 8)), labels=[1, 2])),
                (ValueError, "normalization x: expected", lambda: vitrum.two_time(np.ones((6, 8)), normalization="x")),
                (ValueError, "expected an array \\[lag, curve\\] of 3 lags", lambda: vitrum.fit_kww([1, 2, 3], np.ones((4, 5)), [1, 1, 1])),
                (TypeError, "incompatible function arguments", lambda: vitrum.fit_kww([1, 2, 3], np.ones((5, 3)).T, [1, 1, 1])),
                (ValueError, "kww: parameter baseline is missing", lambda: vitrum.decay("kww", [1.0], {"contrast": 1, "tau_s": 1, "kww_exponent": 1})),
                (ValueError, "patterns of 2 dimensions", lambda: vitrum.fem_variance(np.ones((5, 5)), (2, 2)))):
            with self.assertRaisesRegex(error, text):
                call()


if __name__ == "__main__":
    unittest.main()
