"""Series over several files, and what goes wrong with them: masters, damage, marks in place of counts, times."""
import h5py
import numpy as np

import vitrum_cli
from vitrum_cli import CliTest, poisson_frames

OUT = ["--models", "kww", "-o", "out.h5"]
TIME = ["--frame-time", "1"]


class Damage(CliTest):
    def master(self, name, frames, dtype=np.uint16, **facts):
        """A master as at P10: an external link to each data file of half the frames."""
        half = len(frames) // 2
        with h5py.File(self.path(f"{name}_master.h5"), "w") as file:
            for k in range(2):
                data = f"{name}_data_{k + 1:06d}.h5"
                with h5py.File(self.path(data), "w") as part:
                    part.create_dataset("entry/data/data", data=frames[half * k:half * (k + 1)].astype(dtype),
                                        chunks=(1, *frames.shape[1:]), compression="gzip")
                file[f"entry/data/data_{k + 1:06d}"] = h5py.ExternalLink(data, "/entry/data/data")
            detector = file.create_group("entry/instrument/detector")
            detector["description"] = "Dectris Eiger X 4M"
            for fact, value in dict(frame_time=0.5, count_time=0.4, **facts).items():
                detector[fact] = value
        return f"{name}_master.h5"

    def bliss(self, frames):
        """A master as of BLISS: a virtual dataset over the files of the detector."""
        half = len(frames) // 2
        layout = h5py.VirtualLayout(frames.shape, frames.dtype)
        for k in range(2):
            with h5py.File(self.path(f"eiger4m_{k:04d}.h5"), "w") as part:
                part["entry_0000/measurement/data"] = frames[half * k:half * (k + 1)]
            layout[half * k:half * (k + 1)] = h5py.VirtualSource(f"eiger4m_{k:04d}.h5", "entry_0000/measurement/data",
                                                                 (half, *frames.shape[1:]))
        with h5py.File(self.path("scan.h5"), "w") as file:
            file.create_virtual_dataset("1.1/measurement/eiger4m", layout)
        return "scan.h5"

    def damaged(self):
        """Frame 17 cannot be decoded."""
        with h5py.File(self.path("chunk.h5"), "w") as file:
            data = file.create_dataset("data", data=poisson_frames(), chunks=(1, 8, 10), compression="gzip")
            place = data.id.get_chunk_info_by_coord((17, 0, 0)).byte_offset
        content = bytearray(self.path("chunk.h5").read_bytes())
        content[place + 4:place + 12] = b"\xff" * 8
        self.path("chunk.h5").write_bytes(content)

    def xpcs(self, *args):
        self.vitrum("xpcs", *args, "--quiet", *OUT, "--overwrite")
        with h5py.File(self.path("out.h5")) as file:
            process = file["entry/process"]
            return {"inputs": list(process["inputs"].asstr()[()]), "checksums": list(process["input_checksums"].asstr()[()]),
                    "corrections": list(process["corrections"].asstr()[()]), "g2": file["entry/g2/g2"][()],
                    "frame_time_s": file["entry/series/frame_time_s"][()], "frames": file["entry/series/frames"][()]}

    def test_masters(self):
        frames = poisson_frames()
        expected = self.xpcs(self.write_h5("plain.h5", frames), *TIME)
        p10 = self.xpcs(self.master("p10", frames))
        self.assertEqual(p10["frame_time_s"], 0.5)
        self.assertEqual(p10["inputs"], ["p10_master.h5", "p10_data_000001.h5", "p10_data_000002.h5"])
        self.assertEqual(len(set(p10["checksums"])), 3)
        bliss = self.xpcs(self.bliss(frames), *TIME)
        self.assertEqual(bliss["inputs"], ["scan.h5", "eiger4m_0000.h5", "eiger4m_0001.h5"])
        for found in (p10, bliss):
            self.assertEqual(found["frames"], 40)
            self.assertEqual(found["g2"].tobytes(), expected["g2"].tobytes())

    def test_data_file_changed_between_parts(self):
        frames = poisson_frames()
        job = ["xpcs", self.master("p10", frames), "--models", "kww", "--quiet"]
        self.vitrum(*job, "--shard", "1/2", "-o", "part_1.h5")
        frames[30, 2, 2] += 1
        self.master("p10", frames)
        self.vitrum(*job, "--shard", "2/2", "-o", "part_2.h5")
        done = self.vitrum("merge", "part_1.h5", "part_2.h5", "-o", "out.h5", "--quiet", code=1)
        self.assertRegex(done.stderr, r"^vitrum: part_2.h5: made from another p10_data_000002.h5 \(\d+ bytes, sha256:")

    def test_data_file_cut_short(self):
        name = self.master("p10", poisson_frames())
        path = self.path("p10_data_000002.h5")
        whole = path.read_bytes()
        path.write_bytes(whole[:5000])
        self.refused(f"p10_data_000002.h5: unreadable HDF5 (truncated file: eof = 5000, sblock->base_addr = 0, stored_eof = "
                     f"{len(whole)}), expected an HDF5 file", "xpcs", name, *OUT)
        path.unlink()
        self.refused("p10_master.h5:/entry/data/data_000002: the data file p10_data_000002.h5 is missing", "xpcs", name, *OUT)

    def test_damaged_chunk_is_named_by_its_frame(self):
        self.damaged()
        self.refused("chunk.h5:/data: frame 17: deflate gives 0 bytes (data error), expected 160", "xpcs", "chunk.h5", *TIME,
                     *OUT)
        self.vitrum("xpcs", "chunk.h5", *TIME, "--frames", ":17", "--quiet", *OUT)

    def test_marks_are_no_counts(self):
        clean = poisson_frames()
        mask = np.ones((8, 10), np.uint8)
        mask[2, 3] = mask[1, 1] = 0
        self.write_npy("mask.npy", mask)
        expected = self.xpcs(self.write_h5("clean.h5", clean), *TIME, "--mask", "mask.npy")
        for dtype, mark, words in ((np.uint16, 65535, "65535, the largest value of their type,"),
                                   (np.uint32, 2**32 - 1, "4294967295, the largest value of their type,"),
                                   (np.int32, -1, "-1 or -2")):
            with self.subTest(dtype):
                frames = clean.astype(dtype)
                frames[5, 2, 3] = mark
                frames[:, 1, 1] = mark
                found = self.xpcs(self.write_h5("marked.h5", frames), *TIME)
                self.assertIn(f"2 pixels that hold {words} in some or all frames left out: no counts", found["corrections"])
                self.assertEqual(found["g2"].tobytes(), expected["g2"].tobytes())
        self.refused("marked.h5::/entry/data/data: no pixel holds valid values", "xpcs",
                     self.write_h5("marked.h5", np.full((10, 8, 10), 65535, np.uint16)), *TIME, *OUT, "--overwrite")

    def test_times_that_go_back(self):
        self.write_h5("times.h5", poisson_frames())
        with h5py.File(self.path("times.h5"), "r+") as file:
            times = np.arange(40) * 0.5
            times[20] = 3
            file["entry/data/time"] = times
            file["entry/data/time"].attrs["units"] = "s"
        done = self.vitrum("xpcs", "times.h5", "--quiet", *OUT, code=2)
        self.assertEqual(done.stderr, "vitrum: times.h5::/entry/data/data: the file does not say the time from frame to frame; "
                                      "give --frame-time SECONDS\n")
        done = self.vitrum("xpcs", "times.h5", *TIME, "--quiet", *OUT)
        self.assertIn("warning: the times /entry/data/time do not grow: not used\n", done.stderr)

    def test_nonsense_is_refused_before_frames_are_read(self):
        self.damaged()
        done = self.vitrum("xpcs", "chunk.h5", *TIME, "--q-bins", "3", "--quiet", *OUT, code=2)
        self.assertIn("rings need a geometry", done.stderr)

    def test_dry_run_looks_at_some_frames(self):
        self.write_npy("long.npy", poisson_frames(frames=2000))
        text = self.vitrum("xpcs", "long.npy", *TIME, "--dry-run", *OUT).stdout
        self.assertIn("2000 frames of 8 x 10", text)
        self.assertIn("estimated from 286 frames, evenly spread\n", text)
        text = self.vitrum("xpcs", "long.npy", *TIME, "--frames", ":500", "--dry-run", *OUT).stdout
        self.assertNotIn("estimated", text)


if __name__ == "__main__":
    vitrum_cli.main()
