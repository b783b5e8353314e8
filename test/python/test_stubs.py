"""Type stubs: those of the commands say what the table says, and mypy takes them."""
import pathlib
import subprocess
import sys
import unittest

import vitrum

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Stubs(unittest.TestCase):
    def test_they_say_what_the_table_says(self):
        done = subprocess.run([sys.executable, ROOT / "tools/stubs.py", "--check"], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_mypy_takes_them(self):
        package = pathlib.Path(vitrum.__file__).parent
        done = subprocess.run(["mypy", "--strict", "--no-error-summary", "--cache-dir=/dev/null", package / "_result.py", ROOT / "test/python/typed_use.py"],
                              capture_output=True, text=True, env={"MYPYPATH": str(package.parent), "PATH": "/usr/bin:/bin"})
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)


if __name__ == "__main__":
    unittest.main()
