"""The two-time map in cells of lag and age."""
import h5py
import numpy as np

import vitrum_cli
from vitrum_cli import CliTest


class LogMap(CliTest):
    def setUp(self):
        super().setUp()
        self.vitrum("synth", "xpcs", "--frames", "700", "--height", "24", "--width", "24", "--q-bins", "2", "--tau", "30",
                    "--gaps", "300:310", "-o", "v.h5", "--quiet")
        self.job = ["xpcs", "v.h5", "--partition", "v_qmap.h5", "--models", "kww", "--log-map", "--quiet"]

    def cells(self, name, bin=1):
        with h5py.File(self.path(name)) as file:
            return {key: item[()] for key, item in file[f"/entry/log_map/bin_{bin}/cell"].items()}

    def test_cells_are_means_of_the_map(self):
        self.vitrum(*self.job, "-o", "r.h5")
        for bin in (1, 2):
            cells = self.cells("r.h5", bin)
            with h5py.File(self.path("r.h5")) as file:
                c = file[f"/entry/twotime/bin_{bin}/two_time_corr_func"][:].astype(float)
                picture = file[f"/entry/log_map/bin_{bin}/two_time_corr_func"][:]
                lag_s = file[f"/entry/log_map/bin_{bin}/lag_s"][:]
            self.assertEqual(list(cells["first_lag"][:5]), [1, 2, 3, 4, 7])  # five in a decade
            self.assertEqual(cells["last_lag"][-1], 700)
            for k, (first, last) in enumerate(zip(cells["first_lag"], cells["last_lag"])):
                self.assertEqual(lag_s[k], (first + last - 1) / 2)
                width = last - first
                for j in range(cells["begin"][k + 1] - cells["begin"][k]):
                    pairs = [c[t + lag, t] for t in range(j * width, min((j + 1) * width, 700)) for lag in range(first, last) if t + lag < 700]
                    pairs = [value for value in pairs if not np.isnan(value)]
                    at = cells["begin"][k] + j
                    self.assertEqual(cells["pairs"][at], len(pairs))
                    if pairs:
                        self.assertAlmostEqual(cells["value"][at], np.mean(pairs), delta=1e-6)  # the map is single precision
                        self.assertGreater(cells["value_errors"][at], 0)
                        if width == 1:
                            self.assertAlmostEqual(picture[k, j], cells["value"][at], places=6)
                    else:
                        self.assertTrue(np.isnan(cells["value"][at]))
            self.assertEqual(picture.shape, (len(cells["first_lag"]), 700))

    def test_without_the_map_in_parts_and_to_a_longest_lag(self):
        self.vitrum(*self.job, "-o", "r.h5")
        self.vitrum(*self.job, "--no-map", "-o", "small.h5")
        for i in (1, 2):
            self.vitrum(*self.job, "--shard", f"{i}/2", "-o", f"p{i}.h5")
        self.vitrum("merge", "p1.h5", "p2.h5", "-o", "merged.h5", "--quiet")
        for bin in (1, 2):
            expected = self.cells("r.h5", bin)
            for name in ("small.h5", "merged.h5"):
                for key, value in self.cells(name, bin).items():
                    np.testing.assert_array_equal(value, expected[key], err_msg=f"{name} {key}")
        self.vitrum(*self.job, "--no-map", "--max-lag", "60", "-o", "short.h5")
        short = self.cells("short.h5")
        self.assertEqual(short["last_lag"][-1], 61)
        expected, n = self.cells("r.h5"), short["begin"][-2]  # the last bin of lags is cut
        np.testing.assert_array_equal(short["value"][:n], expected["value"][:n])

    def test_figure_page_and_table(self):
        self.vitrum(*self.job, "--no-map", "-o", "r.h5")
        self.vitrum("show", "r.h5", "--figure", "log-map", "--bin", "2", "-o", "m.png")
        self.vitrum("report", "r.h5", "-o", "report", "--quiet")
        self.vitrum("export", "r.h5", "-o", "tables", "--quiet")
        for folder in ("report", "tables"):
            lines = self.path(f"{folder}/log_map_bin_1.csv").read_text().splitlines()
            data = [[float(x) for x in line.split(",")] for line in lines if not line.startswith(("#", "lag"))]
            cells = self.cells("r.h5")
            self.assertEqual(len(data), (cells["pairs"] > 0).sum())
            self.assertEqual(data[0], [1, 1, 0, 0, cells["value"][0], cells["value_errors"][0], 1])
        self.assertIn("log_map_bin_2.svg", self.path("report/index.html").read_text())
        self.vitrum("xpcs", "v.h5", "--no-map", "--models", "kww", "-o", "none.h5", "--quiet")
        self.refused("none.h5: holds nothing to draw as 'log-map'; it holds age, decay, dynamics, g2, image, intensity, saxs", "show", "none.h5", "--figure", "log-map", "-o", "n.png")


if __name__ == "__main__":
    vitrum_cli.main()
