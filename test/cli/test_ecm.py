"""Electron correlation microscopy: a virtual series whose map, path and law are known, and bad input."""
import json
import re
import signal
import struct
import subprocess
import time

import h5py
import numpy as np

import vitrum_cli
from vitrum_cli import CliTest, VITRUM

SIZE = ["--pixel-size", "0.1"]


def speckle(frames, shape, tau, seed, static=1.0):
    """|E|² of independent pixels whose field decays as exp(−t/tau); [frame, *shape]."""
    rng = np.random.default_rng(seed)
    kept = np.exp(-1 / np.broadcast_to(tau, shape))
    field = np.zeros((frames, *shape), complex)
    for t in range(frames):
        fresh = rng.normal(size=(2, *shape)) / np.sqrt(2)
        fresh = fresh[0] + 1j * fresh[1]
        field[t] = fresh if t == 0 else kept * field[t - 1] + np.sqrt(1 - kept ** 2) * fresh
    return static * np.abs(field) ** 2


def tiff(height, width, seed):
    """A TIFF file of one uint16 image, written by hand."""
    data = np.random.default_rng(seed).poisson(50, (height, width)).astype("<u2").tobytes()
    tags = ((256, 3, width), (257, 3, height), (258, 3, 16), (259, 3, 1), (262, 3, 1), (273, 4, 8), (277, 3, 1), (278, 3, height), (279, 4, len(data)))
    directory = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags) + bytes(4)
    return struct.pack("<2sHI", b"II", 42, 8 + len(data)) + data + directory


def mrc(frames=6, height=32, width=32, endian="<", stamp=b"\x44\x44", claimed=None):
    header = bytearray(1024)
    struct.pack_into(endian + "4i", header, 0, *(claimed or (width, height, frames)), 1)
    struct.pack_into(endian + "3i", header, 28, width, height, frames)
    struct.pack_into(endian + "3i", header, 64, 1, 2, 3)
    header[208:214] = b"MAP " + stamp
    return bytes(header) + (np.arange(frames * height * width) % 97 + 100).astype(endian + "i2").tobytes()


def dm4(group):
    """A DM4 file whose root holds what `group` says."""
    return struct.pack(">IQI", 4, len(group), 1) + group


def dm4_nest(depth):
    """Groups within groups."""
    inner = b""
    for _ in range(depth):
        inner = struct.pack(">BBQ", 0, 0, 1) + struct.pack(">BHQ", 20, 0, len(inner)) + inner
    return dm4(inner + struct.pack(">BBQ", 0, 0, 0))


class Ecm(CliTest):
    def synth(self, *more, frames=600, size=96):
        self.vitrum("synth", "ecm", "--frames", str(frames), "--height", str(size), "--width", str(size), "--tau", "20", "--electrons", "200",
                    *more, "-o", "m.h5", "--quiet")

    def test_finds_what_was_put_in(self):
        self.synth("--drift", "4", "--pedestal", "30", "--gain", "2", "--read-noise", "3", "--dose-decay", "0.3", "--seed", "3")
        self.vitrum("ecm", "m.h5", *SIZE, "--pedestal", "30", "-o", "r.h5", "--quiet")
        scalars = self.scalars("r.h5")["scalars"]
        for name, truth in (("tau_s", 20), ("kww_exponent", 0.7), ("contrast", 0.3)):
            found = scalars[f"image/fit/kww/{name}"]
            self.assertLess(abs(found["value"] - truth) / found["error"], 4.5, name)
        with h5py.File(self.path("m_truth.h5")) as truth, h5py.File(self.path("r.h5")) as result:
            for axis in ("x_px", "y_px"):
                off = result[f"entry/drift/{axis}"][:] - truth[f"entry/truth/drift_{axis}"][:]
                # the errors of a path are those of a few independent numbers
                self.assertLess(off.std(), 3 * scalars["drift/residual_rms_px"]["value"])
            self.assertEqual(result["entry/map/tau_s"].shape, result["entry/map/accepted"].shape)
            self.assertEqual(json.loads(result["entry/map"].attrs["SILX_style"]), {"signal_scale_type": "log"})
        for figure in ("tau-map", "four-point"):
            self.vitrum("show", "r.h5", "--figure", figure, "-o", f"{figure}.png")
        told = self.vitrum("report", "r.h5", "--truth", "m_truth.h5", "-o", "report", "--quiet").stdout
        self.assertIn("3 within two", told)
        self.vitrum("export", "r.h5", "-o", "tables")
        rows = self.path("tables/tau_map.csv").read_text().splitlines()
        self.assertEqual(rows[1], "y,x,tau_s,log_tau_error,kww_exponent,kww_exponent_error,contrast,contrast_error")
        self.assertEqual(len(self.path("tables/drift.csv").read_text().splitlines()), 2 + 600)
        self.vitrum("export", "r.h5", "--format", "tiff", "-o", "tiff")
        self.assertIn("tau_s.tif", [path.name for path in self.path("tiff").iterdir()])
        self.assertEqual(self.path("tiff/tau_s.tif").read_bytes()[:2], b"II")
        page = self.path("report/index.html").read_text()
        for title in ("Maps of the relaxation", "Drift", "Truth against measurement"):
            self.assertIn(title, page)

    def test_the_image_without_its_map(self):
        self.synth(frames=400, size=64)
        self.vitrum("ecm", "m.h5", *SIZE, "--no-map", "--no-drift", "--estimator", "time-mean-corrected", "--largest-error", "1", "-o", "r.h5", "--quiet")
        scalars = self.scalars("r.h5")["scalars"]
        for name, truth in (("tau_s", 20), ("kww_exponent", 0.7)):
            found = scalars[f"image/fit/kww/{name}"]
            self.assertLess(abs(found["value"] - truth) / found["error"], 4.5, name)
        self.assertIn("verdict", "".join(scalars))
        self.assertGreater(scalars["pixels/fitted_fraction"]["value"], 0.2)  # forty relaxation times are few

    def test_metadata_is_asked_for(self):
        self.write_npy("m.npy", np.ones((20, 64, 64), np.int16))
        self.refused("m.npy: does not say how large a pixel is on the sample; give --pixel-size in nm", "ecm", "m.npy", "--frame-time", "1", "-o", "r.h5",
                     code=2)

    def test_the_pixel_size_of_a_virtual_series_is_in_its_file(self):
        self.synth("--pixel-size", "0.25", frames=20, size=64)
        self.assertEqual(self.vitrum("ecm", "m.h5", "--dry-run", "-o", "r.h5").stdout.splitlines()[-1], "would write r.h5")
        self.assertIn("0.25", self.vitrum("info", "m.h5").stdout)

    def test_a_camera_without_zero_is_refused(self):
        rng = np.random.default_rng(1)
        self.write_npy("p.npy", (rng.normal(-1.5, 40, (30, 64, 64))).astype(np.int16))
        done = self.vitrum("ecm", "p.npy", *SIZE, "--frame-time", "1", "--no-drift", "-o", "r.h5", code=1)
        self.assertIn("there is no intensity to compare fluctuations with; give the camera's zero with --pedestal or --dark", done.stderr)

    def test_drift_beyond_the_field_and_drift_that_is_not_known(self):
        self.synth("--drift", "170", "--pixel-size", "500", frames=80, size=128)
        done = self.vitrum("ecm", "m.h5", "-o", "r.h5", "--quiet", code=1)
        self.assertRegex(done.stderr, r"^vitrum: m\.h5::/entry/data/data: the sample drifts by \d+\.\d px in y and \d+\.\d px in x: frames of 128 x 128 "
                                      r"have no field in common; choose --frames\n$")
        done = self.vitrum("ecm", "m.h5", "--frames", "0:30", "--no-map", "-o", "r.h5", "--quiet")
        self.assertRegex(done.stderr, r"warning: the drift is known to \d+ nm only: more than 5 nm of drift that is left shortens relaxation times")

    def test_a_hot_pixel_does_not_hold_the_drift(self):
        rng = np.random.default_rng(2)
        wide = rng.normal(size=(2, 160, 160))
        for axis in (1, 2):
            wide = sum(np.roll(wide, k, axis) * np.exp(-k * k / 16) for k in range(-10, 11))
        sample = 20 * (wide ** 2).sum(0) / (wide ** 2).sum(0).mean()
        path = np.arange(40) // 2
        movie = np.stack([rng.poisson(sample[20 - d:116 - d, 30:126]) for d in path]).astype(np.int16)
        movie[:, 20, 31] = movie[:, 41, 9] = 30000
        self.write_npy("m.npy", movie)
        done = self.vitrum("ecm", "m.npy", *SIZE, "--frame-time", "1", "--no-map", "-o", "r.h5", "--quiet")
        self.assertIn("warning: 2 pixels hold the same value in all frames, the first at y 20, x 31: filled from around them", done.stderr)
        with h5py.File(self.path("r.h5")) as result:
            self.assertLess((result["entry/drift/y_px"][:] - path).std(), 0.1)
            self.assertLess(result["entry/drift/x_px"][:].std(), 0.1)

    def test_constant_and_saturated_pixels(self):
        movie = np.rint(100 * speckle(200, (64, 64), 10, 4)).astype(np.int16)
        movie[:, 5, 7] = 40
        movie[3:9, 20, 21] = movie[5, 20, 22] = 32767
        self.write_npy("m.npy", movie)
        done = self.vitrum("ecm", "m.npy", *SIZE, "--frame-time", "1", "--no-drift", "--no-map", "-o", "r.h5")
        self.assertIn("warning: 1 pixel holds the same value in all frames, the first at y 5, x 7: filled from around it", done.stderr)
        self.assertIn("warning: 2 pixels are saturated (32767 counts), the first at y 20, x 21: filled from around them", done.stderr)
        self.write_npy("c.npy", np.full((20, 64, 64), 9, np.int16))
        self.refused("c.npy: all pixels hold the same value in all frames", "ecm", "c.npy", *SIZE, "--frame-time", "1", "-o", "c.h5")

    def test_a_series_of_temperatures(self):
        for number, tau in enumerate((15, 30)):
            self.vitrum("synth", "ecm", "--frames", "400", "--height", "64", "--width", "64", "--tau", tau, "--seed", number, "-o", "m.h5", "--quiet",
                        "--overwrite")
            self.vitrum("ecm", "m.h5", "--no-drift", "--largest-error", "2", "-o", f"t{number}.h5", "--quiet")
        done = self.vitrum("ecm-series", "t0.h5", "t1.h5", "--values", "25,100", "--starts", "0,7200", "-o", "s.h5", "--quiet")
        self.assertEqual(len(done.stdout.splitlines()), 4)
        scalars = self.scalars("s.h5")["scalars"]
        self.assertEqual([scalars[f"series/{k}/value"]["value"] for k in (1, 2)], [25, 100])
        self.assertLess(scalars["series/1/tau_s"]["value"], scalars["series/2/tau_s"]["value"])
        with h5py.File(self.path("s.h5")) as file:
            for k in (1, 2):  # every curve has its fit, drawn close enough to look smooth
                lag, curve = (file[f"entry/member_{k}/fit/kww/{name}"][:] for name in ("lag_s", "g2_fit"))
                self.assertLess(np.diff(np.log(lag)).max(), 0.05)
                with h5py.File(self.path(f"t{k - 1}.h5")) as one:
                    tau, exponent, contrast, baseline = (one[f"entry/fit/kww/{name}"][0] for name in ("tau_s", "kww_exponent", "contrast", "baseline"))
                    np.testing.assert_allclose(lag[[0, -1]], one["entry/g2/lag_s"][[0, -1]])
                np.testing.assert_allclose(curve, baseline + contrast * np.exp(-2 * (lag / tau) ** exponent))
        self.vitrum("report", "s.h5", "-o", "report", "--quiet")
        names = {path.name for path in self.path("report").iterdir()}
        for figure in ("series", "series_histograms", "series_g2", "series_maps", "series_two_time", "series_duration", "series_protocol"):
            self.assertIn(f"{figure}.svg", names)
        self.vitrum("export", "s.h5", "-o", "tables")
        self.assertEqual(len(self.path("tables/series.csv").read_text().splitlines()), 4)
        self.refused("--values: 1 numbers for 2 results", "ecm-series", "t0.h5", "t1.h5", "--values", "25", "-o", "x.h5", code=2)
        self.refused("--values 25C: not a number", "ecm-series", "t0.h5", "--values", "25C", "-o", "x.h5", code=2)
        self.refused("s.h5:/entry/kind: 'ecm_series', expected 'ecm'", "ecm-series", "s.h5", "--values", "25", "-o", "x.h5")

    def test_a_series_that_does_not_relax(self):
        self.vitrum("synth", "ecm", "--frames", "120", "--height", "64", "--width", "64", "--tau", "400", "--exponent", "1", "-o",
                    "m.h5", "--quiet")
        done = self.vitrum("ecm", "m.h5", "--no-drift", "--no-map", "-o", "r.h5", "--quiet")
        self.assertRegex(done.stderr, "warning: the fit of the image's g2 says tau = .* s, beyond the 240 s of the series: an extrapolation")
        self.assertIn("warning: without a relaxation time of the image, errors of pixels, the width of their relaxation times and domains are not known",
                      done.stderr)
        self.assertRegex(done.stdout, r"(?s)^drift not sought\n.*pixels: [\d.]+ % accepted; their errors and the spread of ln tau are not known\n")
        self.assertNotIn("nan", done.stdout)
        with h5py.File(self.path("r.h5")) as result:
            self.assertFalse(np.isfinite(result["entry/map/log_tau_errors"][:]).any())
        self.vitrum("report", "r.h5", "-o", "report", "--quiet")
        page = self.path("report/index.html").read_text()
        self.assertFalse(re.search(r"[ >(](nan|-nan|inf)\b", page.split("<h3>Settings")[0]))
        self.assertNotIn('id="drift"', page)

    def test_scans_of_patterns(self):
        y, x = np.mgrid[:24, :24] - 11.5
        ring = np.hypot(y, x)
        movie = speckle(300, (3, 4, 24, 24), np.where(ring < 7, 8, 24), 1, static=200 + 50 * np.cos(ring))
        self.write_npy("p.npy", np.rint(movie.reshape(-1, 24, 24)).astype(np.uint16))
        self.vitrum("ecm-stem", "p.npy", "--scan", "3,4", "--scan-time", "2", "--center", "11.5,11.5", "--k-per-pixel", "0.1", "--k-range", "0.2,1.2",
                    "--rings", "2", "-o", "k.h5", "--quiet")
        scalars = self.scalars("k.h5")["scalars"]
        for number, tau in ((1, 16), (2, 48)):
            for name, truth in (("tau_s", tau), ("kww_exponent", 1)):
                found = scalars[f"bin/{number}/fit/kww/{name}"]
                self.assertLess(abs(found["value"] - truth) / found["error"], 4.5, name)
        with h5py.File(self.path("k.h5")) as result:
            self.assertEqual(json.loads(result["entry/k_map"].attrs["SILX_style"]), {"signal_scale_type": "log"})
            tau = result["entry/k_map/tau_s"][:]
            self.assertEqual(tau.shape, (2, 3, 4))
            self.assertGreater(result["entry/k_map/accepted"][:].mean(), 0.9)
            error = result["entry/k_map/log_tau_errors"][:]
        for k, truth in enumerate((16, 48)):
            self.assertLess(abs(np.median(tau[k]) / truth - 1), 0.1)
            self.assertLess(abs(np.mean(np.log(tau[k] / truth) / error[k])), 0.8)
        self.vitrum("show", "k.h5", "--figure", "k-maps", "-o", "k.png")
        with h5py.File(self.path("p.h5"), "w") as file:  # five dimensions tell the shape themselves
            file["scans"] = np.load(self.path("p.npy")).reshape(-1, 3, 4, 24, 24)
        self.assertIn("300 × 3 × 4", self.vitrum("info", "p.h5").stdout)
        settings = ["--scan-time", "2", "--center", "11.5,11.5", "--k-per-pixel", "0.1", "--k-range", "0.2,1.2", "--rings", "2", "--quiet"]
        self.vitrum("ecm-stem", "p.h5", *settings, "-o", "five.h5")
        with h5py.File(self.path("k.h5")) as result, h5py.File(self.path("five.h5")) as five:
            np.testing.assert_array_equal(five["entry/k_map/tau_s"][:], result["entry/k_map/tau_s"][:])
        self.refused("p.h5::/scans: scans of 3 x 4, --scan says 4 x 3", "ecm-stem", "p.h5", "--scan", "4,3", *settings, "-o", "x.h5")
        self.refused("name the shape of the scan: --scan ROWS,COLUMNS", "ecm-stem", "p.npy", *settings, "-o", "x.h5", code=2)
        self.refused("--scan: 1 numbers, expected 2: ROWS,COLUMNS", "ecm-stem", "p.npy", "--scan", "3", "--scan-time", "2", "-o", "x.h5", code=2)
        self.refused("p.npy: 3600 patterns are no series of four or more scans of 7 x 4", "ecm-stem", "p.npy", "--scan", "7,4", "--scan-time", "2",
                     "--center", "11.5,11.5", "--k-per-pixel", "0.1", "--k-range", "0.2,1.2", "-o", "x.h5", code=2)


class BadInput(CliTest):
    def refuse(self, name, message, *more, code=1):
        self.refused(message, "ecm", name, "--frame-time", "1", *SIZE, "--no-drift", "--no-map", *more, "-o", "r.h5", code=code)

    def write(self, name, data):
        self.path(name).parent.mkdir(exist_ok=True)
        self.path(name).write_bytes(data)

    def test_nothing_in_the_file(self):
        for kind in ("dm3", "dm4", "ser", "emd", "mrc", "mib", "seq", "tif", "hspy", "mat"):
            self.path(f"m.{kind}").touch()
            self.refuse(f"m.{kind}", f"m.{kind}: an empty file, expected frames")

    def test_frame_time_is_asked_for(self):
        self.write("m.mrc", mrc())
        self.refused("m.mrc: the file does not say the time from frame to frame; give --frame-time SECONDS", "ecm", "m.mrc", *SIZE, "-o", "r.h5", code=2)

    def test_frames_of_different_size(self):
        for number in range(1, 12):
            self.write(f"size/a_{number:03d}.tif", tiff(44 if number == 5 else 40, 40, number))
        self.refuse("size", "size/a_005.tif: 44 × 40 pixels of uint16, expected 40 × 40 of uint16 as in a_001.tif")

    def test_missing_file_numbers(self):
        for number in (1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 15, 16, 17):
            self.write(f"gap/a_{number:03d}.tif", tiff(40, 40, number))
        done = self.vitrum("ecm", "gap", "--frame-time", "1", *SIZE, "--no-drift", "--no-map", "-o", "r.h5", "--quiet")
        self.assertIn("warning: 3 file numbers are missing, the first between a_002.tif and a_004.tif: the frames that are there count as neighbours, "
                      "times after a missing one are too early", done.stderr)

    def test_truncated(self):
        self.write("cut.mrc", mrc()[:-100])
        self.refuse("cut.mrc", "cut.mrc:frame 5: the file ends at byte 13212, expected 32 × 32 int16 from byte 11264 on")

    def test_absurd_sizes(self):
        self.write("m.mrc", mrc(claimed=(2000000000,) * 3))
        self.refuse("m.mrc", "m.mrc:byte 0: 2000000000 × 2000000000 × 2000000000 pixels, expected positive numbers, sides of at most 1048576")
        self.write("long.mrc", mrc(claimed=(32, 32, 2000000000)))
        self.refuse("long.mrc", "long.mrc:frame 6: the file ends at byte 13312, expected 32 × 32 int16 from byte 13312 on")

    def test_wrong_endianness(self):
        self.write("m.mrc", mrc(endian=">"))
        self.refuse("m.mrc", "m.mrc:byte 12: pixel mode 16777216, expected mode 0, 1, 2, 6 or 12 (real pixels)")

    def test_tags_that_never_end(self):
        self.write("deep.dm4", dm4_nest(100))
        self.refuse("deep.dm4", "deep.dm4:byte 1381: a group within more than 64 others, expected at most 64")
        self.write("many.dm4", dm4(struct.pack(">BBQ", 0, 0, 10 ** 15) + bytes(64)))
        self.refuse("many.dm4", "many.dm4:byte 26: a group of 1000000000000000 tags in 64 bytes, expected tags that the file can hold")

    def test_ctrl_c_leaves_nothing(self):
        rng = np.random.default_rng(1)
        self.write_npy("m.npy", rng.poisson(100, (1500, 128, 128)).astype(np.int16))
        run = subprocess.Popen([VITRUM, "ecm", "m.npy", "--frame-time", "1", *SIZE, "--no-drift", "-o", "r.h5", "--quiet"], cwd=self.folder.name,
                               stderr=subprocess.PIPE, text=True)
        time.sleep(0.4)
        run.send_signal(signal.SIGINT)
        _, told = run.communicate(timeout=60)
        self.assertEqual(run.returncode, 1, told)
        self.assertEqual([path.name for path in self.path(".").iterdir()], ["m.npy"])

    def test_too_few_frames(self):
        self.write("m.mrc", mrc())
        self.refuse("m.mrc", "m.mrc: 6 frames give 3 lags, need at least 5")

    def test_drift_beyond_the_field(self):
        self.vitrum("synth", "ecm", "--frames", "60", "--height", "64", "--width", "64", "--tau", "1000", "--drift", "90", "-o", "m.h5", "--quiet")
        done = self.vitrum("ecm", "m.h5", "-o", "r.h5", "--quiet", code=1)
        self.assertRegex(done.stderr, r"^vitrum: m.h5::/entry/data/data: the sample drifts by 4\d.\d px in y and 7\d.\d px in x: frames of 64 x 64 have "
                                      r"no field in common; choose --frames$")
        self.assertFalse(self.path("r.h5").exists())


if __name__ == "__main__":
    vitrum_cli.main()
