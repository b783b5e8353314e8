"""Series that are followed while they are measured: streams, growing files, folders."""
import json
import os
import signal
import time

import h5py
import numpy as np

import vitrum_cli
from vitrum_cli import poisson_frames
from vitrum_live import MAP, Detector, LiveTest, free_address, receive

SYNTH = ["synth", "xpcs", "--frames", "500", "--height", "48", "--width", "48", "--tau", "20", "--q-bins", "2", "--seed", "3",
         "--counts", "1", "--quiet"]


class Live(LiveTest):
    def through(self, output, *replay, live=(), series="v.h5"):
        """The series sent and received; what live says."""
        address = free_address()
        run = self.start("live", address, "--partition", "v_qmap.h5", "--models", "kww", "--wait", 30, *live, "-o", output, "--quiet")
        self.vitrum("replay", series, "--to", address, "--wait", 30, *replay, "--quiet")
        return self.end(run)

    def same_as_xpcs(self, live, xpcs, pixel_g2="entry/g2_pixel"):
        with h5py.File(self.path(live)) as a, h5py.File(self.path(xpcs)) as b:
            # sums of integers: the same to the last bit
            for name in ("g2", "pairs", "lag_s"):
                np.testing.assert_array_equal(a["entry/g2"][name][:], b[pixel_g2][name][:], err_msg=name)
            np.testing.assert_allclose(a["entry/g2/g2_errors"][:], b[pixel_g2]["g2_errors"][:], rtol=1e-9)
            for bin in (1, 2):
                one, other = a[MAP.format(bin)][:], b[MAP.format(bin)][:]
                np.testing.assert_array_equal(np.isnan(one), np.isnan(other))
                # products of floats against those of integers
                np.testing.assert_allclose(one, other, atol=3e-6, equal_nan=True)
                np.testing.assert_array_equal(a[f"/entry/twotime/bin_{bin}/t1_s"][:], b[f"/entry/twotime/bin_{bin}/t1_s"][:])
            np.testing.assert_allclose(a["entry/intensity/bin_mean_counts"][:], b["entry/intensity/bin_mean_counts"][:], rtol=1e-12)
            np.testing.assert_array_equal(a["entry/intensity/valid"][:], b["entry/intensity/valid"][:])

    def xpcs(self, output, *more, series="v.h5"):
        self.vitrum("xpcs", series, "--partition", "v_qmap.h5", "--models", "kww", "--pixel-g2", "symmetric-bin", *more, "-o", output,
                    "--quiet")

    def test_streams_give_what_the_file_gives(self):
        self.vitrum(*SYNTH, "-o", "v.h5")
        self.xpcs("x.h5")
        for protocol in ("v1", "v2"):
            for compression in ("bslz4", "lz4", "none"):
                name = f"{protocol}_{compression}.h5"
                out, _ = self.through(name, "--protocol", protocol, "--compression", compression)
                self.assertTrue(out.startswith("500 frames, no gaps; the series has ended\nbin 1 (q = "), out)
                self.same_as_xpcs(name, "x.h5")
        self.vitrum("validate", name)
        scalars = self.scalars(name)["scalars"]
        self.assertEqual(scalars["frames"]["value"], 500)
        self.assertEqual(scalars["frame_time_s"]["value"], 1)
        with h5py.File(self.path(name)) as file, h5py.File(self.path("x.h5")) as x:
            self.assertEqual(file["/entry/live/state"][()], b"ended")
            for fact in x["entry/geometry"]:
                self.assertEqual(file["entry/geometry"][fact][()], x["entry/geometry"][fact][()], fact)
            for fact in ("tau_s", "tau_s_errors", "contrast", "kww_exponent"):  # fits of the same points
                np.testing.assert_allclose(file[f"entry/fit/kww/{fact}"][:], x[f"entry/fit_pixel/kww/{fact}"][:], rtol=1e-5, err_msg=fact)
            self.assertEqual(scalars["bin/1/fit/kww/tau_s"]["value"], file["entry/fit/kww/tau_s"][0])
        self.vitrum("report", name, "-o", "page", "--quiet")
        self.vitrum("show", name, "--figure", "two-time", "-o", "map.png", "--quiet")

    def test_images_packed_and_unpacked_by_others(self):
        """The plug-in of bitshuffle for HDF5 packs what live reads, and unpacks what replay sends."""
        frames = poisson_frames(frames=40, height=67, width=130, mean=3)
        packing = {"compression": 32008, "compression_opts": (0, 2), "chunks": (1, 67, 130)}
        self.write_h5("v.h5", frames, **packing)
        self.vitrum("xpcs", "v.h5", "--frame-time", 0.5, "--models", "exp", "--pixel-g2", "symmetric-bin", "-o", "x.h5", "--quiet")
        detector = Detector(self)
        run = self.start("live", detector.address, "--models", "exp", "-o", "live.h5", "--quiet")
        detector.start()
        with h5py.File(self.path("v.h5")) as file:
            for number, frame in enumerate(frames):
                _, packed = file["entry/data/data"].id.read_direct_chunk((number, 0, 0))
                detector.image(number, frame, encoding="bs16-lz4<", packed=packed)
        detector.end()
        out, err = self.end(run)
        self.assertTrue(out.startswith("40 frames, no gaps; the series has ended\n"), out)
        with h5py.File(self.path("live.h5")) as a, h5py.File(self.path("x.h5")) as b:
            np.testing.assert_array_equal(a["entry/g2/g2"][:], b["entry/g2_pixel/g2"][:])
        for kind in ("u1", "u2", "u4", "f4"):
            values = frames[:3].astype(kind)
            self.write_h5("s.h5", values)
            address = free_address()
            run = self.start("replay", "s.h5", "--to", address, "--protocol", "v1", "--frame-time", 1, "--quiet")
            messages = receive(self, address, 5)
            self.end(run)
            with h5py.File(self.path("packed.h5"), "w") as file:
                stored = file.create_dataset("d", values.shape, values.dtype, **packing)
                for number, parts in enumerate(messages[1:4]):
                    self.assertEqual(json.loads(parts[1])["encoding"], f"bs{8 * values.itemsize}-lz4<")
                    stored.id.write_direct_chunk((number, 0, 0), parts[2])
            with h5py.File(self.path("packed.h5")) as file:
                np.testing.assert_array_equal(file["d"][:], values)

    def test_lost_frames_are_gaps_and_late_ones_are_not(self):
        self.vitrum(*SYNTH, "-o", "v.h5")
        self.xpcs("x.h5", "--bad-frames", "7,100:140")
        for protocol in ("v1", "v2"):
            out, err = self.through(f"{protocol}.h5", "--protocol", protocol, "--drop", "7,100:140", "--disorder", "25")
            self.assertIn("500 frames, 41 gaps; the series has ended\n", out)
            self.assertIn("warning: 41 images did not come: gaps\n", err)
            self.assertIn("images came after later ones and were put in order\n", err)
            self.same_as_xpcs(f"{protocol}.h5", "x.h5")
        # a window too short for the disorder: what comes too late is counted
        out, err = self.through("short.h5", "--disorder", "25", live=("--window", 4))
        self.assertRegex(err, r"warning: (\d+) images did not come: gaps\nwarning: \1 of these came too late\n")

    def test_a_long_series_has_a_map_of_cells(self):
        self.vitrum(*SYNTH, "-o", "v.h5")
        self.xpcs("x.h5")
        self.through("cells.h5", live=("--cells", 96))
        with h5py.File(self.path("cells.h5")) as a, h5py.File(self.path("x.h5")) as b:
            np.testing.assert_array_equal(a["entry/g2/g2"][:], b["entry/g2_pixel/g2"][:])
            c, whole = a[MAP.format(1)][:], b[MAP.format(1)][:].astype(float)
            self.assertEqual(c.shape, (63, 63))  # of 8 frames, the last of 4
            self.assertEqual(a["/entry/twotime/bin_1/cell_frames"][()], 8)
            edges = np.arange(0, 500, 8)
            rows = np.add.reduceat(np.add.reduceat(whole, edges, axis=0), edges, axis=1)
            counts = np.diff(np.append(edges, 500))
            np.testing.assert_allclose(c, rows / np.outer(counts, counts), atol=3e-6)
            np.testing.assert_allclose(a["/entry/twotime/bin_1/t1_s"][:2], [3.5, 11.5])
        self.refused("--window 5: shorter than a cell of the map, 8 s", "age", "cells.h5", "--window", 5, "-o", "aged.h5", code=2)
        self.vitrum("age", "cells.h5", "--window", 167, "--models", "kww", "-o", "aged.h5", "--quiet")
        with h5py.File(self.path("aged.h5")) as file:
            self.assertEqual(file["/entry/window/lag_s"][0], 8)
            np.testing.assert_array_equal(file["/entry/window/age_last_s"][:], [160, 320, 480])
            with h5py.File(self.path("cells.h5")) as before:  # the curves of all frames are the same ones
                np.testing.assert_array_equal(file["/entry/fit/kww/tau_s"][:], before["/entry/fit/kww/tau_s"][:])
                np.testing.assert_array_equal(file["/entry/g2/lag_s"][:], before["/entry/g2/lag_s"][:])
            with h5py.File(self.path("x.h5")) as x:
                np.testing.assert_allclose(file["/entry/fit/kww/tau_s"][:], x["/entry/fit_pixel/kww/tau_s"][:], rtol=1e-5)
        # of the file with which rows of the map are as far apart as it says, and of a map that cannot be put beside others
        self.vitrum("export", "cells.h5", "--format", "8id", "-o", "aps.hdf", "--quiet")
        with h5py.File(self.path("aps.hdf")) as file:
            self.assertEqual([file[f"xpcs/{kind}/config/avg_frame"][()] for kind in ("multitau", "twotime")], [1, 8])
        self.refused("cells.h5:/entry/twotime/bin_1: cells of 8 frames, expected cells of one frame, as vitrum live makes them of series no "
                     "longer than --cells and vitrum xpcs of all", "stitch", "x.h5", "cells.h5", "--starts", "0,500", "-o", "s.h5")

    def test_ages_of_a_map_of_cells(self):
        """Relaxation times of its windows, where each element is a mean over the lags of the frames of two cells."""
        self.write_h5("v.h5", poisson_frames(frames=800))
        self.vitrum("live", "v.h5", "--frame-time", 0.5, "--frames", 800, "--cells", 96, "--models", "kww", "-o", "live.h5", "--quiet")
        tau, exponent, cell = 15, 0.7, 16
        t = 0.5 * np.arange(800)
        frames = np.exp(-2 * (np.abs(t[:, None] - t) / tau) ** exponent)
        c = 1 + 0.2 * frames.reshape(50, cell, 50, cell).mean(axis=(1, 3))
        noise = np.random.default_rng(3).normal(0, 2e-4, c.shape)
        with h5py.File(self.path("live.h5"), "a") as file:
            self.assertEqual(file["/entry/twotime/bin_1/cell_frames"][()], cell)
            file[MAP.format(1)][...] = c + noise + noise.T
        self.vitrum("age", "live.h5", "--window", 200, "--models", "kww", "-o", "aged.h5", "--quiet")
        with h5py.File(self.path("aged.h5")) as file:
            fit = file["/entry/window/fit/kww"]
            np.testing.assert_allclose(fit["tau_s"][:], [[tau, tau]], rtol=0.01)
            np.testing.assert_allclose(fit["kww_exponent"][:], [[exponent, exponent]], rtol=0.01)
            np.testing.assert_allclose(fit["contrast"][:], [[0.2, 0.2]], rtol=0.01)

    def test_events_of_a_map_of_cells(self):
        """A sudden event and a jump of the beam, where each row of the map stands for four frames."""
        self.vitrum("synth", "xpcs", "--frames", 1200, "--height", 40, "--width", 40, "--tau", 200, "--q-power", 0, "--q-bins", 1,
                    "--exponent", 1, "--contrast", 0.9, "--seed", 5, "--counts", 10, "--events", "800:0.4", "--quiet", "-o", "v.h5")
        with h5py.File(self.path("v.h5")) as file:
            found = []
            file.visititems(lambda name, item: found.append(item[...]) if isinstance(item, h5py.Dataset) and item.ndim == 3 else None)
        table = {}
        for name, low in (("event", 1.0), ("beam", 0.7)):
            keep = np.where(np.arange(1200) < 800, low, 1.0)[:, None, None]
            self.write_h5("s.h5", np.random.default_rng(3).binomial(found[0].astype(int), keep).astype(np.uint16))
            self.vitrum("live", "s.h5", "--frame-time", 0.5, "--frames", 1200, "--cells", 384, "--models", "exp", "-o", f"{name}.h5", "--quiet")
            with h5py.File(self.path(f"{name}.h5")) as file:
                self.assertEqual(file["/entry/twotime/bin_1/cell_frames"][()], 4)
            self.vitrum("age", f"{name}.h5", "--window", 150, "--models", "exp", "-o", f"{name}_aged.h5", "--quiet")
            with h5py.File(self.path(f"{name}_aged.h5")) as file:
                table[name] = {group: (file[f"entry/{group}/time_s"][:].tolist(), file[f"entry/{group}/intensity_ratio"][:])
                               for group in ("event", "disturbance") if group in file["entry"]}
        self.assertEqual(list(table["event"]), ["event"])
        self.assertEqual(table["event"]["event"][0], [400])  # the start of frame 800
        np.testing.assert_allclose(table["event"]["event"][1], 1, atol=0.1)
        self.assertEqual(list(table["beam"]), ["disturbance"])
        self.assertEqual(table["beam"]["disturbance"][0], [400])
        np.testing.assert_allclose(table["beam"]["disturbance"][1], 1 / 0.7, rtol=0.1)

    def grow(self, write, name):
        """Frames that come block by block; the result that follows them."""
        frames = poisson_frames(frames=120, height=12, width=14, mean=3)
        write(frames[:30])
        run = self.start("live", name, "--frame-time", 2, "--frames", 120, "--update", 0.2, "--models", "kww", "-o", "live.h5", "--quiet")
        deadline = time.time() + 30
        while not self.path("live.h5").exists() and time.time() < deadline:
            time.sleep(0.05)
        with h5py.File(self.path("live.h5")) as file:
            self.assertEqual(file["/entry/live/state"][()], b"running")
            self.assertEqual(file["/entry/series/frames"][()], 30)
        for first in range(30, 120, 30):
            write(frames[first:first + 30])
            time.sleep(0.2)
        out, _ = self.end(run)
        self.assertIn("120 frames, no gaps; the series has ended\n", out)
        whole = self.write_h5("whole.h5", frames)
        self.vitrum("xpcs", whole, "--frame-time", 2, "--models", "kww", "--pixel-g2", "symmetric-bin", "-o", "x.h5", "--quiet")
        with h5py.File(self.path("live.h5")) as a, h5py.File(self.path("x.h5")) as b:
            np.testing.assert_array_equal(a["entry/g2/g2"][:], b["entry/g2_pixel/g2"][:])
            np.testing.assert_allclose(a[MAP.format(1)][:], b[MAP.format(1)][:], atol=3e-6)
            self.assertEqual(a["/entry/process/inputs"][0].decode(), name)

    def test_a_growing_file(self):
        def write(block):
            with h5py.File(self.path("grow.h5"), "a") as file:
                if "data" not in file:
                    file.create_dataset("data", data=block, maxshape=(None, *block.shape[1:]), chunks=(1, *block.shape[1:]))
                else:
                    data = file["data"]
                    data.resize(len(data) + len(block), axis=0)
                    data[-len(block):] = block
        self.grow(write, "grow.h5")

    def test_a_file_made_long_first(self):
        """Frames whose chunks were never written have not come: read as stored, and through the library of HDF5."""
        for kind in ("<u2", ">u2"):
            count = [0]

            def write(block):
                with h5py.File(self.path("long.h5"), "a") as file:
                    data = file.require_dataset("data", (150, *block.shape[1:]), kind, chunks=(1, *block.shape[1:]))
                    data[count[0]:count[0] + len(block)] = block
                    count[0] += len(block)
            self.grow(write, "long.h5")
            for name in ("long.h5", "live.h5", "x.h5", "whole.h5"):
                self.path(name).unlink()
            self.assertEqual(count[0], 120)
        write(poisson_frames(frames=30))
        out, err = self.end(self.start("live", "long.h5", "--frame-time", 1, "--idle", 0.5, "--models", "exp", "-o", "live.h5", "--quiet"), code=1)
        self.assertIn("no frame could be read; the last attempt to read more: long.h5:/data: frame 0: has not been written\n", err)

    def test_a_file_that_its_writer_keeps_open(self):
        files = []

        def write(block):
            if not files:
                files.append(h5py.File(self.path("swmr.h5"), "w", libver="latest"))
                self.addCleanup(files[0].close)
                files[0].create_dataset("data", data=block, maxshape=(None, *block.shape[1:]), chunks=(1, *block.shape[1:]))
                files[0].swmr_mode = True
            else:
                data = files[0]["data"]
                data.resize(len(data) + len(block), axis=0)
                data[-len(block):] = block
                data.flush()
        self.grow(write, "swmr.h5")
        # no other command reads what may be half written
        done = self.vitrum("info", "swmr.h5", code=1)
        self.assertIn("vitrum: swmr.h5: unreadable HDF5 (", done.stderr)

    def test_a_growing_folder(self):
        """Single TIFF frames, uncompressed, written as plainly as the format allows."""
        os.mkdir(self.path("frames"))
        count = [0]

        def write(block):
            for frame in block:
                data = frame.astype("<u2").tobytes()
                height, width = frame.shape
                tags = [(256, 4, width), (257, 4, height), (258, 3, 16), (259, 3, 1), (262, 3, 1), (273, 4, 8), (277, 3, 1),
                        (278, 4, height), (279, 4, len(data)), (339, 3, 1)]
                text = b"II*\0" + (8 + len(data)).to_bytes(4, "little") + data + len(tags).to_bytes(2, "little")
                for tag, kind, value in tags:
                    text += tag.to_bytes(2, "little") + kind.to_bytes(2, "little") + (1).to_bytes(4, "little") + value.to_bytes(4, "little")
                self.path("part.bin").write_bytes(text + bytes(4))
                os.replace(self.path("part.bin"), self.path("frames") / f"frame_{count[0]:05d}.tif")
                count[0] += 1
        self.grow(write, "frames")

    def test_ends(self):
        """Without new frames, and by Ctrl-C: what has come is kept."""
        self.write_h5("v.h5", poisson_frames(frames=50))
        out = self.vitrum("live", "v.h5", "--frame-time", 1, "--idle", 0.5, "--models", "exp", "-o", "idle.h5", "--quiet").stdout
        self.assertTrue(out.startswith("50 frames, no gaps; no frame came for 0.5 s\n"), out)
        run = self.start("live", "v.h5", "--frame-time", 1, "--models", "exp", "--update", 0.2, "-o", "stopped.h5", "--quiet")
        deadline = time.time() + 30
        while not self.path("stopped.h5").exists() and time.time() < deadline:
            time.sleep(0.05)
        run.send_signal(signal.SIGINT)
        out, _ = self.end(run)
        self.assertTrue(out.startswith("50 frames, no gaps; stopped\n"), out)
        with h5py.File(self.path("stopped.h5")) as file:
            self.assertEqual(file["/entry/live/state"][()], b"stopped")


if __name__ == "__main__":
    vitrum_cli.main()
