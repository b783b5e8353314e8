"""Long series: stopped and taken up again, shared out and merged, within a bound of memory."""
import os
import resource
import signal
import subprocess
import sys
import time

import h5py
import numpy as np

import vitrum_cli
from vitrum_cli import CliTest, VITRUM

OUT = ["-o", "out.h5"]
OF_THE_RUN = ("entry/process",)


def arrays(path):
    found = {}
    with h5py.File(path) as file:
        file.visititems(lambda name, item: found.__setitem__(name, item[()]) if isinstance(item, h5py.Dataset) else None)
    return {name: value for name, value in found.items() if not name.startswith(OF_THE_RUN)}


class Large(CliTest):
    def setUp(self):
        super().setUp()
        self.vitrum("synth", "xpcs", "--frames", "2600", "--height", "20", "--width", "20", "--q-bins", "2", "--tau", "60",
                    "--gaps", "700:705", "-o", "v.h5", "--quiet")
        self.job = ["xpcs", "v.h5", "--partition", "v_qmap.h5", "--models", "kww", "--window", "1300"]

    def whole(self, *flags):
        self.vitrum(*self.job, *flags, "-o", "whole.h5", "--quiet")
        return arrays(self.path("whole.h5"))

    def expect_same(self, expected, name):
        found = arrays(self.path(name))
        self.assertEqual(expected.keys(), found.keys())
        for key, value in expected.items():
            self.assertEqual(np.asarray(value).shape, np.asarray(found[key]).shape, key)
            if np.asarray(value).dtype == object:
                self.assertTrue(np.all(value == found[key]), key)
            else:
                self.assertEqual(np.asarray(value).tobytes(), np.asarray(found[key]).tobytes(), key)

    def stop(self, sent, *flags):
        """Runs until a checkpoint is there, then sends a signal."""
        process = subprocess.Popen([VITRUM, *self.job, *OUT, "--threads", "1", "--checkpoint-every", "0.001", *flags],
                                   cwd=self.folder.name, stderr=subprocess.PIPE, text=True)
        checkpoint = self.path("out.h5.checkpoint")
        while not checkpoint.exists() and process.poll() is None:
            time.sleep(0.002)
        process.send_signal(sent)
        _, stderr = process.communicate(timeout=120)
        self.assertTrue(checkpoint.exists(), f"it was too fast\n{stderr}")
        self.assertFalse(self.path("out.h5").exists())
        return process.returncode, stderr

    def test_map_and_levels(self):
        data = self.whole()
        c = data["entry/twotime/bin_1/two_time_corr_func"]
        self.assertEqual(c.shape, (2600, 2600))
        self.assertTrue(np.array_equal(c, c.T, equal_nan=True))
        self.assertEqual(np.isnan(c[:, 0]).sum(), 5)
        c = np.where(np.eye(2600, dtype=bool), np.nan, c)
        for factor in (2, 4):
            n = c.shape[0] // 2
            with np.errstate(invalid="ignore"):
                blocks = c.reshape(n, 2, n, 2).transpose(0, 2, 1, 3).reshape(n, n, 4)
                finite = np.isfinite(blocks)
                c = np.where(finite.any(2), np.where(finite, blocks, 0).sum(2) / finite.sum(2), np.nan)
            level = data[f"entry/twotime/bin_1/level_{factor}/two_time_corr_func"]
            np.testing.assert_allclose(level, c, atol=2e-6)
        self.assertEqual(c.shape, (650, 650))

    def test_killed_and_resumed(self):
        expected = self.whole()
        for sent in (signal.SIGKILL, signal.SIGINT, signal.SIGTERM):
            with self.subTest(sent):
                code, stderr = self.stop(sent)
                if sent != signal.SIGKILL:
                    self.assertEqual(code, 1)
                    self.assertEqual(stderr.splitlines()[-2:], ["what is done is kept in out.h5.checkpoint; go on with "
                                                                "--resume", "vitrum: interrupted"])
                self.vitrum(*self.job, *OUT, "--resume", "--quiet")
                self.expect_same(expected, "out.h5")
                self.assertFalse(self.path("out.h5.checkpoint").exists() or self.path("out.h5.part").exists())
                self.path("out.h5").unlink()

    def test_resume_is_checked(self):
        self.stop(signal.SIGKILL)
        left = ("out.h5.checkpoint", "out.h5.part")
        self.refused("out.h5.checkpoint: a run that was stopped left this; go on with --resume, or start anew with "
                     "--overwrite", *self.job, *OUT)
        self.refused("out.h5.checkpoint: made with other settings (max-lag = 0, now max-lag = 50)", *self.job, *OUT,
                     "--resume", "--max-lag", "50")
        with h5py.File(self.path("v.h5"), "r+") as file:
            data = file["entry/data/data"]
            data[10, 3, 3] = data[10, 3, 3] + 1
        done = self.vitrum(*self.job, *OUT, "--resume", "--quiet", code=1)
        self.assertRegex(done.stderr, r"vitrum: out.h5.checkpoint: made from another v.h5 \(\d+ bytes, sha256:")
        self.vitrum(*self.job, *OUT, "--overwrite", "--quiet")
        self.assertFalse(any(self.path(name).exists() for name in left))

    def test_resume_without_checkpoint_starts(self):
        self.vitrum(*self.job, *OUT, "--resume", "--quiet")
        self.scalars("out.h5")

    def test_shards(self):
        expected = self.whole()
        for shards in (1, 3, 50):  # there are 21 tiles in each of two bins
            parts = [f"part_{i}_of_{shards}.h5" for i in range(1, shards + 1)]
            for i, part in enumerate(parts):
                self.vitrum(*self.job, "--shard", f"{i + 1}/{shards}", "-o", part, "--quiet", "--threads", 1 + i % 3)
            self.vitrum("merge", *reversed(parts), *OUT, "--quiet")
            self.expect_same(expected, "out.h5")
            self.path("out.h5").unlink()

    def test_shards_that_do_not_fit(self):
        for name, shard, more in (("a.h5", "1/3", []), ("b.h5", "2/3", []), ("c.h5", "1/2", []),
                                  ("d.h5", "2/3", ["--keep-bias"])):
            self.vitrum(*self.job, "--no-map", "--shard", shard, *more, "-o", name, "--quiet")
        self.refused("parts 3/3 are missing", "merge", "a.h5", "b.h5", *OUT)
        self.refused("a.h5: part 1/3, which a.h5 is too", "merge", "a.h5", "a.h5", *OUT)
        self.refused("c.h5: one of 2 parts, but a.h5 is one of 3", "merge", "a.h5", "c.h5", *OUT)
        self.refused("d.h5: made with other settings (keep-bias = true, now keep-bias = false)", "merge", "a.h5",
                     "d.h5", *OUT)
        self.refused("v.h5:/entry/part: no such group, expected a part of an analysis by vitrum", "merge", "v.h5", *OUT)

    def test_shard_killed_and_repeated(self):
        expected = self.whole()
        self.stop(signal.SIGKILL, "--shard", "1/2")
        self.vitrum(*self.job, "--shard", "1/2", *OUT, "--resume", "--quiet")
        self.vitrum(*self.job, "--shard", "2/2", "-o", "other.h5", "--quiet")
        self.vitrum("merge", "out.h5", "other.h5", "-o", "merged.h5", "--quiet")
        self.expect_same(expected, "merged.h5")

    def test_band(self):
        expected = self.whole("--max-lag", "300")
        self.vitrum(*self.job, "--max-lag", "300", "--no-map", *OUT, "--quiet")
        found = arrays(self.path("out.h5"))
        # a result with a map has more blocks of age, and sums within them are rounded
        np.testing.assert_allclose(found["entry/g2/g2"], expected["entry/g2/g2"], rtol=1e-13)
        self.assertNotIn("entry/twotime/bin_1/two_time_corr_func", found)
        self.vitrum(*self.job, "--max-lag", "300", "--map-lags", "100", "-o", "band.h5", "--quiet")
        band = arrays(self.path("band.h5"))
        self.assertEqual(expected["entry/g2/g2"].tobytes(), band["entry/g2/g2"].tobytes())
        c, stored = (d["entry/twotime/bin_1/two_time_corr_func"] for d in (expected, band))
        lag = np.abs(np.subtract.outer(np.arange(2600), np.arange(2600)))
        self.assertTrue(np.isnan(stored[lag > 100]).all())
        self.assertTrue(np.array_equal(stored[lag <= 100], c[lag <= 100], equal_nan=True))

    def test_age_fit_and_report_of_a_stored_map(self):
        self.whole()
        self.vitrum("age", "whole.h5", "--window", "500", "-o", "aged.h5", "--quiet")
        self.vitrum("fit", "aged.h5", "--models", "exp", "-o", "fitted.h5", "--quiet")
        with h5py.File(self.path("whole.h5")) as a, h5py.File(self.path("fitted.h5")) as b:
            name = "entry/twotime/bin_2/two_time_corr_func"
            self.assertTrue(np.array_equal(a[name][()], b[name][()], equal_nan=True))
            self.assertEqual(dict(a[name].attrs), dict(b[name].attrs))
            self.assertEqual(b["entry/window/g2"].shape[1], 5)
        self.vitrum("report", "fitted.h5", "-o", "report", "--quiet")
        self.assertTrue(self.path("report/two_time_bin_2.svg").exists())
        self.vitrum("export", "fitted.h5", "--format", "8id", "-o", "aps.hdf", "--quiet")

    def test_disk_full_in_the_middle(self):
        """The maps have their place, the checkpoint finds none; what is there is kept and goes on later."""
        expected = self.whole()
        self.stop(signal.SIGKILL)
        limit = self.path("out.h5.part").stat().st_size
        done = subprocess.run([VITRUM, *self.job, *OUT, "--resume", "--quiet"], cwd=self.folder.name, capture_output=True,
                              text=True, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertTrue(done.stderr.splitlines()[-1].startswith("vitrum: out.h5: "), done.stderr)
        self.assertFalse(self.path("out.h5").exists())
        self.vitrum(*self.job, *OUT, "--resume", "--quiet")
        self.expect_same(expected, "out.h5")

    def within_least_memory(self, name, data, *flags):
        """Refused with less than it needs; with what it needs, peak memory is near it and below."""
        self.write_npy(name, data)
        flags = ["xpcs", name, "--frame-time", "1", "--models", "kww", "--quiet", *flags]
        refused = self.vitrum(*flags, "--memory", "20M", *OUT, code=2).stderr
        least = (float(refused.split("needs ")[1].split(" MB")[0]) + 1) * 1e6
        code = ("import resource, subprocess, sys\n"
                "subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)\n"
                "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)")
        done = subprocess.run([sys.executable, "-c", code, VITRUM, *flags, "--threads", "2", "--memory", str(int(least)), *OUT],
                              cwd=self.folder.name, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        peak = int(done.stdout) * 1024
        self.assertLess(peak, 1.1 * least)
        self.assertGreater(peak, 0.6 * least)
        self.vitrum(*flags, "-o", "free.h5")
        self.expect_same(arrays(self.path("free.h5")), "out.h5")

    def test_memory(self):
        """Shapes whose memory goes to different things: bins one at a time, blocks of frames, sums, floats, events."""
        rng = np.random.default_rng(1)
        for name, mean, shape, dtype, used, flags in (
                ("bins", 2, (2000, 160, 160), np.uint8, 2 * 12800, ["--no-map"]),
                ("wide", 1, (150, 1000, 1000), np.uint16, 10000, ["--no-map"]),
                ("long", 1, (12000, 30, 30), np.uint8, 900, ["--no-map", "--max-lag", "1000"]),
                ("floats", 1, (1000, 200, 200), np.float32, 40000, ["--no-map", "--kernel", "float"]),
                ("sparse", 0.01, (1500, 400, 400), np.uint8, 160000, ["--no-map"])):
            with self.subTest(name):
                labels = np.zeros(shape[1] * shape[2], np.int32)
                labels[:used] = np.repeat([1, 2], used // 2)
                self.write_npy("labels.npy", labels.reshape(shape[1:]))
                self.within_least_memory("series.npy", rng.poisson(mean, shape).astype(dtype), "--partition", "labels.npy",
                                         *flags)
                for result in ("out.h5", "free.h5"):
                    self.path(result).unlink()


if __name__ == "__main__":
    vitrum_cli.main()
