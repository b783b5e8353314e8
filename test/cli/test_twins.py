"""The program against its definitions written in numpy: normalisations, corrections, gaps, pixel by pixel."""
import os

import h5py
import numpy as np

import vitrum_cli
from vitrum_cli import CliTest

FRAMES, HEIGHT, WIDTH = 24, 12, 10
GAPS = [5, 6, 17]


class Twins(CliTest):
    def setUp(self):
        super().setUp()
        random = np.random.default_rng(7)
        # brightness that differs from pixel to pixel, so that the normalisations differ
        bright = 4 * np.exp(random.normal(0, 0.4, (HEIGHT, WIDTH)))
        speckle = random.gamma(2, 0.5, (FRAMES // 4, HEIGHT, WIDTH)).repeat(4, axis=0)
        self.data = random.poisson(bright * speckle + 1).astype(np.uint16)
        self.dynamic = np.ones((HEIGHT, WIDTH), np.int32)
        self.dynamic[:, 5:] = 2
        self.static = 2 * self.dynamic - (np.arange(HEIGHT) % 2)[:, None]
        self.dynamic[0, 0] = self.static[0, 0] = 0
        self.valid = ~np.isin(np.arange(FRAMES), GAPS)
        self.write_npy("data.npy", self.data)
        with h5py.File(self.path("map.h5"), "w") as file:
            file["xpcs/dqmap"], file["xpcs/sqmap"] = self.dynamic, self.static

    def run_xpcs(self, *flags):
        self.vitrum("xpcs", "data.npy", "--frame-time", "1", "--partition", "map.h5", "--bad-frames", "5:7,17",
                    "--speckle-size", "1", "--pixel-groups", "4", "--lags", "linear", "--models", "exp", *flags, "-o", "r.h5",
                    "--overwrite", "--quiet")
        return h5py.File(self.path("r.h5"))

    def two_time(self, frames, normalization, bin_):
        """C of one bin from corrected frames, by its formula."""
        if normalization == "static-bin":
            frames = frames.copy()
            for label in np.unique(self.static[self.static > 0]):
                frames[:, self.static == label] /= frames[:, self.static == label].mean(1, keepdims=True)
        x = frames[:, self.dynamic == bin_]
        if normalization == "corrcoef":
            c = np.corrcoef(x) + 1
        else:
            c = (x @ x.T / x.shape[1]) / np.outer(x.mean(1), x.mean(1))
        c[~self.valid] = c[:, ~self.valid] = np.nan
        return c

    def compare(self, frames, normalization, *flags):
        with self.run_xpcs("--normalization", normalization, *flags) as file:
            for bin_ in (1, 2):
                expected = self.two_time(frames, normalization, bin_)
                got = file[f"/entry/twotime/bin_{bin_}/two_time_corr_func"][:]
                np.testing.assert_allclose(got, expected, rtol=5e-6)  # sums in float32
                g2 = (file["/entry/g2/g2"][:] + file["/entry/g2/g2_bias"][:])[bin_ - 1]
                pairs = file["/entry/g2/pairs"][bin_ - 1]
                for k, lag in enumerate(file["/entry/g2/lag_frames"][:].astype(int)):
                    diagonal = np.diagonal(expected, lag)
                    self.assertEqual(pairs[k], np.isfinite(diagonal).sum())
                    if pairs[k] > 0:
                        self.assertAlmostEqual(g2[k], np.nanmean(diagonal), delta=5e-6)

    def test_normalizations(self):
        for normalization in ("plain", "static-bin", "corrcoef"):
            with self.subTest(normalization):
                self.compare(self.data.astype(float), normalization)

    def test_kernels(self):
        """Floats, exact integers, bits and pairs of events make the same map; --no-map the same g2."""
        for kernel in ("float", "integer", "bits", "events"):
            for normalization in ("plain", "static-bin", "corrcoef"):
                with self.subTest(kernel=kernel, normalization=normalization):
                    self.compare(self.data.astype(float), normalization, "--kernel", kernel)
        with self.run_xpcs("--kernel", "float") as file:
            expected = {name: file["/entry/g2/" + name][:] for name in ("g2", "g2_errors", "pairs")}
        with self.run_xpcs("--kernel", "events", "--no-map") as file:
            self.assertTrue(file["/entry/process/kernel"][()].startswith(b"events"))
            for name, values in expected.items():
                np.testing.assert_allclose(file["/entry/g2/" + name][:], values, rtol=1e-4, atol=1e-6)

    def test_kernels_that_do_not_fit(self):
        done = self.vitrum("xpcs", "data.npy", "--frame-time", "1", "--kernel", "events", "--no-map", "--shard", "1/2", "-o",
                           "r.h5", code=2)
        self.assertIn("--shard 1/2: without a map the pairs of events are summed in one piece", done.stderr)
        self.write_npy("dark.npy", np.full((HEIGHT, WIDTH), 0.5))
        self.write_npy("flat.npy", np.full((HEIGHT, WIDTH), 0.5))
        changed = "after a dark or frame normalization values are no counts any more: float takes them"
        weighted = ("a flat field or static correction gives every pixel a factor of its own, which products of whole numbers "
                    "cannot carry: float and events can")
        for kernel, flags, reason in (("integer", ["--dark", "dark.npy"], changed),
                                      ("bits", ["--dark", "dark.npy"], changed),
                                      ("events", ["--dark", "dark.npy"], changed),
                                      ("integer", ["--flat", "flat.npy"], weighted),
                                      ("bits", ["--flat", "flat.npy"], weighted),
                                      ("integer", ["--static-correction", "pixel-mean"], weighted),
                                      ("fast", [], "expected auto, float, integer, bits or events")):
            done = self.vitrum("xpcs", "data.npy", "--frame-time", "1", "--kernel", kernel, *flags, "-o", "r.h5", code=2)
            self.assertEqual(done.stderr.splitlines()[-1], f"vitrum: --kernel {kernel}: {reason}")
            self.assertFalse(os.path.exists(self.path("r.h5")))

    def test_dark_and_flat(self):
        random = np.random.default_rng(8)
        dark, flat = random.uniform(0, 0.5, (HEIGHT, WIDTH)), random.uniform(0.5, 2, (HEIGHT, WIDTH))
        self.write_npy("dark.npy", dark)
        self.write_npy("flat.npy", flat)
        self.compare((self.data - dark) / flat, "plain", "--dark", "dark.npy", "--flat", "flat.npy")

    def test_static_corrections(self):
        """Surfaces come from the time mean of the good frames, scaled to mean 1 in each bin, which cancels in C."""
        mean = self.data[self.valid].mean(0)
        rings = mean.copy()
        for label in np.unique(self.static[self.static > 0]):
            rings[self.static == label] = mean[self.static == label].mean()
        for kind, surface in (("pixel-mean", mean), ("azimuthal", rings)):
            with self.subTest(kind):
                self.compare(self.data / surface, "plain", "--static-correction", kind)

    def test_pixel_by_pixel(self):
        """plain: <I I'> / <I>² with the mean of the series; symmetric: with the means of the pairs' left and right frames."""
        x = self.data.astype(float)
        for name in ("plain", "symmetric"):
            with self.subTest(name), self.run_xpcs("--pixel-g2", name, "--pixel-lags", "linear") as file:
                for bin_ in (1, 2):
                    i = x[:, self.dynamic == bin_]
                    lags = file["/entry/g2_pixel/lag_frames"][:].astype(int)
                    for k, lag in enumerate(lags):
                        left, right = np.arange(FRAMES - lag), np.arange(lag, FRAMES)
                        both = self.valid[left] & self.valid[right]
                        if not both.any():
                            continue
                        a, b = i[left[both]], i[right[both]]
                        below = i[self.valid].mean(0) ** 2 if name == "plain" else a.mean(0) * b.mean(0)
                        counted = below > 0  # the others are left out at this lag
                        expected = ((a * b).mean(0)[counted] / below[counted]).mean()
                        self.assertAlmostEqual(file["/entry/g2_pixel/g2"][bin_ - 1, k], expected, delta=1e-5)


if __name__ == "__main__":
    vitrum_cli.main()
