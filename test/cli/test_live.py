"""Series that are followed while they are measured: streams, growing files, folders."""
import json
import os
import signal
import socket
import subprocess
import time
import unittest

import h5py
import numpy as np

try:
    import zmq
except ImportError:
    zmq = None

import vitrum_cli
from vitrum_cli import VITRUM, CliTest, poisson_frames

MAP = "/entry/twotime/bin_{}/two_time_corr_func"
SYNTH = ["synth", "xpcs", "--frames", "500", "--height", "48", "--width", "48", "--tau", "20", "--q-bins", "2", "--seed", "3",
         "--counts", "1", "--quiet"]


def free_address():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"tcp://127.0.0.1:{probe.getsockname()[1]}"


class Live(CliTest):
    def start(self, *args):
        run = subprocess.Popen([VITRUM, *(str(a) for a in args)], cwd=self.folder.name, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
        self.addCleanup(run.wait)
        self.addCleanup(run.kill)
        return run

    def end(self, run, code=0):
        out, err = run.communicate(timeout=60)
        self.assertEqual(run.returncode, code, f"{out}\n{err}")
        return out, err

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
        self.assertGreater(scalars["bin/1/fit/kww/tau_s"]["value"], 0)
        with h5py.File(self.path(name)) as file, h5py.File(self.path("x.h5")) as x:
            self.assertEqual(file["/entry/live/state"][()], b"ended")
            for fact in x["entry/geometry"]:
                self.assertEqual(file["entry/geometry"][fact][()], x["entry/geometry"][fact][()], fact)
        self.vitrum("report", name, "-o", "page", "--quiet")
        self.vitrum("show", name, "--figure", "two-time", "-o", "map.png", "--quiet")

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
        self.vitrum("age", "cells.h5", "--window", 160, "--models", "kww", "-o", "aged.h5", "--quiet")
        with h5py.File(self.path("aged.h5")) as file:
            self.assertEqual(file["/entry/window/lag_s"][0], 8)
            np.testing.assert_array_equal(file["/entry/window/age_last_s"][:], [160, 320, 480])
            with h5py.File(self.path("cells.h5")) as before:  # the curves of all frames are the same ones
                np.testing.assert_array_equal(file["/entry/fit/kww/tau_s"][:], before["/entry/fit/kww/tau_s"][:])
                np.testing.assert_array_equal(file["/entry/g2/lag_s"][:], before["/entry/g2/lag_s"][:])
        self.assertGreater(self.scalars("aged.h5")["scalars"]["bin/1/fit/kww/tau_s"]["value"], 5)

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

    def test_nobody_sends_and_nobody_takes(self):
        address = free_address()
        self.refused(f"{address}: no message in 0.3 s: is this the address of the detector, and is it sending?",
                     "live", address, "--wait", 0.3, "-o", "r.h5")
        self.write_h5("v.h5", poisson_frames())
        self.refused(f"{address}: no receiver connected in 0.3 s", "replay", "v.h5", "--to", address, "--wait", 0.3)
        self.refused("missing.h5: no frame in 0.3 s; the last attempt to read it: missing.h5: cannot be opened (No such file or directory)",
                     "live", "missing.h5", "--wait", 0.3, "-o", "r.h5")

    def test_refusals(self):
        self.write_h5("v.h5", poisson_frames())
        self.refused("host:1: no frame in 0.3 s; the last attempt to read it: host:1: cannot be opened (No such file or directory)",
                     "live", "host:1", "--wait", 0.3, "-o", "r.h5")
        self.refused("tcp://host: is no address of a stream, expected tcp://HOST:PORT", "live", "tcp://host", "-o", "r.h5", code=2)
        self.refused("name where to offer the stream: --to tcp://127.0.0.1:31001", "replay", "v.h5", code=2)
        self.refused("--protocol v3: expected v1 or v2", "replay", "v.h5", "--to", "tcp://127.0.0.1:1", "--protocol", "v3", code=2)
        self.refused("--compression zip: expected bslz4, lz4 or none", "replay", "v.h5", "--to", "tcp://127.0.0.1:1", "--compression", "zip",
                     code=2)
        self.refused("--cells 5: expected 96 to 16384", "live", "v.h5", "--cells", 5, "-o", "r.h5", code=2)
        self.refused("name the file to write: -o FILE", "live", "v.h5", code=2)

    @unittest.skipIf(zmq is None, "python3-zmq is not there")
    def test_something_else_sends(self):
        """What is no detector's stream is refused; what goes wrong on the way is counted."""
        address = free_address()
        with zmq.Context() as context, context.socket(zmq.PUSH) as push:
            push.bind(address)
            run = self.start("live", address, "--wait", 10, "-o", "r.h5", "--quiet")
            push.send(b"hello")
            _, err = self.end(run, code=1)
            self.assertEqual(err, f"vitrum: {address}:first message: 1 parts that begin with the bytes 68 65 6C 6C 6F, expected DECTRIS V1 "
                                  "(JSON, several parts) or V2 (a CBOR map, one part)\n")
            run = self.start("live", address, "--wait", 10, "--frame-time", 1, "--models", "exp", "-o", "r.h5", "--quiet")
            frames = poisson_frames(frames=30)
            for number, frame in enumerate(frames):
                data = b"" if number == 4 else frame.tobytes()
                push.send_multipart([b'{"htype":"dimage-1.0","series":5,"frame":%d}' % number,
                                     b'{"htype":"dimage_d-1.0","shape":[10,8],"type":"uint16","encoding":"<","size":160}', data, b"{}"])
                if number == 9:
                    push.send_multipart([b"{oh", b"no"])
            push.send(b'{"htype":"dseries_end-1.0","series":5}')
            out, err = self.end(run)
            self.assertIn("30 frames, 1 gap; the series has ended\n", out)
            self.assertIn(f"warning: 1 messages were not understood, the first: {address}:message: no JSON, expected a JSON object\n", err)
            self.assertIn("warning: gap: frame 4: 0 bytes, expected 160\n", err)
            self.assertIn("warning: the start message was missed: the series begins with image 0, and nothing but its size is known\n", err)


class Detector:
    """Messages in V1, one by one, as no replay would send them."""

    def __init__(self, test, series=5):
        self.address, self.series = free_address(), series
        context = zmq.Context()
        test.addCleanup(context.destroy, linger=0)
        self.push = context.socket(zmq.PUSH)
        self.push.bind(self.address)

    def start(self, **config):
        head = {"htype": "dheader-1.0", "series": self.series, "header_detail": "basic"}
        self.push.send_multipart([json.dumps(part).encode() for part in (head, {"frame_time": 0.5, **config})])

    def image(self, number, frame, series=None, kind="uint16"):
        shape = list(frame.shape[::-1])
        self.push.send_multipart([json.dumps(part).encode() if isinstance(part, dict) else part for part in (
            {"htype": "dimage-1.0", "series": series or self.series, "frame": number},
            {"htype": "dimage_d-1.0", "shape": shape, "type": kind, "encoding": "<", "size": frame.nbytes}, frame.tobytes(), {})])

    def end(self):
        self.push.send(json.dumps({"htype": "dseries_end-1.0", "series": self.series}).encode())


@unittest.skipIf(zmq is None, "python3-zmq is not there")
class WhatGoesWrong(Live):
    LIVE = ("--models", "exp", "--update", "0.2", "-o", "live.h5", "--quiet")

    def state(self):
        """State and frames of the result as it is now."""
        try:
            with h5py.File(self.path("live.h5")) as file:
                return file["/entry/live/state"][()].decode(), int(file["/entry/series/frames"][()])
        except FileNotFoundError:
            return "", 0

    def until(self, done, each=lambda: None):
        deadline = time.time() + 30
        while not done():
            self.assertLess(time.time(), deadline)
            each()
            time.sleep(0.05)

    def same_curves(self, live="live.h5", xpcs="x.h5"):
        with h5py.File(self.path(live)) as a, h5py.File(self.path(xpcs)) as b:
            for name in ("g2", "pairs", "lag_s"):
                np.testing.assert_array_equal(a["entry/g2"][name][:], b["entry/g2_pixel"][name][:], err_msg=name)
            np.testing.assert_allclose(a[MAP.format(1)][:], b[MAP.format(1)][:], atol=3e-6, equal_nan=True)
            np.testing.assert_array_equal(a["/entry/bins/npixels"][:], b["/entry/bins/npixels"][:])
            return [note.decode() for note in a["/entry/process/corrections"][:]]

    def test_the_first_image_is_lost_or_late(self):
        frames = poisson_frames(frames=60, height=12, width=14, mean=3)
        frames[:, 3, 4] = 65535
        self.write_h5("v.h5", frames)
        for name, replay, bad in (("late", ("--disorder", 20), ()), ("lost", ("--drop", "0:3"), ("--bad-frames", "0:3")),
                                  ("both", ("--drop", 0, "--disorder", 7), ("--bad-frames", 0))):
            self.vitrum("xpcs", "v.h5", "--frame-time", 1, "--models", "exp", "--pixel-g2", "symmetric-bin", *bad, "-o", f"x_{name}.h5", "--quiet")
            address = free_address()
            run = self.start("live", address, "--frame-time", 1, "--models", "exp", "-o", f"{name}.h5", "--quiet")
            self.vitrum("replay", "v.h5", "--to", address, "--rate", 60, *replay, "--quiet")
            out, _ = self.end(run)
            gaps = {"late": "no gaps", "lost": "3 gaps", "both": "1 gap"}[name]
            self.assertTrue(out.startswith(f"60 frames, {gaps}; the series has ended\n"), out)
            notes = self.same_curves(f"{name}.h5", f"x_{name}.h5")
            self.assertIn("1 pixels that the detector marks as without data in the first frame left out", notes)

    def test_a_missing_image_is_not_waited_for_for_ever(self):
        """Images come one by one, so that the window would be full after minutes; the first and the seventh are lost."""
        detector = Detector(self)
        run = self.start("live", detector.address, "--wait", 1.5, "--idle", 1, "--window", 10000, *self.LIVE)
        frames = poisson_frames(frames=1000)
        detector.start()
        numbers = iter([n for n in range(1, 1000) if n != 7])
        self.until(lambda: self.state()[1] > 9, lambda: detector.image(n := next(numbers), frames[n]))
        self.assertEqual(self.state()[0], "running")
        detector.end()
        out, err = self.end(run)
        self.assertRegex(out, r"^\d+ frames, 2 gaps; the series has ended\n")
        self.assertIn("warning: 2 images did not come: gaps\n", err)

    def test_what_waits_is_kept_at_the_end(self):
        frames = poisson_frames(frames=30)
        for ending, words in (("idle", "no frame came for 1 s"), ("stopped", "stopped")):
            detector = Detector(self)
            run = self.start("live", detector.address, *(("--idle", 1) if ending == "idle" else ()), *self.LIVE, "--overwrite")
            detector.start(nimages=50)
            for number in (n for n in range(30) if n != 10):
                detector.image(number, frames[number])
            if ending == "stopped":
                self.until(lambda: self.state() == ("running", 10))
                run.send_signal(signal.SIGINT)
            out, err = self.end(run)
            self.assertTrue(out.startswith(f"30 frames, 1 gap; {words}\n"), out)
            self.assertEqual(err, "warning: 1 images did not come: gaps\n")
            self.assertEqual(self.state(), (ending, 30))
            self.path("live.h5").unlink()

    def test_a_series_that_fails_keeps_what_came(self):
        self.write_h5("v.h5", poisson_frames(frames=30))
        run = self.start("live", "v.h5", "--frame-time", 1, *self.LIVE)
        self.until(lambda: self.state() == ("running", 30))
        self.write_h5("new.h5", poisson_frames(frames=40, height=9))
        os.replace(self.path("new.h5"), self.path("v.h5"))
        _, err = self.end(run, code=1)
        self.assertEqual(err, "vitrum: v.h5: frames became 9 x 10 of uint16, they were 8 x 10 of uint16\n")
        self.assertEqual(self.state(), ("failed", 30))
        with h5py.File(self.path("live.h5")) as file:
            self.assertIn(b"the series could not be followed to its end: v.h5: frames became 9 x 10 of uint16, they were 8 x 10 of uint16",
                          list(file["/entry/process/warnings"][:]))

    def test_a_file_is_replaced_before_its_first_frame_is_read(self):
        frames = poisson_frames(frames=5)
        with h5py.File(self.path("v.h5"), "w") as file:
            data = file.create_dataset("data", shape=frames.shape, dtype="<u2", chunks=(1, 8, 10), compression="gzip")
            for number in range(5):
                data.id.write_direct_chunk((number, 0, 0), b"torn")
        run = self.start("live", "v.h5", "--frame-time", 1, *self.LIVE)
        time.sleep(2)
        self.write_h5("new.h5", poisson_frames(frames=400, height=90, width=100))
        os.replace(self.path("new.h5"), self.path("v.h5"))
        _, err = self.end(run, code=1)
        self.assertEqual(err, "vitrum: v.h5: frames became 90 x 100 of uint16, they were 8 x 10 of uint16\n")

    def test_channels_that_are_not_there(self):
        self.write_h5("v.h5", poisson_frames())
        for protocol, words in (("v1", "a stream in V1 has none"), ("v2", "the detector sends threshold_1")):
            address = free_address()
            run = self.start("live", address, "--channel", "threshold_2", *self.LIVE)
            self.start("replay", "v.h5", "--to", address, "--protocol", protocol, "--frame-time", 1)
            _, err = self.end(run, code=2)
            self.assertEqual(err, f"vitrum: --channel threshold_2: {words}\n")

    def test_images_that_are_not_understood(self):
        frame = poisson_frames()[0]
        for ended, words in ((False, "no image in 1 s after the start of the series"), (True, "the series ended without an image")):
            detector = Detector(self)
            run = self.start("live", detector.address, "--wait", 10 if ended else 1, *self.LIVE)
            detector.start()
            for number in range(3):
                detector.image(number, frame, kind="word")
            if ended:
                detector.end()
            _, err = self.end(run, code=1)
            self.assertEqual(err, f"vitrum: {detector.address}: {words}; 3 messages were not understood, the first: {detector.address}:"
                                  "dimage_d, type: 'word', expected a number type such as uint16\n")

    def test_an_image_of_another_series_comes_first(self):
        detector = Detector(self)
        run = self.start("live", detector.address, *self.LIVE)
        frames = poisson_frames(frames=20)
        detector.start()
        detector.image(0, poisson_frames(height=5, width=5)[0], series=4)
        for number, frame in enumerate(frames):
            detector.image(number, frame)
        detector.end()
        out, err = self.end(run)
        self.assertTrue(out.startswith("20 frames, no gaps; the series has ended\n"), out)
        self.assertEqual(err, "warning: 1 images of other series were left out\n")

    def test_so_many_frames_of_a_stream(self):
        detector = Detector(self)
        run = self.start("live", detector.address, "--frames", 12, *self.LIVE)
        detector.start(nimages=20)
        for number, frame in enumerate(poisson_frames(frames=20)):
            detector.image(number, frame)
        out, err = self.end(run)
        self.assertTrue(out.startswith("12 frames, no gaps; the series has ended\n"), out)
        self.assertEqual(err, "")

    def test_marked_pixels_of_a_file(self):
        """What is no count is left out as vitrum xpcs does it."""
        for kind, mark, words in ((np.uint16, 65535, "65535, the largest value of their type,"), (np.int32, -2, "-1 or -2"),
                                  (np.float32, np.nan, "")):
            frames = poisson_frames(frames=40).astype(kind)
            frames[:, 2, 3] = mark
            self.write_h5("v.h5", frames)
            self.vitrum("xpcs", "v.h5", "--frame-time", 1, "--models", "exp", "--pixel-g2", "symmetric-bin", "-o", "x.h5", "--quiet", "--overwrite")
            self.vitrum("live", "v.h5", "--frame-time", 1, "--frames", 40, *self.LIVE, "--overwrite")
            notes = self.same_curves()
            self.assertIn(f"1 pixels that hold {words} in the first frame left out: no counts" if words else
                          "1 pixels that the detector marks as without data in the first frame left out", notes)
            if words:  # later on it makes a gap
                frames[17, 5, 5] = mark
                self.write_h5("v.h5", frames)
                done = self.vitrum("live", "v.h5", "--frame-time", 1, "--frames", 40, *self.LIVE, "--overwrite")
                self.assertTrue(done.stdout.startswith("40 frames, 1 gap; the series has ended\n"), done.stdout)
                self.assertEqual(done.stderr, "warning: gap: frame 17: no data at y 5 x 5\n")


if __name__ == "__main__":
    vitrum_cli.main()
