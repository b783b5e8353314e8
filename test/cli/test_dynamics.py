"""Events and what is none, laws of aging and bad input, as a user of xpcs, age and fit meets them."""
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


if __name__ == "__main__":
    vitrum_cli.main()
