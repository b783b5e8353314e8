"""What goes wrong while a series is followed: lost, late, damaged and strange messages, bad files and flags."""
import json
import os
import signal
import time

import h5py
import numpy as np
import zmq

import vitrum_cli
from vitrum_cli import poisson_frames
from vitrum_live import MAP, Detector, LiveTest, free_address, receive


class Refusals(LiveTest):
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
        self.refused("--drop x: expected whole numbers", "replay", "v.h5", "--to", "tcp://127.0.0.1:1", "--drop", "x", code=2)
        self.refused("--frame-time -1: expected a positive number of seconds", "replay", "v.h5", "--to", "tcp://127.0.0.1:1", "--frame-time", -1, code=2)
        self.refused("--window -1: expected 0 or more images", "live", "v.h5", "--window", -1, "-o", "r.h5", code=2)
        self.refused("--channel a: v.h5 is a file or folder, only streams have channels", "live", "v.h5", "--channel", "a", "-o", "r.h5", code=2)
        self.refused("--raw-shape: tcp://127.0.0.1:1 is a stream, which no reader reads", "live", "tcp://127.0.0.1:1", "--raw-shape", "1,2,3",
                     "-o", "r.h5", code=2)
        self.refused("--cells 5: expected 96 to 16384", "live", "v.h5", "--cells", 5, "-o", "r.h5", code=2)
        self.refused("name the file to write: -o FILE", "live", "v.h5", code=2)

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


class WhatGoesWrong(LiveTest):
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

        # without the message that lists them
        detector = Detector(self)
        run = self.start("live", detector.address, "--channel", "threshold_2", *self.LIVE)
        detector.image(0, poisson_frames()[0])
        _, err = self.end(run, code=2)
        self.assertEqual(err, "vitrum: --channel threshold_2: a stream in V1 has none\n")

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

    def test_files_that_cannot_be_followed(self):
        for data, words in ((np.full((30, 8, 10), np.nan), "s.h5::/entry/data/data: no pixel of the first frame holds data"),
                            (np.zeros((0, 8, 10)), "s.h5: no frame in 0.3 s; the last attempt to read it: s.h5:/entry/data/data: 3-D [0, 8, 10] float64, "
                             "expected at least one frame and one pixel"),
                            (np.zeros((3, 8, 10), complex), "s.h5: no frame in 0.3 s; the last attempt to read it: s.h5: 1 datasets, none of numbers with "
                             "two or three dimensions: /entry/data/data (complex or compound values), expected frames [frame, y, x]")):
            self.write_h5("s.h5", data)
            self.refused(words, "live", "s.h5", "--frame-time", 1, "--frames", 30, "--wait", 0.3, "-o", "r.h5")
        self.write_h5("v.h5", poisson_frames(frames=30))
        whole = self.path("v.h5").read_bytes()
        self.path("s.h5").write_bytes(whole[:4000])
        self.refused("s.h5: no frame in 0.3 s; the last attempt to read it: s.h5: unreadable HDF5 (truncated file: eof = 4000, sblock->base_addr = 0, "
                     f"stored_eof = {len(whole)}), expected an HDF5 file", "live", "s.h5", "--frame-time", 1, "--wait", 0.3, "-o", "r.h5")
        self.write_npy("m.npy", np.ones((5, 6)))
        self.refused("m.npy: mask of 5 x 6 pixels, expected 8 x 10 as in v.h5::/entry/data/data", "live", "v.h5", "--frame-time", 1, "--mask", "m.npy",
                     "-o", "r.h5")

    def test_frames_without_speckle(self):
        """As vitrum xpcs takes them: what holds nothing to correlate is refused, frames of zeros are gaps in C."""
        frames = poisson_frames(frames=30)
        frames[10:13] = 0
        flat = np.repeat(np.arange(1, 31, dtype=np.uint16), 80).reshape(30, 8, 10)
        for data, words in ((np.zeros_like(frames), "all 30 frames are zero"),
                            (np.repeat(frames[:1], 30, axis=0), "bin 1 holds the same picture in all 30 frames, expected speckle that fluctuates"),
                            (flat, "bin 1 holds one value in all of its 80 pixels, frame by frame, expected speckle"),
                            (frames[:1], "1 frame with data came, need at least 2 to correlate")):
            self.write_h5("s.h5", data)
            self.refused(f"s.h5: {words}", "live", "s.h5", "--frame-time", 1, "--frames", len(data), "-o", "r.h5")
        self.write_h5("v.h5", frames)
        done = self.vitrum("live", "v.h5", "--frame-time", 1, "--frames", 30, *self.LIVE)
        self.assertEqual(done.stderr, "warning: bin 1: 3 frames are gaps in C (the mean of the bin is 0, the first is frame 10)\n")
        self.vitrum("xpcs", "v.h5", "--frame-time", 1, "--models", "exp", "--pixel-g2", "symmetric-bin", "-o", "x.h5", "--quiet")
        self.same_curves()

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

    def test_times_of_replayed_images(self):
        self.write_h5("v.h5", poisson_frames(frames=4))
        address = free_address()
        run = self.start("replay", "v.h5", "--to", address, "--protocol", "v1", "--frame-time", 0.25, "--quiet")
        messages = receive(self, address, 6)
        self.end(run)
        self.assertEqual(json.loads(messages[0][1])["frame_time"], 0.25)
        for number, parts in enumerate(messages[1:5]):
            times = json.loads(parts[3])
            self.assertEqual((times["start_time"], times["real_time"]), (number * 250000000, 250000000))

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
