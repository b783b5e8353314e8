"""Every command that the documentation shows is one that the program takes, and Python there compiles."""
import os
import pathlib
import re
import shlex
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
VITRUM = os.environ["VITRUM"]
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))]
WRONG_USE = 2
OTHERS = {"--preset", "--bind-to", "--mca"}  # of cmake and mpirun


def blocks(language):
    for page in PAGES:
        for match in re.finditer(rf"^```{language}\n(.*?)^```", page.read_text(), re.S | re.M):
            yield page, match[1]


def shown():
    """Pages with the words of each command; those of other programs, or in pipes and loops, are not looked at."""
    for page, text in blocks("sh"):
        for line in text.replace("\\\n", " ").splitlines():
            if line.startswith("vitrum ") and "|" not in line and "$" not in line:
                yield page, shlex.split(line.split(" > ")[0], comments=True)[1:]


def expanded(words):
    """What the shell makes of a pattern: here as many files as there are probe sizes."""
    sizes = words[words.index("--probe-size") + 1].split(",") if "--probe-size" in words else ["1"]
    for word in words:
        yield from [word.replace("*", size) for size in sizes] if "*" in word else [word]


def has_dry_run(words):
    names = [word for word in words[:2] if re.fullmatch(r"[a-z][a-z0-9-]*", word)]
    for count in (2, 1):
        done = subprocess.run([VITRUM, *names[:count], "--help"], capture_output=True, text=True)
        if done.returncode == 0:
            return "--dry-run" in done.stdout
    return False


class Shown(unittest.TestCase):
    def test_commands_are_taken(self):
        """In an empty folder: inputs are missing (1), but nothing is misused (2). Nothing is computed."""
        number = 0
        with tempfile.TemporaryDirectory(prefix="vitrum_docs_") as folder:
            for page, words in shown():
                words = list(expanded(words))
                if words[0] == "view":  # would serve
                    words = ["view", "nothing.h5", *(w for w in words[1:] if w.startswith("--"))] if len(words) == 2 else ["view", "nothing.h5", *words[2:]]
                elif words[0] == "demo":
                    words = ["demo", "--help"]
                elif words[0] == "live":  # would wait for frames
                    words = [*words, "--wait", "0.2"]
                elif has_dry_run(words):
                    words = [*words, "--dry-run"]
                with self.subTest(page=page.name, command=shlex.join(words)):
                    done = subprocess.run([VITRUM, *words], capture_output=True, text=True, cwd=folder, timeout=60)
                    self.assertNotEqual(done.returncode, WRONG_USE, done.stderr)
                    self.assertIn(done.returncode, (0, 1), done.stderr)
                number += 1
        self.assertGreater(number, 40)

    def test_python_compiles(self):
        number = 0
        for page, text in blocks("python"):
            with self.subTest(page=page.name):
                compile(text, str(page), "exec")
            number += 1
        self.assertGreater(number, 0)

    def test_flags_in_sentences_exist(self):
        """`--flag` in the text of a page is a flag of some command."""
        known = set(re.findall(r"--[a-z][a-z0-9-]*", "".join(page.read_text() for page in ROOT.glob("docs/commands/*.md"))))
        generated = re.compile(r"^```.*?^```", re.S | re.M)
        for page in PAGES:
            if page.parent.name == "commands":
                continue
            for flag in re.findall(r"`(--[a-z][a-z0-9-]*)", generated.sub("", page.read_text())):
                with self.subTest(page=page.name, flag=flag):
                    self.assertTrue(flag in known or flag in OTHERS, f"{flag} is no flag of a command")


if __name__ == "__main__":
    unittest.main()
