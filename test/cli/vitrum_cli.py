"""What the tests of the command line share: running vitrum in a folder of its own."""
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

import h5py
import numpy as np

VITRUM = os.environ["VITRUM"]
DATA = pathlib.Path(os.environ.get("VITRUM_SHARED_DATA", "/nonexistent"))


def poisson_frames(frames=40, height=8, width=10, mean=2.0, seed=1):
    return np.random.default_rng(seed).poisson(mean, (frames, height, width)).astype(np.uint16)


class CliTest(unittest.TestCase):
    """Each test runs in an empty temporary folder."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def path(self, name):
        return pathlib.Path(self.folder.name) / name

    def vitrum(self, *args, code=0):
        words = [str(a) for a in args]
        done = subprocess.run([VITRUM, *words], cwd=self.folder.name, capture_output=True, text=True)
        self.assertEqual(done.returncode, code, f"vitrum {' '.join(words)}\n{done.stdout}\n{done.stderr}")
        return done

    def refused(self, message, *args, code=1, leaves=()):
        """The command fails with exactly this message and leaves no file behind but `leaves`."""
        before = set(os.listdir(self.folder.name))
        done = self.vitrum(*args, "--quiet", code=code)
        lines = [line for line in done.stderr.splitlines() if not line.startswith("warning: ")]
        self.assertEqual(lines, [f"vitrum: {message}"])
        self.assertEqual(done.stdout, "")
        self.assertEqual(set(os.listdir(self.folder.name)) - before, set(leaves))

    def scalars(self, result):
        text = self.vitrum("show", result, "--json").stdout
        return json.loads(text)

    def write_h5(self, name, data, dataset="entry/data/data", **options):
        with h5py.File(self.path(name), "w") as file:
            file.create_dataset(dataset, data=data, **options)
        return name

    def write_npy(self, name, data):
        np.save(self.path(name), data)
        return name


def needs(name):
    """Skips a test when a file of measured data is absent."""
    return unittest.skipUnless((DATA / name).exists(), f"{name} is not here")


main = unittest.main
