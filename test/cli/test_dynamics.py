"""Events and what is none, laws of aging and bad input, as a user of xpcs, age and fit meets them."""
import re

import h5py
import numpy as np

import vitrum_cli
from vitrum_cli import CliTest

SERIES = ["synth", "xpcs", "--frames", "600", "--height", "40", "--width", "40", "--tau", "100", "--q-power", "0", "--q-bins", "1",
          "--exponent", "1", "--contrast", "0.9", "--seed", "5", "--quiet"]


class Events(CliTest):
    def frames(self, *more):
        self.vitrum(*SERIES, *more, "-o", "v.h5", "--overwrite")
        with h5py.File(self.path("v.h5")) as file:
            found = []
            file.visititems(lambda name, item: found.append(item[...]) if isinstance(item, h5py.Dataset) and item.ndim == 3 else None)
        return found[0]

    def found(self, frames, *more):
        self.write_h5("s.h5", frames)
        self.path("r.h5").unlink(missing_ok=True)
        self.vitrum("xpcs", "s.h5", "--frame-time", "1", "-o", "r.h5", "--quiet", *more)
        return self.rows("r.h5")

    def rows(self, name):
        with h5py.File(self.path(name)) as file:
            rows = {}
            for group in ("event", "disturbance"):
                table = file.get(f"entry/{group}")
                rows[group] = [] if table is None else [(t, k.decode()) for t, k in zip(table["time_s"][:], table["kind"][:])]
            return rows

    def test_an_event_is_reported(self):
        rows = self.found(self.frames("--events", "300:0.4"))
        self.assertEqual(len(rows["event"]), 1)
        self.assertLessEqual(abs(rows["event"][0][0] - 300), 2)
        self.assertEqual(rows["event"][0][1], "structural")
        self.assertEqual(rows["disturbance"], [])

    def test_a_shift_by_one_pixel_is_no_event(self):
        frames = self.frames()
        frames[300:] = np.roll(frames[300:], 1, axis=2)
        rows = self.found(frames[:, :, 1:])
        self.assertEqual(rows["event"], [])
        self.assertEqual([kind for _, kind in rows["disturbance"]], ["shift"])
        shown = self.scalars("r.h5")["scalars"]
        self.assertAlmostEqual(shown["bin/1/disturbance/1/shift_x_px"]["value"], 1, delta=0.3)
        self.assertFalse(any("/event/" in path for path in shown))
        self.vitrum("age", "r.h5", "--window", "100", "-o", "a.h5", "--quiet")  # has no frames to ask
        self.assertEqual([kind for _, kind in self.rows("a.h5")["disturbance"]], ["shift"])

    def test_a_jump_of_the_intensity_is_no_event(self):
        frames = self.frames("--counts", "10").astype(float)
        keep = np.where(np.arange(600) < 300, 0.8, 0.96)[:, None, None]
        thinned = np.random.default_rng(3).binomial(frames.astype(int), keep).astype(np.uint16)
        rows = self.found(thinned)
        self.assertEqual(rows["event"], [])


class Heterogeneity(CliTest):
    def movie(self, spells):
        """One speckle per pixel, in spells of 60 frames that are each as fast as the spells say."""
        rng = np.random.default_rng(8)
        normal = lambda: (rng.normal(size=1600) + 1j * rng.normal(size=1600)) / np.sqrt(2)
        field, frames = normal(), []
        for rate in np.repeat(spells, 60) / 60:
            kept = np.exp(-rate)
            field = kept * field + np.sqrt(1 - kept**2) * normal()
            frames.append(rng.poisson(2 * abs(field)**2))
        self.write_h5("s.h5", np.array(frames, dtype=np.uint16).reshape(-1, 40, 40))
        self.vitrum("xpcs", "s.h5", "--frame-time", "1", "--speckle-size", "1", "--models", "exp", "--window", "100", "-o", "r.h5", "--overwrite",
                    "--quiet")
        return self.table("r.h5")

    def table(self, name):
        with h5py.File(self.path(name)) as file:
            table = file["entry/heterogeneity"]
            self.assertEqual({m.decode() for m in table["method"][:]}, {"what subsets of the pixels share"})
            return table["lag_s"][:], table["heterogeneity"][:], table["heterogeneity_errors"][:]

    def test_is_what_subsets_of_the_pixels_share(self):
        _, value, error = self.movie(np.ones(10))
        self.assertLess(abs(value / error).max(), 3.5)
        lag, value, error = self.movie([0.4, 2, 0.5, 1.5, 0.3, 2.5, 0.6, 1.8, 0.4, 2])
        self.assertGreater((value / error)[lag == 17][0], 3)
        self.vitrum("age", "r.h5", "--window", "60", "-o", "a.h5", "--quiet")  # has no pixels, and keeps what they said
        np.testing.assert_array_equal(self.table("a.h5")[1], value)


class Renewal(CliTest):
    def test_the_exponent_of_walkers_is_found_from_the_aging_map(self):
        self.vitrum("synth", "ctrw", "--frames", "300", "--height", "128", "--width", "128", "--tau", "3", "--exponent", "0.45",
                    "-o", "c.h5", "--quiet")
        self.vitrum("xpcs", "c.h5", "--renewal", "--models", "exp", "-o", "r.h5", "--quiet")
        found = self.scalars("r.h5")["scalars"]["bin/1/renewal/1/ml_exponent"]
        self.assertAlmostEqual(found["value"], 0.45, delta=0.02)
        self.assertLess(found["error"], 0.02)
        self.vitrum("age", "r.h5", "--renewal", "--models", "exp", "-o", "a.h5", "--quiet")  # from the stored map
        again = self.scalars("a.h5")["scalars"]["bin/1/renewal/1/ml_exponent"]
        self.assertAlmostEqual(again["value"], found["value"], places=6)
        self.refused("--renewal-start -1: must be an age, 0 or more", "age", "r.h5", "--renewal", "--renewal-start", "-1", "-o", "b.h5", code=2)


class AdaptiveWindows(CliTest):
    def test_they_are_as_long_as_the_dynamics_are_stationary(self):
        # ten times slower from the middle on
        clock = np.cumsum(np.where(np.arange(600) < 300, 1 / 5, 1 / 50))
        c = 1 + 0.3 * np.exp(-2 * np.abs(clock[:, None] - clock[None, :]))
        c += np.tril(0.01 * np.random.default_rng(4).normal(size=c.shape))
        self.write_npy("m.npy", np.tril(c))
        self.vitrum("age", "m.npy", "--frame-time", "1", "--models", "exp", "--fix", "baseline=1", "--window", "30", "--max-lag", "60",
                    "--adaptive", "-o", "a.h5", "--quiet")
        with h5py.File(self.path("a.h5")) as file:
            first, last = file["entry/window/age_first_s"][:], file["entry/window/age_last_s"][:]
            tau = file["entry/window/fit/exp/tau_s"][0]
        self.assertLess(len(first), 6)
        np.testing.assert_allclose(first[1:], last[:-1])
        self.assertAlmostEqual(tau[0], 5, delta=0.5)
        self.assertAlmostEqual(tau[-1], 50, delta=5)
        self.refused("--adaptive: the windows to join must not overlap, leave --window-step out", "age", "m.npy", "--frame-time", "1",
                     "--window", "30", "--window-step", "10", "--adaptive", "-o", "b.h5", code=2)

    def test_xpcs_finds_those_that_age_finds_in_its_maps(self):
        self.vitrum(*SERIES, "--aging", "exponential", "--aging-time", "150", "-o", "v.h5")
        flags = ["--models", "exp", "--fix", "baseline=1", "--window", "30", "--max-lag", "100", "--adaptive", "--quiet"]
        self.vitrum("xpcs", "v.h5", *flags, "-o", "x.h5")
        self.vitrum("xpcs", "v.h5", *flags[:-2], "--quiet", "-o", "r.h5")
        self.vitrum("age", "r.h5", *flags, "-o", "a.h5")
        with h5py.File(self.path("x.h5")) as x, h5py.File(self.path("a.h5")) as a:
            self.assertLess(len(x["entry/window/age_first_s"]), 12)
            for name in ("age_first_s", "age_last_s", "g2", "g2_errors", "fit/exp/tau_s", "fit/exp/tau_s_errors"):
                np.testing.assert_allclose(x[f"entry/window/{name}"][:], a[f"entry/window/{name}"][:], rtol=1e-6, err_msg=name)
        count = len([k for k in self.scalars("x.h5")["scalars"] if k.startswith("bin/1/window/") and k.endswith("/age_s")])
        for warning in self.scalars("x.h5")["warnings"]:
            for window in re.findall(r"bin/1/window/(\d+)", warning):
                self.assertLessEqual(int(window), count, warning)
        self.refused("--adaptive: cannot be combined with --no-map", "xpcs", "v.h5", *flags, "--no-map", "-o", "b.h5", code=2)
        self.refused("--adaptive: the joined windows are made from the stored maps, which end at --map-lags 50: leave it out or give --max-lag "
                     "up to it", "xpcs", "v.h5", *flags, "--map-lags", "50", "-o", "b.h5", code=2)


class BadInput(CliTest):
    def map(self, frames=60):
        t = np.arange(frames)
        return 1 + 0.3 * np.exp(-2 * np.abs(t[:, None] - t[None, :]) / 10) + 0.003 * np.random.default_rng(1).normal(size=(frames, frames))

    def symmetric(self):
        c = self.map()
        return np.tril(c) + np.tril(c, -1).T

    def age(self, name, *more, code=0):
        return self.vitrum("age", name, "--frame-time", "1", "--models", "exp", "-o", "a.h5", "--overwrite", "--quiet", *more, code=code)

    def test_a_window_longer_than_the_series(self):
        self.write_npy("m.npy", self.symmetric())
        self.refused("age window of 100 frames: longer than the series of 60", "age", "m.npy", "--frame-time", "1", "--window", "100", "-o", "a.h5", code=2)

    def test_an_asymmetric_map(self):
        c = self.map()
        self.write_npy("m.npy", c)
        self.refused(f"m.npy:element 1, 0: C = {np.float32(c[1, 0])!s} but {np.float32(c[0, 1])!s} across the diagonal, expected a symmetric two-time map or one triangle of it",
                     "age", "m.npy", "--frame-time", "1", "-o", "a.h5")

    def test_a_block_of_nan_on_one_side_of_the_diagonal(self):
        c = self.symmetric()
        c[40:50, 20:30] = np.nan
        self.write_npy("m.npy", c)
        self.refused(f"m.npy:element 40, 20: C = nan but {np.float32(c[20, 40])!s} across the diagonal, expected a symmetric two-time map or one triangle of it",
                     "age", "m.npy", "--frame-time", "1", "-o", "a.h5")

    def test_a_map_without_numbers(self):
        self.write_npy("m.npy", np.full((60, 60), np.nan))
        self.refused("m.npy: C is NaN for every pair of frames, expected a two-time map", "age", "m.npy", "--frame-time", "1", "-o", "a.h5")

    def test_blocks_of_nan_are_left_out(self):
        c = self.symmetric()
        c[20:30] = np.nan
        c[:, 20:30] = np.nan
        self.write_npy("m.npy", c)
        self.age("m.npy", "--window", "20")
        tau = self.scalars("a.h5")["scalars"]["bin/1/fit/exp/tau_s"]
        self.assertAlmostEqual(tau["value"], 10, delta=1)

    def test_the_diagonal_does_not_count(self):
        c = self.symmetric()
        results = []
        for diagonal in (7.0, np.nan, 0.0):
            np.fill_diagonal(c, diagonal)
            self.write_npy("m.npy", c)
            self.age("m.npy", "--window", "20")
            results.append(self.scalars("a.h5")["scalars"]["bin/1/fit/exp/tau_s"]["value"])
        self.assertEqual(results[0], results[1])
        self.assertEqual(results[0], results[2])

    def test_a_map_that_does_not_decay_gives_a_lower_bound(self):
        noise = 0.003 * np.random.default_rng(2).normal(size=(60, 60))
        flat = np.tril(1.3 + noise) + np.tril(1.3 + noise, -1).T
        self.write_npy("m.npy", flat)
        self.vitrum("age", "m.npy", "--frame-time", "1", "--models", "kww", "--fix", "baseline=1", "-o", "a.h5", "--quiet")
        shown = self.scalars("a.h5")["scalars"]
        low = shown["bin/1/fit/kww/tau_low_s"]["value"]
        self.assertGreater(low, 30)
        self.assertLess(low, 60)
        self.assertNotIn(shown["bin/1/fit/kww/status"], ("converged", "near bound"))
        with h5py.File(self.path("a.h5")) as file:
            message = file["entry/fit/kww/message"][0].decode()
        self.assertRegex(message, r"tau > [0-9.]+ s \(95 %\): \([01.]+ ± [0-9.]+\) of g2\(0\) − g2\(∞\) is left at [0-9.]+ s with g2\(∞\) = 1$")

    def test_a_map_without_contrast_gives_an_upper_bound(self):
        noise = 0.003 * np.random.default_rng(2).normal(size=(60, 60))
        self.write_npy("m.npy", np.tril(1 + noise) + np.tril(1 + noise, -1).T)
        self.vitrum("age", "m.npy", "--frame-time", "1", "--models", "kww", "--fix", "baseline=1", "-o", "a.h5", "--quiet")
        self.assertEqual(self.scalars("a.h5")["scalars"]["bin/1/fit/kww/tau_high_s"]["value"], 1)
        with h5py.File(self.path("a.h5")) as file:
            message = file["entry/fit/kww/message"][0].decode()
        self.assertTrue(message.endswith("tau < 1 s (95 %): g2 is not above g2(∞) = 1 at the shorter half of the lags: if there is contrast, "
                                         "it is lost before the first"), message)

    def test_windows_with_too_few_pairs(self):
        self.write_npy("m.npy", self.symmetric())
        self.age("m.npy", "--window", "2")
        self.assertEqual(self.scalars("a.h5")["warnings"], [
            "errors of age windows come from blocks of time alone, because a map has no pixel groups: they are too small when the dynamics are as "
            "slow as a block",
            "fit of exp to " + ", ".join(f"bin/1/window/{k}" for k in range(1, 9)) + " and 22 more: too few points",
            "bin 1: no stretches of dynamics: 0 windows with a relaxation time: need at least 6"])

    def test_a_lag_range_with_too_few_pairs(self):
        self.write_npy("m.npy", self.symmetric())
        self.age("m.npy", "--window", "30", "--max-lag", "1")
        shown = self.scalars("a.h5")
        self.assertEqual(shown["scalars"]["bin/1/fit/exp/status"]["value"], "too few points")
        self.assertEqual(shown["warnings"][1:], ["fit of exp to bin/1: too few points", "fit of exp to bin/1/window/1, bin/1/window/2: too few points",
                                                 "bin 1: no stretches of dynamics: 0 windows with a relaxation time: need at least 6"])


if __name__ == "__main__":
    vitrum_cli.main()
