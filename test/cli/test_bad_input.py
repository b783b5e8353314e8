"""Bad input: a message with file, place, what was found and what was expected; no file is left."""
import resource
import signal
import subprocess
import time

import numpy as np

import vitrum_cli
from vitrum_cli import CliTest, VITRUM, poisson_frames

TIME = ["--frame-time", "1"]
OUT = ["-o", "out.h5"]


class BadFiles(CliTest):
    def refuse(self, name, message, *more, code=1):
        self.refused(message, "xpcs", name, *TIME, *more, *OUT, code=code)

    def test_missing(self):
        self.refuse("none.h5", "none.h5: cannot be opened (No such file or directory)")

    def test_empty(self):
        self.path("empty.h5").touch()
        self.refuse("empty.h5", "empty.h5: an empty file, expected frames")

    def test_truncated(self):
        self.write_h5("whole.h5", poisson_frames(), chunks=(1, 8, 10))
        whole = self.path("whole.h5").read_bytes()
        self.path("cut.h5").write_bytes(whole[: len(whole) // 2])
        self.refuse("cut.h5", f"cut.h5: unreadable HDF5 (truncated file: eof = {len(whole) // 2}, "
                              f"sblock->base_addr = 0, stored_eof = {len(whole)}), expected an HDF5 file")

    def test_truncated_npy(self):
        self.write_npy("whole.npy", poisson_frames())
        self.path("cut.npy").write_bytes(self.path("whole.npy").read_bytes()[:300])
        self.refuse("cut.npy", "cut.npy: 300 bytes, expected 6528 for shape [40, 8, 10] of uint16")

    def test_no_known_format(self):
        self.path("notes.txt").write_text("hello world\n")
        self.refuse("notes.txt", "notes.txt: content of no known format, expected one of those that "
                                 "'vitrum formats' lists; a raw file needs its height, width and pixel type")

    def test_folder_without_images(self):
        self.refuse(".", ".: a folder without frames, expected a folder of TIFF or DM files")

    def test_one_frame(self):
        self.write_h5("one.h5", poisson_frames(1))
        self.refuse("one.h5", "one.h5::/entry/data/data: 1 frame, need at least 2 to correlate")

    def test_wrong_dimensions(self):
        self.write_h5("line.h5", np.arange(5))
        self.refuse("line.h5", "line.h5: 1 datasets, none of numbers with two or three dimensions: /entry/data/data "
                               "(1-D [5] int64), expected frames [frame, y, x]")

    def test_not_numbers(self):
        self.write_h5("words.h5", np.array([b"a", b"b"]))
        self.refuse("words.h5", "words.h5: 1 datasets, none of numbers with two or three dimensions: /entry/data/data "
                                "(text), expected frames [frame, y, x]")
        self.write_npy("objects.npy", np.array([{}], dtype=object))
        self.refuse("objects.npy", "objects.npy:header: type '|O', expected integers of 1 to 8 bytes, f4 or f8")

    def test_two_candidates(self):
        import h5py
        with h5py.File(self.path("two.h5"), "w") as file:
            file["a"] = poisson_frames()
            file["b"] = poisson_frames()
        self.refuse("two.h5", "two.h5: 2 datasets that may hold the frames, expected the name of one as "
                              "two.h5::/name: /a 3-D [40, 8, 10], /b 3-D [40, 8, 10]")

    def test_missing_dataset(self):
        self.write_h5("good.h5", poisson_frames())
        self.refuse("good.h5::/nope", "good.h5:/nope: no such dataset")

    def test_nan(self):
        data = poisson_frames().astype(np.float32)
        data[7, 3, 4] = np.nan
        self.write_h5("nan.h5", data)
        self.refuse("nan.h5", "nan.h5::/entry/data/data:frame 7, y = 3, x = 4: nan, expected a finite number (mask "
                              "the pixel, or name the frame in --bad-frames)")
        self.vitrum("xpcs", "nan.h5", *TIME, "--bad-frames", "7", "--quiet", *OUT)

    def test_all_nan(self):
        self.write_h5("nan.h5", np.full((10, 8, 10), np.nan))
        self.refuse("nan.h5", "nan.h5::/entry/data/data: no pixel holds valid values")

    def test_all_zero(self):
        self.write_h5("zero.h5", poisson_frames() * 0)
        self.refuse("zero.h5", "zero.h5::/entry/data/data: all frames are zero")

    def test_frames_that_are_all_alike(self):
        """Copies of one picture, or pictures of one value: neither fluctuates in time or space."""
        still = np.repeat(poisson_frames(1), 40, axis=0)
        self.write_h5("still.h5", still)
        self.write_h5("flat.h5", np.broadcast_to(poisson_frames(40, 1, 1, mean=5), (40, 8, 10)))
        half = poisson_frames()
        half[:, :, 5:] = 4
        self.write_h5("half.h5", half)
        labels = np.ones((8, 10), np.int32)
        labels[:, 5:] = 2
        self.write_npy("labels.npy", labels)
        message = "bin {} holds the same picture in all {} frames, expected speckle that fluctuates"
        for command in ("xpcs", "xsvs"):
            self.refused("still.h5::/entry/data/data: " + message.format(1, 40), command, "still.h5", *TIME, *OUT)
            self.refused("half.h5::/entry/data/data: " + message.format(2, 40), command, "half.h5", *TIME, *OUT,
                         "--partition", "labels.npy")
            self.refused("flat.h5::/entry/data/data: bin 1 holds one value in all of its 80 pixels, frame by frame, "
                         "expected speckle", command, "flat.h5", *TIME, *OUT)

    def test_counts_that_never_meet(self):
        """Very sparse frames: a lag without a coincidence has no error, and the others are fitted."""
        self.write_h5("sparse.h5", poisson_frames(200, 20, 20, mean=1e-3, seed=2))
        done = self.vitrum("xpcs", "sparse.h5", *TIME, "--quiet", *OUT)
        self.assertRegex(done.stderr, r"warning: bin 1: lag bins? [0-9, -]+: no scatter between groups of pixels or times, so "
                                      r"no error is known and fits leave (it|them) out")
        import h5py
        with h5py.File(self.path("out.h5")) as file:
            g2, error = file["entry/g2/g2"][()], file["entry/g2/g2_errors"][()]
        self.assertTrue((error[np.isfinite(error)] > 0).all())
        self.assertTrue((abs(g2[np.isnan(error)]) < 1e-4).all())  # products of floats
        self.assertGreater(np.isfinite(error).sum(), 3)

    def test_zero_count_bin(self):
        data = poisson_frames()
        data[:, :, :5] = 0
        self.write_h5("half.h5", data)
        labels = np.ones((8, 10), np.int32)
        labels[:, 5:] = 2
        self.write_npy("labels.npy", labels)
        self.refuse("half.h5", "half.h5::/entry/data/data: bin 1 holds no counts in any frame", "--partition",
                    "labels.npy")

    def test_unreadable_filter(self):
        import h5py
        # a pipeline with a filter number that nobody has registered; the chunk is written as it is
        with h5py.File(self.path("odd.h5"), "w") as file:
            plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
            plist.set_chunk((1, 8, 10))
            plist.set_filter(305, h5py.h5z.FLAG_OPTIONAL, ())
            space = h5py.h5s.create_simple((3, 8, 10))
            dataset = h5py.h5d.create(file.id, b"data", h5py.h5t.STD_U16LE, space, plist)
            for frame in range(3):
                dataset.write_direct_chunk((frame, 0, 0), b"\x01\x00" * 80, 0)
        self.refuse("odd.h5", "odd.h5:/data: filter 305, expected bitshuffle, lz4, zstd, lzf, gzip, shuffle or an "
                              "installed plug-in")

    def test_dark_above_the_data(self):
        self.write_h5("good.h5", poisson_frames())
        self.write_npy("dark.npy", np.full((8, 10), 100.0))
        self.refuse("good.h5", "good.h5::/entry/data/data: bin 1 has no frame to correlate: the mean of the bin is "
                               "-97.9875 in frame 0", "--dark", "dark.npy")

    def test_points_that_cannot_be_fitted(self):
        self.path("g2.csv").write_text("lag_s,g2,g2_errors\n1,1.3,0.1\n2,1.2,0\n3,1.1,0.1\n4,1.1,0.1\n5,1,0.1\n")
        self.refused("g2.csv: fit: sigma 0 at lag 2 s: must be positive", "fit", "g2.csv", *OUT)

    def test_mask_of_another_size(self):
        self.write_h5("good.h5", poisson_frames())
        self.write_npy("small.npy", np.ones((5, 10), np.uint8))
        self.refuse("good.h5", "small.npy: mask of 5 x 10 pixels, expected 8 x 10 as in good.h5::/entry/data/data",
                    "--mask", "small.npy")

    def test_mask_that_leaves_nothing(self):
        self.write_h5("good.h5", poisson_frames())
        self.write_npy("none.npy", np.zeros((8, 10), np.uint8))
        self.refuse("good.h5", "good.h5::/entry/data/data: the masks leave no pixel", "--mask", "none.npy")

    def test_labels_of_nothing(self):
        self.write_h5("good.h5", poisson_frames())
        self.write_npy("labels.npy", np.zeros((8, 10), np.int32))
        self.refuse("good.h5", "labels.npy: every label is 0, expected a pixel in a bin", "--partition", "labels.npy")
        self.write_npy("labels.npy", np.full((8, 10), -1))
        self.refuse("good.h5", "labels.npy: label -1 at row 0, column 0, expected whole numbers from 0", "--partition",
                    "labels.npy")
        self.write_npy("stack.npy", np.ones((2, 8, 10), np.uint8))
        for flag in ("--mask", "--partition", "--dark"):
            self.refuse("good.h5", "stack.npy: 2 images of 8 × 10, expected one", flag, "stack.npy")

    def test_labels_of_another_size(self):
        self.write_h5("good.h5", poisson_frames())
        self.write_npy("small.npy", np.ones((8, 9), np.int32))
        self.refuse("good.h5", "small.npy: labels of 8 x 9 pixels, expected 8 x 10 as in good.h5::/entry/data/data",
                    "--partition", "small.npy")

    def test_dark_of_another_size(self):
        self.write_h5("good.h5", poisson_frames())
        self.write_npy("dark.npy", np.ones((2, 10)))
        self.refuse("good.h5", "dark.npy: dark of 2 x 10 pixels, expected 8 x 10 as in good.h5::/entry/data/data",
                    "--dark", "dark.npy")

    def test_result_that_is_none(self):
        self.write_h5("good.h5", poisson_frames())
        for command in ("show", "report", "export"):
            self.refused("good.h5:/entry/kind: no kind of result, expected a result that vitrum wrote ('xpcs')",
                         command, "good.h5", *(OUT if command != "show" else []))

    def test_map_that_is_not_square(self):
        self.write_npy("map.npy", np.ones((5, 6)))
        self.refused("map.npy: 5 x 6 values, expected a square two-time map of at least 2 x 2", "age", "map.npy",
                     *TIME, *OUT)

    def test_map_that_is_not_symmetric(self):
        data = np.ones((6, 6))
        data[4, 1] = 2
        self.write_npy("map.npy", data)
        self.refused("map.npy:element 4, 1: C = 2 but 1 across the diagonal, expected a symmetric two-time map or "
                     "one triangle of it", "age", "map.npy", *TIME, *OUT)

    def test_map_of_no_numbers(self):
        self.write_npy("map.npy", np.full((6, 6), np.nan))
        self.refused("map.npy: C is NaN for every pair of frames, expected a two-time map", "age", "map.npy", *TIME, *OUT)
        data = np.ones((6, 6))
        data[3, 3] = np.inf
        self.write_npy("map.npy", data)
        self.refused("map.npy:element 3, 3: C = inf, expected a number, or NaN for a gap", "age", "map.npy", *TIME, *OUT)

    def test_table_of_no_numbers(self):
        self.path("g2.csv").write_text("lag_s,g2,g2_errors\n1,nan,0.1\n2,nan,0.1\n")
        self.refused("g2.csv: every g2 is NaN, expected points to fit", "fit", "g2.csv", *OUT)
        self.path("g2.csv").write_text("lag_s,g2,g2_errors\n-1,1.2,0.1\n2,1.1,0.1\n3,1,1\n4,1,1\n5,1,1\n")
        self.refused("g2.csv: fit: lag -1 s: must be finite and >= 0", "fit", "g2.csv", *OUT)
        self.path("g2.csv").write_text("lag_s,g2,g2_errors\n1,1.2,0.1\n2,1.1\n")
        self.refused("g2.csv:line 3: 2 values, expected 3", "fit", "g2.csv", *OUT)
        self.path("g2.csv").write_bytes(b"")
        self.refused("g2.csv: no numbers, expected a table of numbers", "fit", "g2.csv", *OUT)

    def test_truncated_result(self):
        self.write_h5("good.h5", poisson_frames())
        self.vitrum("xpcs", "good.h5", *TIME, "--quiet", *OUT)
        whole = self.path("out.h5").read_bytes()
        half = len(whole) // 2
        self.path("cut.h5").write_bytes(whole[:half])
        for command, *flags in (["show"], ["report", "-o", "r"], ["export", "-o", "e"], ["age", "-o", "a.h5"],
                                ["fit", "-o", "f.h5"]):
            self.refused(f"cut.h5: unreadable HDF5 (truncated file: eof = {half}, sblock->base_addr = 0, stored_eof = "
                         f"{len(whole)}), expected an HDF5 file", command, "cut.h5", *flags)

    def test_table_with_a_word(self):
        self.path("g2.csv").write_text("lag_s,g2\n1,1.3\n2,x\n")
        self.refused("g2.csv:line 3, column 2: 'x', expected a number", "fit", "g2.csv", *OUT)

    def test_table_without_g2(self):
        self.path("g2.csv").write_text("time,value\n1,1.3\n2,1.2\n")
        self.refused("g2.csv:header: columns time, value, expected lag_s or lag_frames, g2, and if known g2_errors "
                     "and bin", "fit", "g2.csv", *OUT)


class Outputs(CliTest):
    def test_exists(self):
        self.write_h5("good.h5", poisson_frames())
        self.path("out.h5").write_text("mine")
        self.refused("out.h5: exists (use --overwrite to replace it)", "xpcs", "good.h5", *TIME, *OUT)
        self.assertEqual(self.path("out.h5").read_text(), "mine")
        self.vitrum("xpcs", "good.h5", *TIME, *OUT, "--overwrite", "--quiet")
        self.scalars("out.h5")

    def test_never_an_input(self):
        self.write_h5("good.h5", poisson_frames())
        self.write_npy("mask.npy", np.ones((8, 10), np.uint8))
        before = self.path("good.h5").read_bytes()
        self.refused("-o good.h5: is the input good.h5, which would be lost", "xpcs", "good.h5", *TIME, "-o", "good.h5",
                     "--overwrite", code=2)
        self.refused("-o mask.npy: is the input mask.npy, which would be lost", "mask", "good.h5", "--mask", "mask.npy",
                     "-o", "mask.npy", "--overwrite", code=2)
        self.assertEqual(before, self.path("good.h5").read_bytes())

    def test_never_a_link_or_device(self):
        self.write_h5("good.h5", poisson_frames())
        self.path("there.h5").write_text("mine")
        self.path("link.h5").symlink_to("there.h5")
        for name in ("link.h5", "/dev/null"):
            self.refused(f"{name}: is no plain file (a link, device or pipe) and is not replaced", "xpcs", "good.h5",
                         *TIME, "-o", name, "--overwrite")

    def test_no_such_folder(self):
        self.write_h5("good.h5", poisson_frames())
        self.refused("none/out.h5: the folder to write into does not exist", "xpcs", "good.h5", *TIME, "-o",
                     "none/out.h5")

    def test_disk_full(self):
        """A limit on the size of files stands for the full disk: the write fails part of the way."""
        self.write_h5("good.h5", poisson_frames(200, 16, 16))
        limit = 20_000
        done = subprocess.run([VITRUM, "xpcs", "good.h5", *TIME, *OUT, "--quiet"], cwd=self.folder.name,
                              capture_output=True, text=True,
                              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertTrue(done.stderr.startswith("vitrum: out.h5: "), done.stderr)
        self.assertIn("File too large", done.stderr)
        self.assertEqual([p.name for p in self.path(".").iterdir()], ["good.h5"])

    def test_disk_full_of_every_command(self):
        """No file of more than a few thousand bytes can be written: each command says which, and leaves nothing."""
        self.write_h5("good.h5", poisson_frames(100, 32, 32))
        self.vitrum("xpcs", "good.h5", *TIME, "--quiet", *OUT)
        for limit, command, name, shown in [
                (2000, ["synth", "xpcs", "--frames", "50", "-o"], "v.h5", "v.h5"),
                (2000, ["synth", "ecm", "--frames", "8", "--height", "64", "--width", "64", "-o"], "v.h5", "v.h5"),
                (500, ["mask", "good.h5", "-o"], "m.npy", "m.npy"),
                (500, ["mask", "good.h5", "-o"], "m.h5", "m.h5"),
                (500, ["mask", "good.h5", "-o"], "m.tif", "m.tif"),
                (500, ["partition", "good.h5", "-o"], "p.h5", "p.h5"),
                (20000, ["age", "out.h5", "-o"], "a.h5", "a.h5"),
                (20000, ["fit", "out.h5", "-o"], "f.h5", "f.h5"),
                (20000, ["xsvs", "good.h5", *TIME, "-o"], "x.h5", "x.h5"),
                (20000, ["report", "out.h5", "-o"], "r", "r/"),
                (20000, ["export", "out.h5", "-o"], "e", "e/"),
                (20000, ["export", "out.h5", "--format", "npz", "-o"], "e.npz", "e.npz"),
                (20000, ["export", "out.h5", "--format", "hdf5", "-o"], "e.h5", "e.h5"),
                (20000, ["export", "out.h5", "--format", "8id", "-o"], "e.hdf", "e.hdf"),
                (500, ["show", "out.h5", "--figure", "two-time", "-o"], "f.svg", "f.svg"),
                (500, ["show", "out.h5", "--figure", "two-time", "-o"], "f.pdf", "f.pdf"),
                (500, ["show", "out.h5", "--figure", "two-time", "-o"], "f.png", "f.png")]:
            with self.subTest(command + [name]):
                before = sorted(self.path(".").rglob("*"))
                done = subprocess.run([VITRUM, *command, name, "--quiet"], cwd=self.folder.name, capture_output=True,
                                      text=True, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE,
                                                                                      (limit, limit)))
                lines = [line for line in done.stderr.splitlines() if not line.startswith("warning: ")]
                self.assertEqual((done.returncode, len(lines)), (1, 1), done.stderr)
                self.assertRegex(lines[0], rf"^vitrum: {shown}\S*: cannot be (written|put on disk) "
                                           r"\((Write error: )?File too large\)$")
                self.assertEqual(sorted(self.path(".").rglob("*")), before)

    def test_a_folder_that_cannot_be_made(self):
        self.write_h5("good.h5", poisson_frames())
        self.vitrum("xpcs", "good.h5", *TIME, "--quiet", *OUT)
        for command in ("report", "export"):
            self.refused("/proc/none: cannot be made (No such file or directory)", command, "out.h5", "-o", "/proc/none")
            self.refused("good.h5: exists and is not a folder", command, "out.h5", "-o", "good.h5")

    def test_ctrl_c(self):
        """Cancelled in the middle: exit 1, one line, nothing left behind."""
        process = subprocess.Popen([VITRUM, "synth", "xpcs", "--frames", "30000", "--height", "64", "--width", "64",
                                    "-o", "v.h5"], cwd=self.folder.name, stderr=subprocess.PIPE, text=True)
        time.sleep(1.5)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 1, stderr)
        self.assertEqual(stderr.splitlines()[-1], "vitrum: interrupted")
        self.assertEqual(list(self.path(".").iterdir()), [])

    def test_output_is_asked_for(self):
        self.write_h5("good.h5", poisson_frames())
        self.refused("name the file to write: -o FILE", "xpcs", "good.h5", *TIME, code=2)


class Options(CliTest):
    def setUp(self):
        super().setUp()
        self.write_h5("good.h5", poisson_frames())

    def refuse(self, message, *flags, code=2):
        time = [] if "--frame-time" in flags else TIME
        self.refused(message, "xpcs", "good.h5", *time, *flags, *OUT, code=code)

    def test_values(self):
        no_frames = "selects nothing valid of 40 (indices run from 0, the end is not included)"
        rings = ("good.h5::/entry/data/data: rings need a geometry (--energy, --distance, --pixel-size, --center-x, "
                 "--center-y) or --q-per-pixel with a centre")
        for flags, message in {
            "--q-bins 3": rings,
            "--q-bins x": "--q-bins x: expected a whole number",
            "--models foo": 'model "foo": must be one of exp, kww, ml, ml-squared, kww2, power-cutoff',
            "--models kww,kww": "--models: 'kww' is named twice",
            "--fix tau=3": "--fix: no model has a parameter 'tau' (they have contrast, baseline, tau_s, kww_exponent, "
                           "ml_exponent)",
            "--fix baseline": "--fix baseline: expected parameter=value",
            "--window 1e9": "age window of 1000000000 frames: longer than the series of 40",
            "--window 0.1": "--window 0.1: shorter than the frame time of 1 s",
            "--normalization foo": "normalization = foo: must be plain, static-bin or corrcoef",
            "--lags foo": "--lags foo: expected linear or log",
            "--age x": "--age x: expected start or mid",
            "--frame-time -1": "--frame-time -1: expected a positive number of seconds",
            "--frames 5:2": f"--frames: range 5:2: {no_frames}",
            "--frames 50:60": f"--frames: range 50:60: {no_frames}",
            "--bad-frames 50": f"--bad-frames: range 50:51: {no_frames}",
            "--bad-frames 0:40": "all 40 frames of good.h5::/entry/data/data are listed as bad",
            "--threads -2": "threads = -2: must not be negative",
            "--shard 3/2": "--shard 3/2: expected the number of this part and of all, such as 2/8",
            "--shard x": "--shard x: expected the number of this part and of all, such as 2/8",
            "--checkpoint-every -1": "--checkpoint-every -1: expected seconds, 0 or more",
            "--memory lots": "--memory lots: expected a size such as 8G, 512M or 2000000",
            "--plateau abc": "--plateau abc: expected measured, fitted or a number",
            "--energy 8 --wavelength 1": "--energy and --wavelength: give only one",
            "--window nan": "--window nan: expected a number",
            "--q-min nan": "--q-min nan: expected a number",
            "--windw 3": "unknown flag '--windw', did you mean '--window'?",
            "--bogus=7": "unknown flag '--bogus'; vitrum xpcs --help lists them",
            "--fix baseline=1 --fix contrast=0.3": "--fix stands there twice: expected once, several values with commas "
                                                   "(vitrum xpcs --help)",
            "--window-step -3": "--window-step -3: expected seconds, 0 or more",
            "--q-bins 3 --log-q": rings,
            "--log-q": "--log-q: has no effect without --q-bins or --static-per-bin",
            "--static-correction azimuthal": "--static-correction azimuthal: each bin is one static bin, so it would "
                                             "change nothing; give --static-per-bin or a partition with static bins",
            "--raw-shape 3,4": "--raw-shape 3,4: expected frames,height,width",
            "--first-frame 1": "good.h5: --pixel-order and --first-frame describe Rigaku files, this one is hdf5",
            "--first-frame 2": "--first-frame 2: expected 0 or 1",
            "--pixel-order up": "--pixel-order up: expected row-major or column-major",
            "--format tif": "format = 'tif': expected one of comp, dm, dm-folder, esrf-sparse, hdf5, imm, matlab, mib, mrc, "
                            "npy, zarr, npz, raw, rigaku-3m, rigaku-500k, seq, ser, tiff, tiff-folder, ufxc",
        }.items():
            with self.subTest(flags):
                self.refuse(message, *flags.split())

    def test_without_effect(self):
        """A setting that the chosen methods do not use is refused, in a flag as in a file."""
        for flags, needed in {
            "--raw-type uint8": "--raw-shape",
            "--q-unit 1/nm": "--q-per-pixel",
            "--phi-start 30": "--phi-sectors",
            "--false-alarms 1": "--find-hot or --find-dead",
            "--polynomial-degree 2": "--static-correction polynomial",
            "--coarse-block 4 --static-correction smooth": "--static-correction polynomial",
            "--smooth-sigma 3 --static-correction polynomial": "--static-correction smooth",
            "--pixel-lags log": "--pixel-g2",
            "--points-per-decade 5 --lags linear": "--lags log or --pixel-lags log",
        }.items():
            with self.subTest(flags):
                self.refuse(f"{flags.split()[0]}: has no effect without {needed}", *flags.split())
        self.path("run.toml").write_text("polynomial-degree = 3\n")
        self.refuse("--polynomial-degree: has no effect without --static-correction polynomial", "--config", "run.toml")
        self.refuse("--tilt-x: cannot be combined with --q-per-pixel", "--tilt-x", "3", "--q-per-pixel", "0.1")
        config = self.vitrum("xpcs", "good.h5", *TIME, "--show-config").stdout
        self.path("run.toml").write_text(config)
        self.assertEqual(self.vitrum("xpcs", "good.h5", "--config", "run.toml", "--show-config").stdout, config)
        self.vitrum("xpcs", "good.h5", "--config", "run.toml", *OUT, "--quiet")
        for message, words in {
            "--bin: has no effect without --figure two-time|log-map|g2|g2-pixel|age|decay|dynamics|law|xsvs|definitions|pattern|places|angular|peaks": ("out.h5", "--bin", "1"),
            "--output: has no effect without --figure": ("out.h5", "-o", "x.png"),
            "--json: cannot be combined with --figure": ("out.h5", "--json", "--figure", "g2", "-o", "x.png"),
        }.items():
            self.refused(message, "show", *words, code=2)

    def test_memory(self):
        done = self.vitrum("xpcs", "good.h5", *TIME, "--memory", "1K", *OUT, "--quiet", code=2)
        self.assertRegex(done.stderr, r"--memory 1K: the analysis needs [0-9.]+ MB; use fewer frames \(--frames\) or more "
                                      "and smaller bins")

    def test_frame_time_is_asked_for(self):
        self.refused("good.h5::/entry/data/data: the file does not say the time from frame to frame; give "
                     "--frame-time SECONDS", "xpcs", "good.h5", *OUT, code=2)

    def test_words(self):
        def stderr(*args):
            return self.vitrum(*args, code=2).stderr
        self.assertEqual(stderr("xpc"), "vitrum: unknown command 'xpc', did you mean 'xpcs'?\n")
        self.assertEqual(stderr("nonsense"), "vitrum: unknown command 'nonsense'; vitrum --help lists them\n")
        self.assertEqual(stderr("synth", "foo"), "vitrum: unknown command 'synth foo', expected one of 'synth xpcs', "
                                                 "'synth ctrw', 'synth ecm', 'synth fem'\n")
        self.assertEqual(stderr("xpcs"), "vitrum: xpcs: expected SERIES (vitrum xpcs --help)\n")
        self.assertEqual(stderr("xpcs", "good.h5", "good.h5"),
                         "vitrum: xpcs: expected one SERIES, found more (vitrum xpcs --help)\n")

    def test_configuration(self):
        self.path("run.toml").write_text("[fit]\nmodel = ['kww']\n")
        self.refuse("run.toml:line 2: unknown setting 'model'", "--config", "run.toml")
        self.refuse("none.toml: cannot read the configuration", "--config", "none.toml", code=1)
        self.refuse(".: is a folder, expected a TOML file", "--config", ".", code=1)
        for text, message, code in (
                ("window = 'abc'", "run.toml:window: wrong type, expected a number", 2),
                ("window = -3", "--window -3: expected seconds, 0 or more", 2),
                ("window = nan", "--window nan: expected seconds, 0 or more", 2),
                ("models = 3", "run.toml:models: wrong type, expected a list of texts in quotes", 2),
                ("window = 3\nwindow = 4", "run.toml:line 2: Error while parsing key-value pair: cannot redefine existing "
                                           "integer 'window'", 1),
                ("frames = [1,", "run.toml:line 1: Error while parsing array: encountered end-of-file", 1)):
            self.path("run.toml").write_text(text)
            self.refuse(message, "--config", "run.toml", code=code)

    def test_the_effective_settings_of_every_command_run_again(self):
        for command in (["xpcs"], ["xsvs"], ["ecm"], ["age"], ["fit"], ["stitch"], ["merge"], ["mask"], ["partition"],
                        ["synth", "xpcs"], ["synth", "ecm"], ["synth", "ctrw"], ["report"], ["export"], ["show"], ["info"]):
            with self.subTest(command):
                config = self.vitrum(*command, "--show-config").stdout
                self.path("run.toml").write_text(config)
                self.assertEqual(self.vitrum(*command, "--config", "run.toml", "--show-config").stdout, config)


if __name__ == "__main__":
    vitrum_cli.main()
