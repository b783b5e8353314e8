"""One analysis shared out over the processes of mpirun, on this machine."""
import os
import pathlib
import signal
import subprocess
import time
import unittest

import h5py
import numpy as np

import vitrum_cli
from vitrum_cli import CliTest, VITRUM

MPIRUN = os.environ.get("VITRUM_MPIRUN", "")
ENVIRONMENT = dict(os.environ, OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1",
                   OMPI_MCA_rmaps_base_oversubscribe="1", OMPI_MCA_hwloc_base_binding_policy="none",
                   OMPI_MCA_btl_vader_single_copy_mechanism="none")
OUT = ["-o", "out.h5"]


def arrays(path):
    found = {}
    with h5py.File(path) as file:
        file.visititems(lambda name, item: found.__setitem__(name, item[()]) if isinstance(item, h5py.Dataset) else None)
    return {name: value for name, value in found.items() if not name.startswith("entry/process")}


def rank_process(folder, rank):
    """The process of a rank that works in this folder."""
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if os.readlink(entry / "cwd") == folder and \
                    f"OMPI_COMM_WORLD_RANK={rank}\0".encode() in (entry / "environ").read_bytes():
                return int(entry.name)
        except OSError:
            pass
    return None


@unittest.skipUnless(MPIRUN, "built without MPI")
class Ranks(CliTest):
    def setUp(self):
        super().setUp()
        self.vitrum("synth", "xpcs", "--frames", "2600", "--height", "20", "--width", "20", "--q-bins", "2", "--tau", "60",
                    "--gaps", "700:705", "-o", "v.h5", "--quiet")
        self.job = ["xpcs", "v.h5", "--partition", "v_qmap.h5", "--models", "kww"]

    def start(self, ranks, *args):
        words = [MPIRUN, "-n", ranks, VITRUM, *args]
        return subprocess.Popen([str(w) for w in words], cwd=self.folder.name, env=ENVIRONMENT, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    def ranks(self, ranks, *args, code=0):
        process = self.start(ranks, *args)
        stdout, stderr = process.communicate(timeout=300)
        self.assertEqual(process.returncode, code, f"{stdout}\n{stderr}")
        return stdout, stderr

    def told(self, stderr):
        return [line for line in stderr.splitlines() if line.startswith("vitrum: ")]

    def expect_same(self, expected, name):
        found = arrays(self.path(name))
        self.assertEqual(expected.keys(), found.keys())
        for key, value in expected.items():
            if np.asarray(value).dtype == object:
                self.assertTrue(np.all(value == found[key]), key)
            else:
                self.assertEqual(np.asarray(value).tobytes(), np.asarray(found[key]).tobytes(), key)

    def files(self):
        return sorted(os.listdir(self.folder.name))

    def test_same_bits(self):
        for flags in ([], ["--no-map", "--kernel", "float", "--max-lag", "900"]):
            done = self.vitrum(*self.job, *flags, "-o", "whole.h5", "--quiet", "--overwrite")
            expected = arrays(self.path("whole.h5"))
            for ranks, threads in ((2, 2), (4, 1)):
                with self.subTest(ranks=ranks, flags=flags):
                    stdout, _ = self.ranks(ranks, *self.job, *flags, *OUT, "--threads", threads, "--overwrite")
                    self.assertEqual(stdout, done.stdout.replace("whole.h5", "out.h5"))
                    self.expect_same(expected, "out.h5")
        self.assertEqual(self.files(), ["out.h5", "v.h5", "v_qmap.h5", "v_truth.h5", "whole.h5"])

    def test_refused_by_one_voice(self):
        before = self.files()
        for message, code, ranks, words in (
                ("nothing.h5: cannot be opened (No such file or directory)", 1, 2,
                 ["xpcs", "v.h5", "--partition", "nothing.h5", *OUT]),
                ("4 ranks: the two-time maps have 3 tiles; start at most as many ranks", 2, 4,
                 ["xpcs", "v.h5", "--frames", "0:100", *OUT]),
                ("--shard: cannot be combined with ranks, which share the work themselves", 2, 2,
                 [*self.job, "--shard", "1/2", *OUT]),
                ("v.h5: exists (use --overwrite to replace it)", 1, 2, ["xpcs", "v_truth.h5", "-o", "v.h5"])):
            with self.subTest(message):
                _, stderr = self.ranks(ranks, *words, "--quiet", code=code)
                self.assertEqual(self.told(stderr), ["vitrum: " + message])
        self.assertEqual(self.files(), before)

    def test_dry_run_and_other_commands(self):
        stdout, _ = self.ranks(2, *self.job, *OUT, "--dry-run")
        self.assertEqual(stdout.count("would write out.h5"), 1)
        _, stderr = self.ranks(2, "info", "v.h5", code=2)
        self.assertEqual(set(self.told(stderr)),
                         {"vitrum: info: runs in one process; xpcs is the command that several ranks can share"})

    def test_lost_rank(self):
        self.vitrum(*self.job, "-o", "whole.h5", "--quiet")
        job = [*self.job, *OUT, "--quiet"]
        process = self.start(4, *job, "--threads", "1", "--checkpoint-every", "0.001")
        checkpoint = self.path("out.h5.rank_3_of_4.checkpoint")
        while not checkpoint.exists() and process.poll() is None:
            time.sleep(0.001)
        os.kill(rank_process(os.path.realpath(self.folder.name), 2), signal.SIGKILL)
        _, stderr = process.communicate(timeout=300)
        self.assertNotEqual(process.returncode, 0)
        self.assertIn("process rank 2 with PID", stderr)
        self.assertIn("exited on signal 9 (Killed)", stderr)
        self.assertTrue(checkpoint.exists())
        self.assertFalse(self.path("out.h5").exists())
        left = [name for name in self.files() if name.startswith("out.h5.rank_")]
        _, stderr = self.ranks(4, *job, code=1)
        self.assertRegex(self.told(stderr)[0], r"^vitrum: out.h5.rank_\d_of_4\S*: a run on 4 ranks left this; go on with as "
                                               "many and --resume, or start anew with --overwrite$")
        _, stderr = self.ranks(3, *job, "--resume", code=1)
        self.assertRegex(self.told(stderr)[0], r"a run on 4 ranks left this")
        self.assertEqual([name for name in self.files() if name.startswith("out.h5.rank_")], left)
        self.ranks(4, *job, "--resume")
        self.expect_same(arrays(self.path("whole.h5")), "out.h5")
        self.assertEqual(self.files(), ["out.h5", "v.h5", "v_qmap.h5", "v_truth.h5", "whole.h5"])


if __name__ == "__main__":
    vitrum_cli.main()
