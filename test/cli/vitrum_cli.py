"""What the tests of the command line share: running vitrum in a folder of its own."""
import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import h5py
import numpy as np

VITRUM = os.environ["VITRUM"]
DATA = pathlib.Path(os.environ.get("VITRUM_SHARED_DATA", "/nonexistent"))
LAYOUT = pathlib.Path(__file__).resolve().parents[2] / "docs/file-layout.md"


def layout():
    """What docs/file-layout.md says: [(parts of the path of a group, names in it, whether it is also laid out as fits are)], each name a pattern."""
    sections = [([], "")]
    for line in LAYOUT.read_text().split("```text")[1].split("```")[0].splitlines():
        head = re.match(r"  (?! )(\S+/)(?=\s|$)", line)
        if head:
            sections.append((head.group(1).strip("/").split("/"), line[head.end():]))
        else:
            sections[-1] = (sections[-1][0], sections[-1][1] + " " + line)
    pattern = lambda word: re.compile(re.sub("<[^<>]+>", r"[\\w-]+", re.escape(word)))
    words = lambda text: [pattern(w) for w in re.findall(r"[\w<>-]+", text) if not re.fullmatch("<.*>", w)]
    return [([pattern(part) for part in head], words(text), "as fit/<model>" in text) for head, text in sections]


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

    def assert_documented(self, *results):
        """Every array of the results stands in docs/file-layout.md."""
        sections = layout()

        def known(parts):
            fits = [s for s in sections if len(s[0]) < len(parts) and all(a.fullmatch(b) for a, b in zip(s[0], parts))]
            longest = max(len(head) for head, *_ in fits)
            names = [name for head, words, _ in fits if len(head) == longest for name in words]
            found = all(part.isdigit() or any(n.fullmatch(re.sub("(?<=.)_errors$", "", part)) for n in names) for part in parts[longest:])
            as_fits = any(len(head) == longest and as_fit and known(["fit", "kww", *parts[longest:]]) for head, _, as_fit in fits)
            return found or as_fits or (len(parts) > 1 and longest == 1 and known(parts[1:]))  # what is kept of another result

        missing = set()
        for result in results:
            with h5py.File(self.path(result)) as file:
                file["entry"].visititems(lambda name, item: missing.add(name) if isinstance(item, h5py.Dataset) and not known(name.split("/")) else None)
        self.maxDiff = None
        self.assertEqual(sorted(missing), [], "not in docs/file-layout.md")

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
